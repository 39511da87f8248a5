package operator

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"
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

// Table writes rows as JSON if asked for, else their cells below a header, whose
// columns are separated by tabs.
func Table[T any](o Output, w io.Writer, rows []T, header string, cells func(T) []any) error {
	return o.Print(w, rows, func(w io.Writer) {
		tabs := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tabs, header)
		for _, r := range rows {
			texts := []string{}
			for _, cell := range cells(r) {
				texts = append(texts, Printable(fmt.Sprint(cell)))
			}
			fmt.Fprintln(tabs, strings.Join(texts, "\t"))
		}
		tabs.Flush() //nolint:errcheck // a terminal that went away
	})
}

// Stamp is a time as tables show it: of this machine's zone, which it names.
func Stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05Z07:00") }

// Readable is a body as people read it: JSON indented, other text line by line,
// anything else as hexadecimal digits.
func Readable(body []byte) string {
	var text bytes.Buffer
	switch {
	case json.Indent(&text, body, "", "  ") == nil:
	case utf8.Valid(body):
		text = *bytes.NewBuffer(body)
	default:
		return hex.Dump(body)
	}
	lines := strings.Split(text.String(), "\n")
	for i, line := range lines {
		lines[i] = Printable(line)
	}
	return strings.Join(lines, "\n")
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
