package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
)

// print writes facts as JSON if asked for, else the way text says.
func (o output) print(w io.Writer, facts any, text func(io.Writer)) error {
	if !o.JSON {
		text(w)
		return nil
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(facts)
}

// columns aligns rows whose cells are separated by tabs.
func columns(w io.Writer, header string, rows func(row func(cells ...any))) {
	tabs := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tabs, header)
	rows(func(cells ...any) {
		texts := make([]string, len(cells))
		for i, cell := range cells {
			texts[i] = printable(fmt.Sprint(cell))
		}
		fmt.Fprintln(tabs, strings.Join(texts, "\t"))
	})
	tabs.Flush() //nolint:errcheck // a terminal that went away
}

// printable keeps control characters of foreign names away from the terminal.
func printable(text string) string {
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
