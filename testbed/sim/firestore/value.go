package firestore

import (
	"cmp"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"strconv"
	"strings"

	"github.com/webhook-functions/template/testbed/sim/answer"
)

// value is a field's. Kinds are in the order in which Firestore sorts values.
type value struct {
	kind   kind
	number int64
	text   string // of a string, a reference, and the bytes of bytes
}

type kind byte

const (
	unset kind = iota
	integer
	text
	octets
	reference
)

var kinds = map[string]kind{"integerValue": integer, "stringValue": text, "bytesValue": octets, "referenceValue": reference}

// compare orders values of all kinds; texts and bytes by their bytes.
func (v value) compare(w value) int {
	return cmp.Or(cmp.Compare(v.kind, w.kind), cmp.Compare(v.number, w.number), strings.Compare(v.text, w.text))
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (v *value) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if err := begin(d); err != nil {
		return err
	}
	if d.PeekKind() == '}' {
		return invalid("Cannot convert firestore.v1.Value with type unset.")
	}
	member, err := readText(d)
	if err != nil {
		return err
	}
	if v.kind = kinds[member]; v.kind == unset {
		return unknown("values of type %s", member)
	}
	if err := v.read(d); err != nil {
		return err
	}
	if d.PeekKind() == '"' {
		return invalid("a value of two types")
	}
	_, err = d.ReadToken()
	return err
}

func (v *value) read(d *jsontext.Decoder) error {
	content, err := readText(d)
	if err != nil {
		return err
	}
	switch v.kind {
	case integer:
		if v.number, err = strconv.ParseInt(content, 10, 64); err != nil {
			return invalid("Invalid value at 'integer_value' (TYPE_INT64)")
		}
	case octets:
		decoded, err := base64.StdEncoding.DecodeString(content)
		if err != nil {
			return invalid("Invalid value at 'bytes_value' (TYPE_BYTES)")
		}
		v.text = string(decoded)
	default:
		v.text = content
	}
	return nil
}

func begin(d *jsontext.Decoder) error {
	token, err := d.ReadToken()
	if err == nil && token.Kind() != '{' {
		err = unknown("%v in place of an object", token.Kind())
	}
	return err
}

func readText(d *jsontext.Decoder) (string, error) {
	token, err := d.ReadToken()
	if err == nil && token.Kind() != '"' {
		return "", unknown("%v in place of a text", token.Kind())
	}
	return token.String(), err
}

// decode takes no member of a request that in has not.
func decode(body []byte, in any) error {
	return json.Unmarshal(body, in, json.RejectUnknownMembers(true))
}

func appendValue(body []byte, v value) []byte {
	switch v.kind {
	case integer:
		body = strconv.AppendInt(append(body, `{"integerValue":"`...), v.number, 10)
		return append(body, `"}`...)
	case octets:
		body = base64.StdEncoding.AppendEncode(append(body, `{"bytesValue":"`...), []byte(v.text))
		return append(body, `"}`...)
	}
	return append(answer.AppendText(append(body, `{"stringValue":`...), v.text), '}')
}
