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
	kind     kind
	begin    byte    // what a value begins with, see the function; 0: anything
	problem  string  // of a value that begins otherwise
	takeNull bool    // null is read, too
	elem     *shape  // of a slice, map or pointer
	fields   []field // of a struct
	all      uint64  // the fields, as bits
	required uint64  // those that must be there
}

type kind int

const (
	aString kind = iota
	aNumber
	aBool
	anInt
	aStruct
	aSlice
	aMap
	aPointer
	aRaw
	itself
)

type field struct {
	name     string
	index    []int
	shape    *shape
	ruled    bool // something depends on its value
	required bool
	nonempty bool
}

// field gives the place of the field with the key, -1 if there is none. Keys
// mostly come in the order of the fields, so it begins to look at place hint.
func (s *shape) field(key []byte, hint int) int {
	for i := hint; i < len(s.fields); i++ {
		if s.fields[i].name == string(key) {
			return i
		}
	}
	for i := range hint {
		if s.fields[i].name == string(key) {
			return i
		}
	}
	return -1
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

// build makes the shape of t. It remembers those under way: a type may contain
// itself.
func build(t reflect.Type, known map[reflect.Type]*shape) *shape {
	if s, ok := known[t]; ok {
		return s
	}
	s := &shape{}
	known[t] = s
	switch k := t.Kind(); {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[Unmarshaler]()):
		*s = shape{kind: itself, takeNull: true}
	case t == reflect.TypeFor[Raw]():
		*s = shape{kind: aRaw, takeNull: true}
	case t == reflect.TypeFor[Number]():
		*s = shape{kind: aNumber, begin: '0', problem: "is not a number"}
	case k == reflect.String:
		*s = shape{kind: aString, begin: '"', problem: "is not a string"}
	case k == reflect.Bool:
		*s = shape{kind: aBool, begin: 't', problem: "is not true or false"}
	case k == reflect.Int || k == reflect.Int64:
		*s = shape{kind: anInt, begin: '0', problem: "is not an integer"}
	case k == reflect.Slice:
		*s = shape{kind: aSlice, begin: '[', problem: "is not an array", elem: build(t.Elem(), known)}
	case k == reflect.Map && t.Key().Kind() == reflect.String:
		*s = shape{kind: aMap, begin: '{', problem: "is not an object", elem: build(t.Elem(), known)}
	case k == reflect.Pointer:
		*s = shape{kind: aPointer, elem: build(t.Elem(), known)}
	case k == reflect.Struct:
		*s = shape{kind: aStruct, begin: '{', problem: "is not an object"}
		s.addFields(t, nil, known)
	default:
		panic(fmt.Sprintf("strict: cannot read JSON into %v", t))
	}
	return s
}

// addFields lists the tagged fields, those of embedded structs included.
func (s *shape) addFields(t reflect.Type, outer []int, known map[reflect.Type]*shape) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clip(outer), i)
		tag, tagged := f.Tag.Lookup("json")
		switch {
		case !tagged && f.Anonymous && f.Type.Kind() == reflect.Struct:
			s.addFields(f.Type, index, known)
		case !tagged && f.Anonymous && f.Type.Kind() == reflect.Pointer:
			panic(fmt.Sprintf("strict: %v embeds a pointer, which cannot be read", t))
		case tagged && tag != "-":
			s.addField(f, tag, index, known)
		}
	}
}

func (s *shape) addField(f reflect.StructField, tag string, index []int, known map[reflect.Type]*shape) {
	name, _, _ := strings.Cut(tag, ",") // what follows is encoding/json's, for writing
	if name == "" || !f.IsExported() || s.field([]byte(name), 0) >= 0 || len(s.fields) == 64 {
		panic(fmt.Sprintf("strict: field %s needs an upper-case name and a key of its own, and 63 others at most", f.Name))
	}
	made := field{name: name, index: index, shape: build(f.Type, known)}
	made.setRule(f.Tag.Get("strict"), f.Type)
	bit := uint64(1) << len(s.fields)
	s.all |= bit
	if made.required {
		s.required |= bit
	}
	s.fields = append(s.fields, made)
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
