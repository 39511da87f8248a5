package signature

import (
	"errors"
	"slices"
	"strings"
)

// source is where a part of what is signed comes from. Each file adds its own to sources:
// a fork can be made without the file.
type source struct {
	isNamed bool // a name follows it: "header:N"
	isLoose bool // the sender chose its length: characters can be moved to what is next to it
	isBody  bool // every byte of the body is in it
	isURL   bool // it depends on the public address
	// read gives the text of a source and how often the delivery has it. It is nil for
	// the body and for the items of a list, which are read elsewhere.
	read func(r *Keyring, p *part, q Request, address string) (text string, n int)
}

var (
	bodySource   = &source{isBody: true}
	fieldSource  = &source{isNamed: true, isLoose: true}
	headerSource = &source{isNamed: true, isLoose: true, read: func(_ *Keyring, p *part, q Request, _ string) (string, int) {
		return p.header.of(q.Header)
	}}
)

// sources by their names in a template, up to the colon that stands before a name.
var sources = map[string]*source{"body": bodySource, "field:": fieldSource, "header:": headerSource}

// part is a literal text or a source of a template.
type part struct {
	from   *source // nil for a literal
	name   string  // "header:N" has the name N; the text of a literal
	header field
	isTime bool
	isLast bool
	isID   bool
	mark   byte // beside a source; its value must not hold it. 0: none
	before byte // likewise, in front of a source that stands behind the body
}

func (p *part) isLoose() bool { return p.from != nil && p.from.isLoose }

type template []part

// maxParts bounds the sources of a template: their values live on the stack.
const maxParts = 16

// parseSource reads "header:N" or "body".
func parseSource(text string) (p part, known bool) {
	i := strings.IndexByte(text, ':') + 1
	if i == 0 {
		i = len(text)
	}
	p = part{from: sources[text[:i]], name: text[i:], header: newField(text[i:])}
	return p, p.from != nil && p.from.isNamed == (p.name != "") && (p.from != headerSource || isToken(p.name))
}

// parse cuts the template into its parts.
func (s Scheme) parse() (template, error) {
	if m := methods[s.Algorithm]; m != nil && m.isAlone {
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
		p, known := parseSource(source)
		if !closed || !known {
			return nil, errors.New("signed names an unknown source, or {timestamp} or {id} without the item time or id")
		}
		p.isTime, p.isID = sameSource(source, s.Time.From), sameSource(source, s.ID)
		t = append(t, p)
		rest = after
	}
	if len(t) > maxParts {
		return nil, errors.New("signed has too many parts")
	}
	t.mark()
	return t, nil
}

// mark notes beside each source the literal's character next to it.
func (t template) mark() {
	behind := false
	for i := range t {
		if behind && t[i].from != nil && t[i-1].from == nil && !t[i].isTime {
			t[i].before = t[i-1].name[len(t[i-1].name)-1]
		}
		behind = behind || t[i].from != nil && !t[i].from.isLoose
		if i+1 < len(t) && t[i].from != nil && t[i+1].from == nil && !t[i].isTime {
			t[i].mark = t[i+1].name[0]
		}
	}
	if len(t) > 0 {
		t[len(t)-1].isLast = true
	}
	if n := len(t) - 1; n > 0 && t[n-1].from == nil && !t[n].isTime {
		t[n].mark = t[n-1].name[len(t[n-1].name)-1]
	}
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

// sameSource compares sources; the name of a header is the same in any case.
func sameSource(a, b string) bool {
	return a == b || strings.HasPrefix(a, "header:") && strings.HasPrefix(b, "header:") && strings.EqualFold(a, b)
}

// any says whether a source of the template is of a kind.
func (t template) any(is func(*source) bool) bool {
	return slices.ContainsFunc(t, func(p part) bool { return p.from != nil && is(p.from) })
}

// covers says whether a source is in the template.
func (t template) covers(source part) bool {
	return slices.ContainsFunc(t, func(p part) bool {
		return p.from == source.from && (p.name == source.name || p.from == headerSource && strings.EqualFold(p.name, source.name))
	})
}

func (t template) needsURL() bool { return t.any(func(s *source) bool { return s.isURL }) }
