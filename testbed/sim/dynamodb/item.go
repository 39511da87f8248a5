package dynamodb

import (
	"cmp"
	"encoding/base64"
	"encoding/json/jsontext"
	"slices"
	"strconv"
	"strings"

	"github.com/webhook-functions/template/testbed/sim/answer"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// value is one attribute's: of type 'S', 'N' or 'B'.
type value struct {
	kind   byte
	text   string // of S, the bytes of B
	number int64
}

type attribute struct {
	name string
	value
}

// item is sorted by name and never changed; nil is none.
type item []attribute

func (i item) find(name string) (at int, found bool) {
	return slices.BinarySearchFunc(i, name, func(a attribute, name string) int { return strings.Compare(a.name, name) })
}

// get gives a value of kind 0 for an attribute that is not there.
func (i item) get(name string) value {
	if at, ok := i.find(name); ok {
		return i[at].value
	}
	return value{}
}

// set changes i: of a clone only.
func (i *item) set(name string, v value) {
	at, ok := i.find(name)
	if ok {
		(*i)[at].value = v
		return
	}
	*i = slices.Insert(*i, at, attribute{name, v})
}

// compare orders values of one kind: texts and bytes by their bytes.
func (v value) compare(w value) int {
	return cmp.Or(cmp.Compare(v.number, w.number), strings.Compare(v.text, w.text))
}

// size in bytes, as DynamoDB counts: of names and values, a number's by its digits.
func (i item) size() (n int) {
	for _, a := range i {
		n += len(a.name) + len(a.text)
		if a.kind == 'N' {
			n += numberSize(a.number)
		}
	}
	return n
}

func numberSize(n int64) int {
	digits, negative := strings.CutPrefix(strings.TrimRight(strconv.FormatInt(n, 10), "0"), "-")
	size := 1 + (len(digits)+1)/2
	if negative {
		size++
	}
	return size
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (i *item) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if err := begin(d, '{'); err != nil {
		return err
	}
	*i = make(item, 0, 12)
	for d.PeekKind() == '"' {
		a, err := readAttribute(d)
		if err != nil {
			return err
		}
		*i = append(*i, a)
	}
	if !slices.IsSortedFunc(*i, byName) {
		slices.SortFunc(*i, byName)
	}
	_, err := d.ReadToken()
	return err
}

func byName(a, b attribute) int { return strings.Compare(a.name, b.name) }

func begin(d *jsontext.Decoder, kind jsontext.Kind) error {
	token, err := d.ReadToken()
	if err == nil && token.Kind() != kind {
		err = unknown("%s in the place of an object", token.Kind())
	}
	return err
}

func readAttribute(d *jsontext.Decoder) (a attribute, err error) {
	if a.name, err = readText(d); err != nil {
		return a, err
	}
	if err = begin(d, '{'); err != nil {
		return a, err
	}
	if d.PeekKind() == '}' {
		return a, invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	}
	a.value, err = readValue(d)
	if err == nil && d.PeekKind() != '}' {
		err = invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	if err == nil {
		_, err = d.ReadToken()
	}
	return a, err
}

func readValue(d *jsontext.Decoder) (v value, err error) {
	kind, err := readText(d)
	if err != nil {
		return v, err
	}
	text, err := readText(d)
	if err != nil {
		return v, err
	}
	switch kind {
	case "S":
		return value{kind: 'S', text: text}, nil
	case "N":
		n, err := parseNumber(text)
		return value{kind: 'N', number: n}, err
	case "B":
		bytes, err := base64.StdEncoding.DecodeString(text)
		return value{kind: 'B', text: string(bytes)}, err
	}
	return v, unknown("attributes of type %s", kind)
}

func readText(d *jsontext.Decoder) (string, error) {
	token, err := d.ReadToken()
	if err != nil {
		return "", err
	}
	if token.Kind() != '"' {
		return "", unknown("%s in the place of a text", token.Kind())
	}
	return token.String(), nil
}

func appendItem(body []byte, i item) []byte {
	body = append(body, '{')
	for n, a := range i {
		if n > 0 {
			body = append(body, ',')
		}
		body = answer.AppendText(body, a.name)
		body = append(body, `:{"`...)
		body = append(body, a.kind, '"', ':')
		body = append(appendValue(body, a.value), '}')
	}
	return append(body, '}')
}

func appendValue(body []byte, v value) []byte {
	switch v.kind {
	case 'N':
		body = append(body, '"')
		body = strconv.AppendInt(body, v.number, 10)
		return append(body, '"')
	case 'B':
		body = append(body, '"')
		body = base64.StdEncoding.AppendEncode(body, []byte(v.text))
		return append(body, '"')
	}
	return answer.AppendText(body, v.text)
}

// stored gives the item in plain values.
func (i item) stored() stored.Item {
	if i == nil {
		return nil
	}
	plain := make(stored.Item, len(i))
	for _, a := range i {
		switch a.kind {
		case 'S':
			plain[a.name] = a.text
		case 'N':
			plain[a.name] = a.number
		case 'B':
			plain[a.name] = []byte(a.text)
		}
	}
	return plain
}
