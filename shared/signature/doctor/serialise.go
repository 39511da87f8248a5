package doctor

import (
	"bytes"
	"cmp"
	"encoding/json/jsontext"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// node is a JSON value that keeps its texts as they came.
type node struct {
	kind  jsontext.Kind
	raw   string // of a text, a number or a word
	names []string
	items []node
}

// parse reads one JSON value, of which doubled names are kept.
func parse(body []byte) (node, bool) {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	n, err := read(dec)
	return n, err == nil && len(bytes.TrimSpace(body[dec.InputOffset():])) == 0 && len(n.items) > 0
}

func read(dec *jsontext.Decoder) (n node, err error) {
	switch n.kind = dec.PeekKind(); n.kind {
	case '{', '[':
		if _, err = dec.ReadToken(); err != nil {
			return n, err
		}
		for dec.PeekKind() != '}' && dec.PeekKind() != ']' {
			if n.kind == '{' {
				name, err := dec.ReadValue()
				if err != nil {
					return n, err
				}
				n.names = append(n.names, string(name))
			}
			item, err := read(dec)
			if err != nil {
				return n, err
			}
			n.items = append(n.items, item)
		}
		_, err = dec.ReadToken()
	default:
		var raw jsontext.Value
		raw, err = dec.ReadValue()
		n.raw = string(raw)
	}
	return n, err
}

// spacing is the white space of a writer.
type spacing struct {
	said         string
	comma, colon string
	indent, end  string // with an indent, end is what ends a line
	cost         int
}

var spacings = []spacing{
	{said: "without white space, as JSON.stringify writes it", comma: ",", colon: ":", cost: 1},
	{said: "with a blank behind each comma and colon, as Python's json.dumps writes it", comma: ", ", colon: ": ", cost: 1},
	{said: "indented by 2 blanks", comma: ",", colon: ": ", indent: "  ", end: "\n", cost: 1},
	{said: "indented by 4 blanks", comma: ",", colon: ": ", indent: "    ", end: "\n", cost: 1},
	{said: "indented by tabs", comma: ",", colon: ": ", indent: "\t", end: "\n", cost: 1},
	{said: "with a blank behind each colon", comma: ",", colon: ": ", cost: 2},
	{said: "with a blank behind each comma", comma: ", ", colon: ":", cost: 2},
	{said: "indented by 1 blank", comma: ",", colon: ": ", indent: " ", end: "\n", cost: 2},
	{said: "indented by 3 blanks", comma: ",", colon: ": ", indent: "   ", end: "\n", cost: 2},
	{said: "indented by 8 blanks", comma: ",", colon: ": ", indent: "        ", end: "\n", cost: 2},
	{said: "indented by 2 blanks, lines ended by CR LF", comma: ",", colon: ": ", indent: "  ", end: "\r\n", cost: 2},
	{said: "indented by 4 blanks, lines ended by CR LF", comma: ",", colon: ": ", indent: "    ", end: "\r\n", cost: 2},
	{said: "indented by 2 blanks, with a blank before and behind each colon", comma: ",", colon: " : ", indent: "  ", end: "\n", cost: 2},
}

// escaping is how a writer writes texts. Digits of escapes are small or capital.
type escaping struct {
	said      string
	keep      bool
	ascii     bool   // other characters are escaped
	capital   bool   // the digits of escapes
	slash     bool   // "/" is escaped by a backslash
	also      string // further characters that are escaped by number
	separator bool   // U+2028 and U+2029 are escaped
	cost      int
}

var escapings = []escaping{
	{keep: true},
	{said: "no character escaped that need not be, as JSON.stringify does"},
	{said: "characters other than ASCII escaped as \\u, as Python's json.dumps does", ascii: true},
	{said: "slashes and characters other than ASCII escaped, as PHP's json_encode does", ascii: true, slash: true},
	{said: "slashes escaped", slash: true},
	{said: "<, > and & escaped, as Go's and Ruby on Rails' writers do", also: "<>&", separator: true},
	{said: "<, >, &, = and ' escaped, as Gson does", also: "<>&='", separator: true, cost: 1},
	{said: "characters other than ASCII escaped as \\u with capital digits", ascii: true, capital: true, cost: 1},
	{said: "characters other than ASCII, quotes, <, >, &, + and ' escaped, as System.Text.Json does", ascii: true, capital: true, also: "<>&'+`\"\x7f", cost: 1},
	{said: "slashes and characters other than ASCII escaped with capital digits", ascii: true, capital: true, slash: true, cost: 1},
	{said: "<, >, & and characters other than ASCII escaped", ascii: true, also: "<>&", cost: 1},
}

// write appends a text in this way.
func (e *escaping) write(out []byte, raw string) []byte {
	if e.keep {
		return append(out, raw...)
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return append(out, raw...)
	}
	out = append(out, '"')
	for _, r := range string(text) {
		short := strings.IndexRune("\"\\\b\f\n\r\t", r)
		switch {
		case strings.ContainsRune(e.also, r), e.ascii && r >= utf8.RuneSelf, e.separator && (r == '\u2028' || r == '\u2029'):
			for _, unit := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, map[bool]string{false: `\u%04x`, true: `\u%04X`}[e.capital], unit)
			}
		case short >= 0:
			out = append(out, '\\', `"\bfnrt`[short])
		case r == '/' && e.slash:
			out = append(out, `\/`...)
		case r < ' ':
			out = fmt.Appendf(out, map[bool]string{false: `\u%04x`, true: `\u%04X`}[e.capital], r)
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}

// ordering is the order of an object's members.
type ordering struct {
	said string
	less func(a, b string) int
	cost int
}

var orderings = []ordering{
	{},
	{said: "members sorted by name", less: strings.Compare},
	{said: "members sorted by the length of their names, as PostgreSQL's jsonb does", less: func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) }, cost: 1},
	{said: "members whose names are numbers first, as JavaScript does", cost: 1, less: func(a, b string) int {
		i, errA := strconv.ParseUint(a, 10, 32)
		j, errB := strconv.ParseUint(b, 10, 32)
		if errA == nil && errB == nil {
			return cmp.Compare(i, j)
		}
		return b2i(errA != nil) - b2i(errB != nil)
	}},
}

// numbering is how a writer writes numbers.
type numbering struct {
	said  string
	write func(raw string) string
	cost  int
}

var numberings = []numbering{
	{write: func(raw string) string { return raw }},
	{said: "numbers as JavaScript writes them", cost: 1, write: func(raw string) string {
		f, err := strconv.ParseFloat(raw, 64)
		if err != nil {
			return raw
		}
		if a := max(f, -f); a != 0 && (a < 1e-6 || a >= 1e21) {
			return regexp.MustCompile(`e([+-])0`).ReplaceAllString(strconv.FormatFloat(f, 'e', -1, 64), "e$1")
		}
		return strings.TrimPrefix(strconv.FormatFloat(f, 'f', -1, 64), map[bool]string{true: "-"}[f == 0])
	}},
	{said: "numbers as Python writes them", cost: 1, write: func(raw string) string {
		f, err := strconv.ParseFloat(raw, 64)
		if err != nil || !strings.ContainsAny(raw, ".eE") {
			return raw
		}
		text := strconv.FormatFloat(f, 'f', -1, 64)
		if a := max(f, -f); a != 0 && (a < 1e-4 || a >= 1e16) {
			return strconv.FormatFloat(f, 'e', -1, 64)
		}
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	}},
	{said: "whole numbers with .0", cost: 1, write: func(raw string) string {
		if strings.ContainsAny(raw, ".eE") {
			return raw
		}
		return raw + ".0"
	}},
}

// writer writes a JSON value.
type writer struct {
	spacing
	*escaping
	*ordering
	*numbering
	withoutNull bool
}

func (w *writer) append(out []byte, n node, depth int) []byte {
	switch n.kind {
	case '{', '[':
	case '"':
		return w.escaping.write(out, n.raw)
	case '0':
		return append(out, w.numbering.write(n.raw)...)
	default:
		return append(out, n.raw...)
	}
	closing := byte(n.kind) + 2 // "}" behind "{", "]" behind "["
	out = append(out, byte(n.kind))
	line := func(depth int) {
		if w.indent != "" {
			out = append(append(out, w.end...), strings.Repeat(w.indent, depth)...)
		}
	}
	written := 0
	for _, i := range w.order(n) {
		if w.withoutNull && n.kind == '{' && n.items[i].kind == 'n' {
			continue
		}
		if written++; written > 1 {
			out = append(out, w.comma...)
		}
		line(depth + 1)
		if n.kind == '{' {
			out = append(w.escaping.write(out, n.names[i]), w.colon...)
		}
		out = w.append(out, n.items[i], depth+1)
	}
	if written > 0 {
		line(depth)
	}
	return append(out, closing)
}

// order gives the indexes of a value's items in the order they are written.
func (w *writer) order(n node) []int {
	all := make([]int, len(n.items))
	names := make([]string, len(n.items))
	for i := range all {
		all[i] = i
		if n.kind == '{' && w.less != nil {
			name, _ := jsontext.AppendUnquote(nil, n.names[i]) // of a value that was read
			names[i] = string(name)
		}
	}
	if n.kind == '{' && w.less != nil {
		slices.SortStableFunc(all, func(i, j int) int { return w.less(names[i], names[j]) })
	}
	return all
}

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// largeBody is the size in bytes from which on fewer ways to write a body are tried.
const largeBody = 32 << 10

// serialised adds what writers of JSON make of a body. First they are tried without
// white space: where two write the same, one is kept.
func serialised(all *options[[]byte], body []byte, cost int, causes []Cause) {
	n, ok := parse(bytes.TrimPrefix(body, []byte(bom)))
	if !ok {
		return
	}
	limit := maxCost
	if len(body) > largeBody {
		limit--
	}
	plain := writer{spacings[0], &escapings[0], &orderings[0], &numberings[0], false}
	seen := map[string]bool{}
	for _, w := range plain.others(n) {
		base := cost + w.escaping.cost + w.ordering.cost + w.numbering.cost + b2i(w.withoutNull)
		if base >= limit {
			continue
		}
		if compact := string(w.append(nil, n, 0)); seen[compact] {
			continue
		} else {
			seen[compact] = true
		}
		for _, s := range spacings {
			if base+s.cost > limit {
				continue
			}
			w.spacing = s
			signed := w.append(make([]byte, 0, 2*len(body)), n, 0)
			said := []string{s.said, w.ordering.said, w.escaping.said, w.numbering.said, map[bool]string{true: "members that are null left out"}[w.withoutNull]}
			all.add(string(signed), signed, base+s.cost, with(causes, serialisedAs(said...))...)
			if base+s.cost < limit {
				signed = join(signed, "\n")
				all.add(string(signed), signed, base+s.cost+1, with(causes, serialisedAs(append(said, "a newline at the end")...))...)
			}
		}
		if e := w.escaping; !e.keep && w.ordering == plain.ordering && w.numbering == plain.numbering && !w.withoutNull {
			inPlace := quoted.ReplaceAllFunc(body, func(text []byte) []byte { return e.write(nil, string(text)) })
			all.add(string(inPlace), inPlace, cost+1+e.cost, with(causes, serialisedAs(e.said))...)
		}
	}
}

// others combines the ways to write that each change something of a value by themselves.
func (w *writer) others(n node) (all []writer) {
	compact := string(w.append(nil, n, 0))
	changes := func(other writer) bool { return string(other.append(nil, n, 0)) != compact }
	escaped, ordered, numbered, nulls := []*escaping{w.escaping}, []*ordering{w.ordering}, []*numbering{w.numbering}, []bool{false}
	for i := range escapings[1:] {
		if other := (writer{w.spacing, &escapings[1+i], w.ordering, w.numbering, false}); changes(other) {
			escaped = append(escaped, other.escaping)
		}
	}
	for i := range orderings[1:] {
		if other := (writer{w.spacing, w.escaping, &orderings[1+i], w.numbering, false}); changes(other) {
			ordered = append(ordered, other.ordering)
		}
	}
	for i := range numberings[1:] {
		if other := (writer{w.spacing, w.escaping, w.ordering, &numberings[1+i], false}); changes(other) {
			numbered = append(numbered, other.numbering)
		}
	}
	if changes(writer{w.spacing, w.escaping, w.ordering, w.numbering, true}) {
		nulls = append(nulls, true)
	}
	for _, e := range escaped {
		for _, o := range ordered {
			for _, m := range numbered {
				for _, null := range nulls {
					all = append(all, writer{w.spacing, e, o, m, null})
				}
			}
		}
	}
	return all
}

func serialisedAs(said ...string) Cause {
	said = slices.DeleteFunc(slices.Clone(said), func(s string) bool { return s == "" })
	return Cause{"body-json", "The body was serialised again. The signature covers the same values, written so: " + strings.Join(said, "; ") + "."}
}
