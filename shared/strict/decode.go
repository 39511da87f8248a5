package strict

import (
	"bytes"
	"errors"
	"reflect"
	"strconv"
	"strings"
)

// decoder reads valid text into Go values. A value that does not fit is noted and
// skipped, and the rest read on.
type decoder struct {
	cursor
	root     int              // where the document begins
	path     [MaxDepth]string // names of the fields we are inside of
	level    int              // how many those are
	mismatch *Error           // the first one
	drift    func(what string)
	optional bool // nothing depends on the field we are inside of
	reports  int
}

// unknown reports a key that no field reads.
func (d *decoder) unknown(key []byte) {
	if d.drift == nil {
		return
	}
	name := "?"
	if isName(key) {
		name = string(key)
	}
	d.report(d.inside(name))
}

func (d *decoder) report(what string) {
	if d.reports < maxReports {
		d.reports++
		d.drift(what)
	}
}

func isName(key []byte) bool {
	for _, c := range key {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_') {
			return false
		}
	}
	return 0 < len(key) && len(key) <= 40 && (key[0] < '0' || '9' < key[0]) // a telephone number is no name
}

// inside gives the path of what is called name here, of the value itself if that
// is empty.
func (d *decoder) inside(name string) string {
	return strings.Trim(strings.Join(append(d.path[:d.level:d.level], name), "."), ".")
}

// note records that the value at offset does not fit.
func (d *decoder) note(offset int, problem, name string) {
	switch {
	case d.optional:
		d.report(d.inside(name) + " " + problem)
	case d.mismatch == nil:
		d.mismatch = &Error{Path: d.inside(name), Problem: problem, Offset: offset}
	}
}

func (d *decoder) value(v reflect.Value, s *shape, required bool) {
	c := d.next()
	switch {
	case c == 'n' && required:
		d.note(d.pos, "is null", "")
		d.skip()
	case c == 'n' && !s.takeNull:
		d.skip()
	case s.begin != 0 && s.begin != begin(c):
		d.note(d.pos, s.problem, "")
		d.skip()
	default:
		d.read(v, s)
	}
}

// begin is what the first bytes of one kind of value have in common.
func begin(c byte) byte {
	switch {
	case c == '-' || '0' <= c && c <= '9':
		return '0'
	case c == 'f':
		return 't'
	}
	return c
}

// read reads a value that begins as one of the shape does.
func (d *decoder) read(v reflect.Value, s *shape) {
	switch s.kind {
	case aString:
		v.SetString(string(d.string()))
	case aNumber:
		v.SetString(string(d.scalar()))
	case aBool:
		v.SetBool(d.scalar()[0] == 't')
	case anInt:
		d.readInt(v)
	case aStruct:
		d.readStruct(v, s)
	case aSlice:
		d.readSlice(v, s)
	case aMap:
		d.readMap(v, s)
	case aPointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(v.Elem(), s.elem, false)
	case aRaw:
		if raw := d.raw(); string(raw) != "null" {
			v.SetBytes(bytes.Clone(raw))
		}
	case itself:
		d.readItself(v)
	}
}

// readInt takes integers as such: 30.0 and 3e1 are for Number.
func (d *decoder) readInt(v reflect.Value) {
	start := d.pos
	token := d.scalar()
	n, err := strconv.ParseInt(string(token), 10, v.Type().Bits())
	switch {
	case err == nil:
		v.SetInt(n)
	case bytes.ContainsAny(token, ".eE"):
		d.note(start, "is not an integer", "")
	default:
		d.note(start, "is out of range", "")
	}
}

func (d *decoder) readStruct(v reflect.Value, s *shape) {
	start := d.pos
	var seen uint64
	due := 0
	for d.pos++; d.next() != '}'; {
		key := d.string()
		i := s.field(key, due)
		if i < 0 {
			d.unknown(key)
			d.next()
			d.skip()
			continue
		}
		due = i + 1
		seen |= 1 << i
		d.field(v, &s.fields[i])
		if seen == s.all && start == d.root && d.drift == nil {
			return // what follows is valid and not read
		}
	}
	d.pos++
	if missing := s.required &^ seen; missing != 0 {
		for i := range s.fields {
			if missing&(1<<i) != 0 {
				d.note(start, "is missing", s.fields[i].name)
			}
		}
	}
}

func (d *decoder) field(v reflect.Value, f *field) {
	d.next()
	start := d.pos
	d.path[d.level] = f.name
	d.level++
	outer := d.optional
	d.optional = outer || !f.ruled && d.drift != nil
	target := v.FieldByIndex(f.index)
	d.value(target, f.shape, f.required)
	if f.nonempty && target.Len() == 0 {
		d.note(start, "is empty", "")
	}
	d.optional = outer
	d.level--
}

func (d *decoder) readMap(v reflect.Value, s *shape) {
	v.Set(reflect.MakeMap(v.Type()))
	for d.pos++; d.next() != '}'; {
		key := reflect.ValueOf(string(d.string())).Convert(v.Type().Key())
		elem := reflect.New(v.Type().Elem()).Elem()
		d.value(elem, s.elem, false)
		v.SetMapIndex(key, elem)
	}
	d.pos++
}

func (d *decoder) readSlice(v reflect.Value, s *shape) {
	d.pos++
	if d.next() == ']' {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0)) // empty, not nil
	}
	for n := 0; d.next() != ']'; n++ {
		v.Grow(1)
		v.SetLen(n + 1)
		d.value(v.Index(n), s.elem, false)
	}
	d.pos++
}

func (d *decoder) readItself(v reflect.Value) {
	start := d.pos
	err := v.Addr().Interface().(Unmarshaler).UnmarshalStrict(d.raw())
	switch inner, ok := errors.AsType[*Error](err); {
	case ok:
		d.note(start+inner.Offset, inner.Problem, inner.Path)
	case err != nil:
		d.note(start, err.Error(), "")
	}
}
