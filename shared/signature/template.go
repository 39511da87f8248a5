package signature

import (
	"errors"
	"slices"
	"strings"
)

// kind says where a part of what is signed comes from.
type kind int

const (
	fromLiteral kind = iota
	fromBody
	fromHeader
	fromField
	fromJSON
	fromQuery
	fromClaim
	fromMethod
	fromURL
	fromURLNoQuery
	fromPath
	fromWholeQuery
	fromParams
	fromParamsAmp
	fromPlivo
	fromBodyMD5
	fromBodySHA256
	fromBodyRaw
)

// named sources stand before a colon and a name; whole ones alone.
var (
	named = map[string]kind{"header": fromHeader, "field": fromField, "json": fromJSON, "query": fromQuery}
	whole = map[string]kind{
		"body": fromBody, "method": fromMethod, "url": fromURL, "url-noquery": fromURLNoQuery, "path": fromPath,
		"query": fromWholeQuery, "params": fromParams, "params-amp": fromParamsAmp, "plivo": fromPlivo,
		"body-md5": fromBodyMD5, "body-sha256": fromBodySHA256, "body-sha256-raw": fromBodyRaw,
	}
)

// part is a literal text or a source of a template.
type part struct {
	kind   kind
	name   string // of a source; the text of a literal
	header field
	isTime bool
	isID   bool
	mark   byte // beside a source; its value must not hold it. 0: none
}

type template []part

// maxParts bounds the sources of a template: their values live on the stack.
const maxParts = 16

// parseSource reads "header:N" or "body".
func parseSource(text string) (kind, string, bool) {
	before, name, isNamed := strings.Cut(text, ":")
	if !isNamed {
		k, known := whole[text]
		return k, "", known
	}
	k, known := named[before]
	return k, name, known && name != "" && (k != fromHeader || isToken(name))
}

// parse cuts the template into its parts.
func (s Scheme) parse() (template, error) {
	if s.Algorithm == Static || s.isToken() {
		return nil, nil
	}
	var t template
	for rest := s.signed(); rest != ""; {
		literal, after, isSource := strings.Cut(rest, "{")
		if literal != "" {
			t = append(t, part{name: literal})
		}
		if !isSource {
			break
		}
		text, after, closed := strings.Cut(after, "}")
		source := s.alias(text)
		k, name, known := parseSource(source)
		if !closed || !known {
			return nil, errors.New("signed names an unknown source")
		}
		t = append(t, part{kind: k, name: name, header: newField(name), isTime: sameSource(source, s.Time.From), isID: sameSource(source, s.ID)})
		rest = after
	}
	if len(t) > maxParts {
		return nil, errors.New("signed has too many parts")
	}
	for i := range t {
		if i+1 < len(t) && t[i].kind != fromLiteral && t[i+1].kind == fromLiteral && !t[i].isTime {
			t[i].mark = t[i+1].name[0]
		}
	}
	if n := len(t) - 1; n > 0 && t[n-1].kind == fromLiteral && !t[n].isTime {
		t[n].mark = t[n-1].name[len(t[n-1].name)-1]
	}
	return t, nil
}

func (s Scheme) signed() string {
	if s.Signed == "" {
		return "{body}"
	}
	return strings.ReplaceAll(s.Signed, "{lf}", "\n") // a setting holds no line's end
}

// alias gives the source that {timestamp} and {id} stand for.
func (s Scheme) alias(source string) string {
	switch source {
	case "timestamp":
		return s.Time.From
	case "id":
		return s.ID
	}
	return source
}

// has says whether a source is in the template; name "" is any.
func (t template) has(k kind, name string) bool {
	return slices.ContainsFunc(t, func(p part) bool { return p.kind == k && (name == "" || p.name == name) })
}

// covers says whether a source, as text, is in the template.
func (t template) covers(source string) bool {
	k, name, known := parseSource(source)
	return known && slices.ContainsFunc(t, func(p part) bool {
		return p.kind == k && (p.name == name || k == fromHeader && strings.EqualFold(p.name, name))
	})
}

// sameSource compares sources; the name of a header is the same in any case.
func sameSource(a, b string) bool {
	return a == b || strings.HasPrefix(a, "header:") && strings.HasPrefix(b, "header:") && strings.EqualFold(a, b)
}

func (t template) needsURL() bool {
	return t.has(fromURL, "") || t.has(fromURLNoQuery, "") || t.has(fromPath, "") || t.has(fromPlivo, "")
}
