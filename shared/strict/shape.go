package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// shape is how to read one Go type: worked out once, then shared.
type shape struct {
	read     func(*decoder, reflect.Value, *shape) error
	takeNull bool    // read wants to see null, too
	elem     *shape  // of a slice, map or pointer
	fields   []field // of a struct
}

type field struct {
	name     string
	index    []int
	shape    *shape
	ruled    bool // something depends on its value
	required bool
	nonempty bool
}

var shapes sync.Map // reflect.Type → *shape

func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := build(t, map[reflect.Type]*shape{})
	shapes.Store(t, s)
	return s
}

var (
	numberType      = reflect.TypeFor[Number]()
	rawType         = reflect.TypeFor[Raw]()
	unmarshalerType = reflect.TypeFor[Unmarshaler]()
)

// build makes the shape of t. It remembers those under way: a type may contain
// itself.
func build(t reflect.Type, known map[reflect.Type]*shape) *shape {
	if s, ok := known[t]; ok {
		return s
	}
	s := &shape{}
	known[t] = s
	switch kind := t.Kind(); {
	case reflect.PointerTo(t).Implements(unmarshalerType):
		s.read, s.takeNull = (*decoder).readItself, true
	case t == rawType:
		s.read, s.takeNull = (*decoder).readRaw, true
	case t == numberType:
		s.read = (*decoder).readNumber
	case kind == reflect.String:
		s.read = (*decoder).readString
	case kind == reflect.Bool:
		s.read = (*decoder).readBool
	case kind == reflect.Int || kind == reflect.Int64:
		s.read = (*decoder).readInt
	case kind == reflect.Slice:
		s.read, s.elem = (*decoder).readSlice, build(t.Elem(), known)
	case kind == reflect.Map && t.Key().Kind() == reflect.String:
		s.read, s.elem = (*decoder).readMap, build(t.Elem(), known)
	case kind == reflect.Pointer:
		s.read, s.elem = (*decoder).readPointer, build(t.Elem(), known)
	case kind == reflect.Struct:
		s.read, s.fields = (*decoder).readStruct, buildFields(t, known)
	default:
		panic(fmt.Sprintf("strict: cannot read JSON into %v", t))
	}
	return s
}

// buildFields lists the tagged fields, those of embedded structs included.
func buildFields(t reflect.Type, known map[reflect.Type]*shape) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		tag, tagged := f.Tag.Lookup("json")
		switch {
		case !tagged && f.Anonymous && f.Type.Kind() == reflect.Pointer:
			panic(fmt.Sprintf("strict: %v embeds a pointer, which cannot be read", t))
		case !tagged || tag == "-" || insideTagged(t, f.Index):
			continue
		}
		name, _, _ := strings.Cut(tag, ",") // what follows is encoding/json's, for writing
		if name == "" || !f.IsExported() || slices.ContainsFunc(fields, func(g field) bool { return g.name == name }) {
			panic(fmt.Sprintf("strict: field %s of %v needs an upper-case name and a key of its own", f.Name, t))
		}
		made := field{name: name, index: f.Index, shape: build(f.Type, known)}
		made.setRule(f.Tag.Get("strict"), f.Type)
		fields = append(fields, made)
	}
	return fields
}

// insideTagged says that the field belongs to an embedded struct with a tag of
// its own, which is a value under that key and read as such.
func insideTagged(t reflect.Type, index []int) bool {
	for i := 1; i < len(index); i++ {
		if t.FieldByIndex(index[:i]).Tag.Get("json") != "" {
			return true
		}
	}
	return false
}

// setRule refuses a word it does not know: a typing error would otherwise make a
// required field optional.
func (f *field) setRule(rule string, t reflect.Type) {
	f.ruled = rule != ""
	switch rule {
	case "", "typed":
	case "required":
		f.required = true
	case "nonempty":
		if t.Kind() != reflect.String {
			panic(fmt.Sprintf("strict: %s is nonempty and not a string", f.name))
		}
		f.required, f.nonempty = true, true
	default:
		panic(fmt.Sprintf("strict: %s has the unknown rule %s", f.name, rule))
	}
}
