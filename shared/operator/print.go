package operator

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
)

// Output is embedded by commands that print facts.
type Output struct {
	JSON bool `name:"json" help:"Print JSON for other programs."`
}

// Print writes facts as JSON if asked for, else the way text says.
func (o Output) Print(w io.Writer, facts any, text func(io.Writer)) error {
	if !o.JSON {
		text(w)
		return nil
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(facts)
}

// Columns aligns rows whose cells are separated by tabs.
func Columns(w io.Writer, header string, rows func(row func(cells ...any))) {
	tabs := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tabs, header)
	rows(func(cells ...any) {
		texts := make([]string, len(cells))
		for i, cell := range cells {
			texts[i] = Printable(fmt.Sprint(cell))
		}
		fmt.Fprintln(tabs, strings.Join(texts, "\t"))
	})
	tabs.Flush() //nolint:errcheck // a terminal that went away
}

// Printable keeps control characters of foreign names away from the terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\x1f' {
			return '/'
		}
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
