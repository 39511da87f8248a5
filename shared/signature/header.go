package signature

import (
	"net/textproto"
	"strings"
)

// Header holds header fields. A front writes all names in one way, canonical or in lower
// case, so that no name is there in two: look them up with [Header.Values] only.
type Header map[string][]string

// Values gives every value of the named field, in any case. EqualFold also folds
// U+212A to k; the length check excludes it.
func (h Header) Values(name string) []string {
	var all []string
	for key, values := range h {
		if len(key) == len(name) && strings.EqualFold(key, name) {
			all = append(all, values...)
		}
	}
	return all
}

// field is the name of a header field in the two spellings of the fronts.
type field struct{ name, canonical, lower string }

func newField(name string) field {
	return field{name, textproto.CanonicalMIMEHeaderKey(name), strings.ToLower(name)}
}

// of gives the value of a field and how many values it has, without an allocation for
// the spellings of the fronts.
func (f *field) of(h Header) (value string, n int) {
	values, found := h[f.canonical]
	if !found {
		values, found = h[f.lower]
	}
	if !found {
		values = h.Values(f.name)
	}
	if len(values) != 1 {
		return "", len(values)
	}
	return trim(values[0]), 1
}

// trim takes spaces and tabs off both ends.
func trim(text string) string {
	for text != "" && (text[0] == ' ' || text[0] == '\t') {
		text = text[1:]
	}
	for text != "" && (text[len(text)-1] == ' ' || text[len(text)-1] == '\t') {
		text = text[:len(text)-1]
	}
	return text
}
