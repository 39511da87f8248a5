package firestore

import (
	"encoding/json/jsontext"
	"slices"
	"strings"

	"github.com/webhook-functions/template/testbed/sim/answer"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

const (
	maxDocument = 1 << 20    // bytes
	maxValue    = 1<<20 - 89 // bytes of a value
	maxField    = 1500       // bytes of a field's name
	overhead    = 32         // bytes of a document beside its name and fields
)

// document is one as it is stored.
type document struct {
	name             name
	fields           fields
	created, updated int64       // Unix microseconds
	item             stored.Item // made when it is asked for
}

// fields are sorted by name and never changed.
type fields []field

type field struct {
	name string
	value
}

func (f fields) find(name string) (at int, found bool) {
	return slices.BinarySearchFunc(f, name, func(f field, name string) int { return strings.Compare(f.name, name) })
}

// get gives an unset value for a field that is not there.
func (f fields) get(name string) value {
	if at, ok := f.find(name); ok {
		return f[at].value
	}
	return value{}
}

// set changes f, a clone; an unset value deletes the field.
func (f *fields) set(name string, v value) {
	at, there := f.find(name)
	switch {
	case v.kind == unset && there:
		*f = slices.Delete(*f, at, at+1)
	case v.kind != unset && there:
		(*f)[at].value = v
	case v.kind != unset:
		*f = slices.Insert(*f, at, field{name, v})
	}
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (f *fields) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if err := begin(d); err != nil {
		return err
	}
	*f = make(fields, 0, 12)
	for d.PeekKind() == '"' {
		name, err := readText(d)
		if err != nil {
			return err
		}
		var v value
		if err := v.UnmarshalJSONFrom(d); err != nil {
			return err
		}
		f.set(name, v)
	}
	_, err := d.ReadToken()
	return err
}

// check refuses fields that no document can have.
func (f fields) check() error {
	for _, field := range f {
		switch {
		case field.name == "" || isReserved(field.name) || len(field.name) > maxField:
			return invalid("field name %q is invalid or reserved", field.name)
		case field.kind == reference:
			return unknown("references in documents")
		case len(field.text) > maxValue:
			return invalid("The value of property %q is longer than %d bytes.", field.name, maxValue)
		}
	}
	return nil
}

// size in bytes, as Firestore counts.
func (d *document) size() int {
	n := d.name.size() + overhead
	for _, f := range d.fields {
		n += len(f.name) + 1 + len(f.text)
		switch f.kind {
		case integer:
			n += 8
		case text:
			n++
		}
	}
	return n
}

// asItem tells of a document in plain values.
func (d *document) asItem() stored.Item {
	if d == nil {
		return nil
	}
	if d.item == nil {
		d.item = make(stored.Item, len(d.fields))
		for _, f := range d.fields {
			d.item[f.name] = f.plain()
		}
	}
	return d.item
}

func (v value) plain() any {
	switch v.kind {
	case integer:
		return v.number
	case octets:
		return []byte(v.text)
	}
	return v.text
}

func appendDocument(body []byte, d *document) []byte {
	body = answer.AppendText(append(body, `{"name":`...), d.name.String())
	for i, f := range d.fields {
		before := `,`
		if i == 0 {
			before = `,"fields":{`
		}
		body = append(answer.AppendText(append(body, before...), f.name), ':')
		body = appendValue(body, f.value)
	}
	if len(d.fields) > 0 {
		body = append(body, '}')
	}
	body = append(append(body, `,"createTime":"`...), timestamp(d.created)...)
	body = append(append(body, `","updateTime":"`...), timestamp(d.updated)...)
	return append(body, `"}`...)
}
