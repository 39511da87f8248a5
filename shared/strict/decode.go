package strict

import (
	"bytes"
	"errors"
	"reflect"
	"strconv"
	"strings"
)

// decoder reads values into Go values. Its methods return an error only where
// the text is not JSON. A value of another shape is noted, skipped and the rest
// read on: whether a document is JSON must not depend on what we expected of it.
type decoder struct {
	scanner
	path     []string // names of the fields we are inside of
	mismatch *Error   // the first one
	drift    func(what string)
	optional int // fields we are inside of that nothing depends on
	reports  int
}

// unknown reports a key that no field reads.
func (d *decoder) unknown(key []byte) {
	name := "?"
	if isName(key) {
		name = string(key)
	}
	d.report(strings.Join(append(d.path, name), "."))
}

func (d *decoder) report(what string) {
	if d.drift != nil && d.reports < maxReports {
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

// note records that the value at offset does not fit.
func (d *decoder) note(offset int, problem string, names ...string) {
	path := strings.Join(append(d.path, names...), ".")
	switch {
	case d.optional > 0:
		d.report(path + " " + problem)
	case d.mismatch == nil:
		d.mismatch = &Error{Path: path, Problem: problem, Offset: offset}
	}
}

// misfit notes the value that comes next and skips it.
func (d *decoder) misfit(problem string) error {
	d.note(d.pos, problem)
	return d.skip()
}

// document reads the one value and the white space around it.
func (d *decoder) document(v reflect.Value, s *shape) error {
	d.space()
	if err := d.value(v, s, !s.takeNull); err != nil {
		return err
	}
	d.space()
	if d.pos < len(d.data) {
		return d.fail("more than one value")
	}
	return nil
}

func (d *decoder) value(v reflect.Value, s *shape, required bool) error {
	null := d.peek() == 'n'
	switch {
	case null && required:
		return d.misfit("is null")
	case null && !s.takeNull:
		return d.literal("null")
	}
	return s.read(d, v, s)
}

func (d *decoder) readStruct(v reflect.Value, s *shape) error {
	if d.peek() != '{' {
		return d.misfit("is not an object")
	}
	start := d.pos
	var keys keySet
	err := d.object(&keys, func(key []byte) error {
		for i := range s.fields {
			if f := &s.fields[i]; f.name == string(key) {
				return d.field(v, f)
			}
		}
		d.unknown(key)
		return d.skip()
	})
	for i := range s.fields {
		if f := &s.fields[i]; f.required && !keys.has([]byte(f.name)) {
			d.note(start, "is missing", f.name)
		}
	}
	return err
}

func (d *decoder) field(v reflect.Value, f *field) error {
	start := d.pos
	d.path = append(d.path, f.name)
	if !f.ruled && d.drift != nil {
		d.optional++
	}
	target := v.FieldByIndex(f.index)
	err := d.value(target, f.shape, f.required)
	if f.nonempty && target.Len() == 0 {
		d.note(start, "is empty")
	}
	if !f.ruled && d.drift != nil {
		d.optional--
	}
	d.path = d.path[:len(d.path)-1]
	return err
}

func (d *decoder) readMap(v reflect.Value, s *shape) error {
	if d.peek() != '{' {
		return d.misfit("is not an object")
	}
	v.Set(reflect.MakeMap(v.Type()))
	var keys keySet
	return d.object(&keys, func(key []byte) error {
		name := reflect.ValueOf(string(key)).Convert(v.Type().Key())
		elem := reflect.New(v.Type().Elem()).Elem()
		err := d.value(elem, s.elem, false)
		v.SetMapIndex(name, elem)
		return err
	})
}

func (d *decoder) readSlice(v reflect.Value, s *shape) error {
	if d.peek() != '[' {
		return d.misfit("is not an array")
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	return d.list(func() error {
		n := v.Len()
		v.Grow(1)
		v.SetLen(n + 1)
		return d.value(v.Index(n), s.elem, false)
	})
}

func (d *decoder) readPointer(v reflect.Value, s *shape) error {
	v.Set(reflect.New(v.Type().Elem()))
	return s.elem.read(d, v.Elem(), s.elem)
}

func (d *decoder) readString(v reflect.Value, _ *shape) error {
	if d.peek() != '"' {
		return d.misfit("is not a string")
	}
	raw, err := d.text()
	v.SetString(string(unescape(raw)))
	return err
}

func (d *decoder) readBool(v reflect.Value, _ *shape) error {
	c := d.peek()
	if c != 't' && c != 'f' {
		return d.misfit("is not true or false")
	}
	v.SetBool(c == 't')
	return d.skip()
}

func (d *decoder) readNumber(v reflect.Value, _ *shape) error {
	if !d.atNumber() {
		return d.misfit("is not a number")
	}
	token, err := d.number()
	v.SetString(string(token))
	return err
}

// readInt takes integers as such: 30.0 and 3e1 are for Number.
func (d *decoder) readInt(v reflect.Value, _ *shape) error {
	start := d.pos
	if !d.atNumber() {
		return d.misfit("is not an integer")
	}
	token, err := d.number()
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(string(token), 10, v.Type().Bits())
	switch {
	case bytes.ContainsAny(token, ".eE"):
		d.note(start, "is not an integer")
	case err != nil:
		d.note(start, "is out of range")
	default:
		v.SetInt(n)
	}
	return nil
}

func (d *decoder) atNumber() bool {
	c := d.peek()
	return c == '-' || '0' <= c && c <= '9'
}

func (d *decoder) readRaw(v reflect.Value, _ *shape) error {
	raw, err := d.raw()
	if err == nil && string(raw) != "null" {
		v.SetBytes(bytes.Clone(raw))
	}
	return err
}

func (d *decoder) readItself(v reflect.Value, _ *shape) error {
	start := d.pos
	raw, err := d.raw()
	if err != nil {
		return err
	}
	err = v.Addr().Interface().(Unmarshaler).UnmarshalStrict(raw)
	switch inner, _ := errors.AsType[*Error](err); {
	case inner != nil && inner.Path != "":
		d.note(start+inner.Offset, inner.Problem, inner.Path)
	case inner != nil:
		d.note(start+inner.Offset, inner.Problem)
	case err != nil:
		d.note(start, err.Error())
	}
	return nil
}

// raw checks a value and gives its bytes.
func (d *decoder) raw() ([]byte, error) {
	start := d.pos
	err := d.skip()
	return d.data[start:d.pos], err
}
