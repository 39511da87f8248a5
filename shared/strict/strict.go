// Package strict reads JSON so that two readers of the same bytes can never
// disagree about what they mean, and money without rounding.
//
// The grammar is jsontext's, so a duplicate key at any level, invalid UTF-8 and a
// lone surrogate are refused, also in values that no field reads. [Unmarshal] adds
// what encoding/json/v2 has no option for:
//
//   - nesting is at most [MaxDepth];
//   - null, a missing key or a value of another type is an error where the
//     struct says that it matters, and only there;
//   - a number is a token or an integer, never rounded;
//   - no error quotes the input, which may hold personal data.
//
// A struct says what it needs in its tags. Fields without a json tag are left
// alone, keys without a field are checked and skipped:
//
//	type Usage struct {
//		Type  string        `json:"type" strict:"nonempty"`  // present, a string, not ""
//		Value strict.Number `json:"value" strict:"required"` // present, not null
//		Human string        `json:"human" strict:"typed"`    // absent and null are ""
//		Title string        `json:"title"`          // likewise; see UnmarshalReporting
//		Extra strict.Raw    `json:"metadata"`       // kept as sent
//	}
//
// Fields may be string, bool, int, int64, [Number], [Raw], slices, maps with
// string keys, pointers (nil for absent and null), structs, embedded structs and
// anything that is an [Unmarshaler]. There is no float: a [Number] is the token
// as it was sent, and [Number.Decimal] is its exact value.
package strict

import (
	"reflect"
	"strconv"
	"strings"
)

// Unmarshal reads exactly one JSON value into v, a pointer. A failure is always
// an [*Error]. If data is JSON of another shape, v still holds everything that
// could be read; if data is not JSON, v is zero.
//
// It panics if v is not a pointer or points to a type it cannot read: that is a
// mistake in the program, found on the first call with any input.
func Unmarshal(data []byte, v any) error { return Parse(data).Unmarshal(v) }

// Document is data that is checked once and may be read several times.
type Document struct {
	data []byte
	err  error
}

// Parse checks data and keeps it: do not change it. Every Unmarshal returns what
// is wrong with it.
func Parse(data []byte) Document { return Document{data, check(data)} }

// Unmarshal is like the function [Unmarshal].
func (doc Document) Unmarshal(v any) error { return doc.UnmarshalReporting(v, nil) }

// maxReports bounds how many differences of one document are reported: more say
// no more.
const maxReports = 16

// UnmarshalReporting is Unmarshal for documents of others: a difference in what
// nothing depends on must not cost the document. A field without a rule in its
// tag takes any value; one of another type than the field's is skipped. A field
// with a rule is read as by Unmarshal, and so are its own fields with a rule.
//
// What is skipped is reported through drift, by our own names of the fields it is
// inside of: a key that no field reads, or "?" for one that is not
// [A-Za-z0-9_]{1,40} and so might be data, and a value that does not fit, with
// the problem. A field that is [Raw] or reads itself hides what is in it.
func (doc Document) UnmarshalReporting(v any, drift func(what string)) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		panic("strict: Unmarshal needs a pointer")
	}
	target = target.Elem()
	target.SetZero()
	s := shapeOf(target.Type())
	if doc.err != nil {
		return doc.err
	}
	d := decoder{cursor: cursor{data: doc.data}, drift: drift}
	d.next()
	d.root = d.pos
	d.value(target, s, !s.takeNull)
	if d.mismatch != nil {
		return d.mismatch
	}
	return nil
}

// Error says what is wrong with a document and where, never with its words.
type Error struct {
	Path    string // our own names of the fields, "payload.value"; empty for the document itself
	Problem string // a fact: "is missing", "is not a string", "not JSON: duplicate key"
	Offset  int    // of the byte that cannot stand, or of the value that does not fit
}

// NotJSON tells a document that is not JSON, by the rules of this package, from
// one that is JSON of another shape.
func (e *Error) NotJSON() bool { return e.Path == "" && strings.HasPrefix(e.Problem, refused) }

func (e *Error) Error() string {
	switch {
	case e.NotJSON():
		return e.Problem + " at byte " + strconv.Itoa(e.Offset)
	case e.Path == "":
		return "the document " + e.Problem
	default:
		return e.Path + " " + e.Problem
	}
}

// Unmarshaler is implemented, on the pointer, by a type that reads its value
// itself, for example because it may be a string or an object. raw is valid JSON
// without white space around it and is only lent: do not keep or change it. null
// is passed too, unless the field is required. The path of an [*Error] is
// completed by the caller's; the text of any other error becomes the Problem.
type Unmarshaler interface {
	UnmarshalStrict(raw []byte) error
}

// Number is a JSON number exactly as it was written, "" if there was none.
type Number string

// Decimal gives the number's exact value.
func (n Number) Decimal() (Decimal, error) { return ParseDecimal(string(n)) }

// MarshalJSON writes the number as it was read: a number, not a string.
func (n Number) MarshalJSON() ([]byte, error) { return Raw(n).MarshalJSON() }

// Raw is one JSON value, checked like everything else and otherwise kept byte
// for byte. It is a copy, and nil if the value was absent or null.
type Raw []byte

// MarshalJSON writes the value as it was read.
func (r Raw) MarshalJSON() ([]byte, error) {
	if len(r) == 0 {
		return []byte("null"), nil
	}
	return r, nil
}
