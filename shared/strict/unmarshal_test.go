package strict_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/strict"
)

// event has the shape of a usage event, the one that costs money.
type event struct {
	Type    string `json:"type" strict:"nonempty"`
	Payload usage  `json:"payload" strict:"required"`
}

type usage struct {
	ID       string        `json:"id"`
	Type     string        `json:"type"`
	Value    strict.Number `json:"value" strict:"required"`
	Human    string        `json:"human"`
	Metadata strict.Raw    `json:"metadata"`
}

// Rows are named after the bad-input catalogue where they are one of its cases.
// An empty err is a document that is accepted.
var events = []struct{ name, body, err string }{
	{"the smallest event", `{"type":"t","payload":{"value":30}}`, ""},
	{"white space everywhere", " \t\r\n{ \"type\" : \"t\" , \"payload\" :\n{ \"value\" : 30 } } \n", ""},
	{"empty", "", "not JSON: ends too early at byte 0"},
	{"white space only", " \n", "not JSON: ends too early at byte 2"},
	{"B107 text", `not json`, "not JSON: no value begins like this at byte 0"},
	{"B108 only a brace", `{`, "not JSON: ends too early at byte 1"},
	{"B108 cut in a string", `{"ty`, "not JSON: ends too early at byte 4"},
	{"B108 cut in a number", `{"type":-`, "not JSON: ends too early at byte 9"},
	{"B108 cut in an escape", `{"type":"\u00`, "not JSON: invalid escape at byte 9"},
	{"B108 cut before the end", `{"type":"t","payload":{"value":30}`, "not JSON: ends too early at byte 34"},
	{"B109 array", `[]`, "the document is not an object"},
	{"B109 string", `"x"`, "the document is not an object"},
	{"B109 number", `1`, "the document is not an object"},
	{"B109 true", `true`, "the document is not an object"},
	{"B110 null", `null`, "the document is null"},
	{"B111 empty object", `{}`, "type is missing"},
	{"B113 byte order mark", "\xef\xbb\xbf" + `{"type":"t","payload":{"value":30}}`, "not JSON: no value begins like this at byte 0"},
	{"B114 comment", `{/**/"type":"t"}`, "not JSON: key expected at byte 1"},
	{"B114 single quotes", `{'type':'t'}`, "not JSON: key expected at byte 1"},
	{"B114 unquoted key", `{type:"t"}`, "not JSON: key expected at byte 1"},
	{"B114 trailing comma in an object", `{"type":"t",}`, "not JSON: key expected at byte 12"},
	{"B114 trailing comma in an array", `{"x":[1,]}`, "not JSON: no value begins like this at byte 8"},
	{"no comma", `{"x":1 "y":2}`, "not JSON: comma or end of object expected at byte 7"},
	{"no comma in an array", `{"x":[1 2]}`, "not JSON: comma or end of array expected at byte 8"},
	{"no colon", `{"x" 1}`, "not JSON: colon expected at byte 5"},
	{"vertical tab is no white space", "\v{}", "not JSON: no value begins like this at byte 0"},
	{"no-break space is no white space", "\u00a0{}", "not JSON: no value begins like this at byte 0"},
	{"a second value", `{"type":"t","payload":{"value":30}} {}`, "not JSON: more than one value at byte 36"},
	{"NUL behind the value", `{"type":"t","payload":{"value":30}}` + "\x00", "not JSON: more than one value at byte 35"},
	{"B115 NaN", `{"value":NaN}`, "not JSON: no value begins like this at byte 9"},
	{"B115 Infinity", `{"value":Infinity}`, "not JSON: no value begins like this at byte 9"},
	{"B115 -Infinity", `{"value":-Infinity}`, "not JSON: digit expected at byte 10"},
	{"B116 duplicate type", `{"type":"t","type":"t"}`, "not JSON: duplicate key at byte 12"},
	{"B116 duplicate type, one of them escaped", `{"type":"t","\u0074ype":"u"}`, "not JSON: duplicate key at byte 12"},
	{"B117 duplicate payload", `{"type":"t","payload":{"value":30},"payload":{"value":30}}`, "not JSON: duplicate key at byte 35"},
	{"B118 duplicate value", `{"type":"t","payload":{"value":1,"value":1000000}}`, "not JSON: duplicate key at byte 33"},
	{"B119 duplicate human_id", `{"type":"t","payload":{"value":1,"human_id":"a","human_id":"b"}}`, "not JSON: duplicate key at byte 48"},
	{"duplicate key in a value nobody reads", `{"x":[{"a":1,"a":1}]}`, "not JSON: duplicate key at byte 13"},
	{"duplicate key in a raw value", `{"payload":{"metadata":{"a":1,"a":1}}}`, "not JSON: duplicate key at byte 30"},
	{"duplicate empty key", `{"":1,"":1}`, "not JSON: duplicate key at byte 6"},
	{"the same key in two objects", `{"type":"t","payload":{"value":1,"x":{"a":1},"y":{"a":1}}}`, ""},
	{"an escaped key is the same key", `{"\u0074ype":"t","payl\u006fad":{"value":30}}`, ""},
	{"B121 keys in other case", `{"Type":"t","PAYLOAD":{"Value":30}}`, "type is missing"},
	{"B121 nested key in other case", `{"type":"t","payload":{"Value":30}}`, "payload.value is missing"},
	{"B122 right key and a twin in other case", `{"TYPE":"x","type":"t","Type":"y","payload":{"value":30}}`, ""},
	{"B123 long s and Kelvin sign", `{"type":"u` + "\u017f" + `age.tracked","` + "\u212a" + `":1,"payload":{"value":30}}`, ""},
	{"B127 unknown fields", `{"a":[{},[],null,true,false,-1.5e+3,""],"type":"t","payload":{"value":30,"z":{"y":{}}}}`, ""},
	{"broken value under an unknown key", `{"a":tru,"type":"t","payload":{"value":30}}`, "not JSON: no value begins like this at byte 5"},
	{"B130 invalid UTF-8", "{\"type\":\"\xff\"}", "not JSON: invalid UTF-8 at byte 9"},
	{"B130 invalid UTF-8 in a key", "{\"\xff\":1}", "not JSON: invalid UTF-8 at byte 2"},
	{"B130 overlong slash", "{\"type\":\"\xc0\xaf\"}", "not JSON: invalid UTF-8 at byte 9"},
	{"B130 surrogate in UTF-8", "{\"type\":\"\xed\xa0\x80\"}", "not JSON: invalid UTF-8 at byte 9"},
	{"invalid UTF-8 in a value nobody reads", "{\"x\":\"a\xe9\"}", "not JSON: invalid UTF-8 at byte 7"},
	{"U+FFFD as such", `{"type":"` + "\ufffd" + `","payload":{"value":30}}`, ""},
	{"lone high surrogate", `{"type":"\ud800"}`, "not JSON: lone surrogate at byte 9"},
	{"lone low surrogate", `{"type":"\udc00"}`, "not JSON: lone surrogate at byte 9"},
	{"high surrogate twice", `{"type":"\ud83d\ud83d\ude00"}`, "not JSON: lone surrogate at byte 9"},
	{"lone surrogate in a key", `{"\udc00":1}`, "not JSON: lone surrogate at byte 2"},
	{"unknown escape", `{"type":"\x41"}`, "not JSON: invalid escape at byte 9"},
	{"unknown escape, digits of a surrogate", `{"type":"\xd800"}`, "not JSON: invalid escape at byte 9"},
	{"escape with a sign", `{"type":"\u+041"}`, "not JSON: invalid escape at byte 9"},
	{"B131 newline in a string", "{\"type\":\"a\nb\"}", "not JSON: control character in a string at byte 10"},
	{"B131 NUL in a string", "{\"type\":\"a\x00b\"}", "not JSON: control character in a string at byte 10"},
	{"B131 the last control character", "{\"type\":\"\x1f\"}", "not JSON: control character in a string at byte 9"},
	{"DEL is no control character to JSON", "{\"type\":\"\x7f\",\"payload\":{\"value\":30}}", ""},
	{"B132 noncharacters", `{"type":"` + "\ufffe\uffff\U0001fffe" + `","payload":{"value":30}}`, ""},
	{"B133 separators, emoji, right-to-left", `{"type":"` + "\u2028\u2029\U0001f600\u202e" + `","payload":{"value":30}}`, ""},
	{"B134 names that mean something elsewhere", `{"__proto__":{},"constructor":1,"$ref":"#","type":"t","payload":{"value":30}}`, ""},
	{"B135 payload missing", `{"type":"t"}`, "payload is missing"},
	{"B135 payload null", `{"type":"t","payload":null}`, "payload is null"},
	{"B135 payload array", `{"type":"t","payload":[]}`, "payload is not an object"},
	{"B135 payload string", `{"type":"t","payload":"{\"value\":30}"}`, "payload is not an object"},
	{"B136 type null", `{"type":null,"payload":{"value":30}}`, "type is null"},
	{"B136 type number", `{"type":1,"payload":{"value":30}}`, "type is not a string"},
	{"B136 type object", `{"type":{},"payload":{"value":30}}`, "type is not a string"},
	{"B137 type empty", `{"type":"","payload":{"value":30}}`, "type is empty"},
	{"B165 value string", `{"type":"t","payload":{"value":"30"}}`, "payload.value is not a number"},
	{"B166 value null", `{"type":"t","payload":{"value":null}}`, "payload.value is null"},
	{"B166 value true", `{"type":"t","payload":{"value":true}}`, "payload.value is not a number"},
	{"B166 value array", `{"type":"t","payload":{"value":[30]}}`, "payload.value is not a number"},
	{"B166 value object", `{"type":"t","payload":{"value":{"$numberLong":"30"}}}`, "payload.value is not a number"},
	{"B167 value missing", `{"type":"t","payload":{}}`, "payload.value is missing"},
	{"B168 hexadecimal", `{"value":0x1E}`, "not JSON: comma or end of object expected at byte 10"},
	{"B168 leading zero", `{"value":030}`, "not JSON: comma or end of object expected at byte 10"},
	{"B168 plus", `{"value":+30}`, "not JSON: no value begins like this at byte 9"},
	{"B168 no digit before the point", `{"value":.5}`, "not JSON: no value begins like this at byte 9"},
	{"B168 no digit behind the point", `{"value":5.}`, "not JSON: digit expected at byte 11"},
	{"B168 no digit in the exponent", `{"value":5e+}`, "not JSON: digit expected at byte 12"},
	{"B168 underscore", `{"value":1_000}`, "not JSON: comma or end of object expected at byte 10"},
	{"B168 thousands", `{"value":1,000}`, "not JSON: key expected at byte 11"},
	{"B168 Arabic digits", `{"value":` + "\u0663\u0660" + `}`, "not JSON: no value begins like this at byte 9"},
	{"B179 human null", `{"type":"t","payload":{"value":30,"human":null}}`, ""},
	{"B180 human number", `{"type":"t","payload":{"value":30,"human":7}}`, "payload.human is not a string"},
	{"the first problem is told", `{"type":1,"payload":[]}`, "type is not a string"},
	{"not JSON outweighs another shape", `{"type":1,"payload":[`, "not JSON: ends too early at byte 21"},
	{"not JSON outweighs a missing key", `{"payload":{},}`, "not JSON: key expected at byte 14"},
}

func TestUnmarshal_events(t *testing.T) {
	for _, row := range events {
		t.Run(row.name, func(t *testing.T) {
			err := strict.Unmarshal([]byte(row.body), new(event))
			if text(err) != row.err {
				t.Fatalf("got %q, want %q", text(err), row.err)
			}
			var e *strict.Error
			if err != nil && (!errors.As(err, &e) || e.NotJSON() != strings.HasPrefix(row.err, "not JSON")) {
				t.Fatalf("%#v does not say which kind it is", err)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestError_offset(t *testing.T) {
	for _, row := range []struct {
		name, body string
		v          any
		want       strict.Error
	}{
		{"value of another type", `{"type":"t","payload":{"value":"30"}}`, new(event), strict.Error{Path: "payload.value", Problem: "is not a number", Offset: 31}},
		{"missing key: its object", `{"type":"t","payload":{}}`, new(event), strict.Error{Path: "payload.value", Problem: "is missing", Offset: 22}},
		{"empty string", `{"payload":{"value":1},"type":""}`, new(event), strict.Error{Path: "type", Problem: "is empty", Offset: 30}},
		{"syntax: no path", `{"type":"t","payload":{"value":.}}`, new(event), strict.Error{Problem: "not JSON: no value begins like this", Offset: 31}},
		{"inside an Unmarshaler's object", `{"inner":"","union": {"text":7}}`, new(everything), strict.Error{Path: "union.text", Problem: "is not a string", Offset: 29}},
		{"an Unmarshaler's array", `{"inner":"","union": []}`, new(everything), strict.Error{Path: "union", Problem: "is not an object", Offset: 21}},
		{"an Unmarshaler's own error", `{"inner":"","union": 7}`, new(everything), strict.Error{Path: "union", Problem: "is neither a string nor an object", Offset: 21}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got *strict.Error
			if err := strict.Unmarshal([]byte(row.body), row.v); !errors.As(err, &got) || *got != row.want {
				t.Fatalf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

func TestUnmarshal_leavesWhatItCouldRead(t *testing.T) {
	e := event{Type: "old", Payload: usage{ID: "old"}}
	if strict.Unmarshal([]byte(`{"type":"t","payload":{"id":"i","value":"x"}}`), &e) == nil {
		t.Fatal("accepted")
	}
	if e.Type != "t" || e.Payload.ID != "i" {
		t.Errorf("another shape: readable fields are %q and %q", e.Type, e.Payload.ID)
	}
	if strict.Unmarshal([]byte(`{"type":"t","payload":{"value":1,"value":2}}`), &e) == nil {
		t.Fatal("accepted")
	}
	if !reflect.ValueOf(e).IsZero() {
		t.Errorf("not JSON: the first of two values can be read: %+v", e)
	}
}

type everything struct {
	String  string            `json:"string"`
	Bool    bool              `json:"bool"`
	Int     int               `json:"int"`
	Int64   int64             `json:"int64,omitempty"`
	Number  strict.Number     `json:"number"`
	Raw     strict.Raw        `json:"raw"`
	Strings []string          `json:"strings"`
	Map     map[string]string `json:"map"`
	Pointer *string           `json:"pointer"`
	Items   []Item            `json:"items"`
	Nested  map[name][]*Item  `json:"nested"`
	Union   textOrItem        `json:"union"`
	Unions  []*textOrItem     `json:"unions"`
	Self    *everything       `json:"self"`
	Plain   string            // no tag
	Dash    string            `json:"-"`
	embedded
	Item `json:"item"`
}

type (
	name     string
	embedded struct {
		Inner string `json:"inner" strict:"required"`
	}
	Item struct {
		Text string `json:"text" strict:"nonempty"`
	}
)

// textOrItem is a string or an object that has one.
type textOrItem struct {
	Text string
	Null bool
}

func (u *textOrItem) UnmarshalStrict(raw []byte) error {
	switch raw[0] {
	case 'n':
		u.Null = true
		return nil
	case '"':
		return strict.Unmarshal(raw, &u.Text)
	case '{', '[':
		var i Item
		err := strict.Unmarshal(raw, &i)
		u.Text = i.Text
		return err
	}
	return errors.New("is neither a string nor an object")
}

func TestUnmarshal_types(t *testing.T) {
	world := "wor\"ld"
	for _, row := range []struct {
		name, body string
		want       everything
	}{
		{"string", `{"string":"\"\\\/\b\f\n\r\t\u0000\u00e9\uD83D\uDE00é\ufffd!"}`, everything{String: "\"\\/\b\f\n\r\t\x00é😀é\ufffd!"}},
		{"bool", `{"bool":true}`, everything{Bool: true}},
		{"false", `{"bool":false}`, everything{}},
		{"int", `{"int":-12}`, everything{Int: -12}},
		{"int64, largest", `{"int64":9223372036854775807}`, everything{Int64: 1<<63 - 1}},
		{"int64, smallest", `{"int64":-9223372036854775808}`, everything{Int64: -1 << 63}},
		{"int, -0", `{"int":-0}`, everything{}},
		{"number keeps its token", `{"number":-10.50E+01}`, everything{Number: "-10.50E+01"}},
		{"raw keeps its bytes", `{"raw": { "a" : [1.0, "\u0041"] } }`, everything{Raw: strict.Raw(`{ "a" : [1.0, "\u0041"] }`)}},
		{"a backslash ends a string", `{"raw":["\\"],"string":"\\","int":1}`, everything{Raw: strict.Raw(`["\\"]`), String: `\`, Int: 1}},
		{"strings", `{"strings":["a","","b"]}`, everything{Strings: []string{"a", "", "b"}}},
		{"no strings", `{"strings":[]}`, everything{Strings: []string{}}},
		{"null in a list", `{"strings":["a",null]}`, everything{Strings: []string{"a", ""}}},
		{"map", `{"map":{"a":"1","\u0062":"2","":"3"}}`, everything{Map: map[string]string{"a": "1", "b": "2", "": "3"}}},
		{"empty map", `{"map":{}}`, everything{Map: map[string]string{}}},
		{"pointer", `{"pointer":"wor\"ld"}`, everything{Pointer: &world}},
		{"structs in a list", `{"items":[{"text":"a"},{"text":"b"}]}`, everything{Items: []Item{{"a"}, {"b"}}}},
		{"maps, lists and pointers", `{"nested":{"x":[{"text":"a"},null]}}`, everything{Nested: map[name][]*Item{"x": {{"a"}, nil}}}},
		{"union, one way", `{"union":"a"}`, everything{Union: textOrItem{Text: "a"}}},
		{"union, the other", `{"union":{"text":"a"}}`, everything{Union: textOrItem{Text: "a"}}},
		{"union sees null", `{"union":null}`, everything{Union: textOrItem{Null: true}}},
		{"pointer to union does not", `{"unions":[null,"a"]}`, everything{Unions: []*textOrItem{nil, {Text: "a"}}}},
		{"type within itself", `{"self":{"inner":"y","self":null,"bool":true}}`, everything{Self: &everything{Bool: true, embedded: embedded{"y"}}}},
		{"embedded struct with a key", `{"item":{"text":"a"}}`, everything{Item: Item{"a"}}},
		{"not tagged, not read", `{"Plain":"x","Dash":"x","-":"x","embedded":{}}`, everything{}},
		{"nulls", `{"string":null,"bool":null,"int":null,"number":null,"raw":null,"strings":null,"map":null,"pointer":null,"items":null}`, everything{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := everything{Plain: "stale", Strings: []string{"stale"}}
			row.want.Inner = "x"
			body := strings.Replace(row.body, "{", `{"inner":"x",`, 1)
			if err := strict.Unmarshal([]byte(body), &got); err != nil || !reflect.DeepEqual(got, row.want) {
				t.Fatalf("got %+v, %v\nwant %+v", got, err, row.want)
			}
		})
	}
}

func TestUnmarshal_otherShapes(t *testing.T) {
	for _, row := range []struct{ name, body, want string }{
		{"embedded and missing", `{}`, "inner is missing"},
		{"string from a number", `{"inner":"x","string":1}`, "string is not a string"},
		{"bool from a string", `{"inner":"x","bool":"true"}`, "bool is not true or false"},
		{"int from a string", `{"inner":"x","int":"1"}`, "int is not an integer"},
		{"int from 1.0", `{"inner":"x","int":1.0}`, "int is not an integer"},
		{"int from 1e1", `{"inner":"x","int":1e1}`, "int is not an integer"},
		{"int over 64 bits", `{"inner":"x","int64":9223372036854775808}`, "int64 is out of range"},
		{"int with a million digits", `{"inner":"x","int64":` + strings.Repeat("9", 1e6) + `}`, "int64 is out of range"},
		{"list from an object", `{"inner":"x","strings":{}}`, "strings is not an array"},
		{"item of a list", `{"inner":"x","strings":["a",1]}`, "strings is not a string"},
		{"map from a list", `{"inner":"x","map":[]}`, "map is not an object"},
		{"value of a map, whose key is not ours to tell", `{"inner":"x","map":{"secret":1}}`, "map is not a string"},
		{"pointer", `{"inner":"x","pointer":1}`, "pointer is not a string"},
		{"missing in a list", `{"inner":"x","items":[{"text":"a"},{}]}`, "items.text is missing"},
		{"nonempty is required", `{"inner":"x","items":[{"text":null}]}`, "items.text is null"},
		{"nonempty is empty", `{"inner":"x","items":[{"text":""}]}`, "items.text is empty"},
		{"union of a third kind", `{"inner":"x","union":1}`, "union is neither a string nor an object"},
		{"union in a list", `{"inner":"x","unions":["a",{"text":1}]}`, "unions.text is not a string"},
		{"union of a fourth kind", `{"inner":"x","union":[]}`, "union is not an object"},
		{"union completes the path", `{"inner":"x","unions":[{}]}`, "unions.text is missing"},
		{"broken union", `{"inner":"x","union":{"text"}}`, "not JSON: colon expected at byte 28"},
		{"type within itself", `{"inner":"x","self":{"inner":"y","self":{"inner":1}}}`, "self.self.inner is not a string"},
		{"broken number for an int", `{"inner":"x","int":-}`, "not JSON: digit expected at byte 20"},
		{"broken number for a number", `{"inner":"x","number":-}`, "not JSON: digit expected at byte 23"},
		{"broken bool", `{"inner":"x","bool":tru}`, "not JSON: no value begins like this at byte 20"},
		{"broken null", `{"inner":"x","bool":nul}`, "not JSON: no value begins like this at byte 20"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := strict.Unmarshal([]byte(row.body), new(everything)); text(err) != row.want {
				t.Fatalf("got %q, want %q", text(err), row.want)
			}
		})
	}
}

func TestUnmarshal_nullAtTopLevel(t *testing.T) {
	var raw strict.Raw
	if err := strict.Unmarshal([]byte(` null `), &raw); err != nil || raw != nil {
		t.Errorf("Raw: %q, %v", raw, err)
	}
	var union textOrItem
	if err := strict.Unmarshal([]byte(`null`), &union); err != nil || !union.Null {
		t.Errorf("Unmarshaler: %+v, %v", union, err)
	}
	for _, v := range []any{new(string), new(int), new([]string), new(map[string]string), new(*string)} {
		if err := strict.Unmarshal([]byte(`null`), v); text(err) != "the document is null" {
			t.Errorf("%T: %v", v, err)
		}
	}
	required := new(struct {
		Raw   strict.Raw `json:"raw" strict:"required"`
		Union textOrItem `json:"union" strict:"required"`
	})
	if err := strict.Unmarshal([]byte(`{"raw":null,"union":1}`), required); text(err) != "raw is null" {
		t.Error(err)
	}
	if err := strict.Unmarshal([]byte(`{"raw":1,"union":null}`), required); text(err) != "union is null" {
		t.Error(err)
	}
}

func TestParse_onceForTwoReadings(t *testing.T) {
	doc := strict.Parse([]byte(`[{"text":"a"},{"x":1,"text":"b"}]`))
	for range 2 {
		var items []Item
		if err := doc.Unmarshal(&items); err != nil || !reflect.DeepEqual(items, []Item{{"a"}, {"b"}}) {
			t.Errorf("%v, %v", items, err)
		}
	}
	doc = strict.Parse([]byte(`{"text":"a","x":{"y":1,"y":1}}`))
	for range 2 {
		if err := doc.Unmarshal(new(Item)); text(err) != "not JSON: duplicate key at byte 23" {
			t.Errorf("behind the last field: %v", err)
		}
	}
}

func TestRaw_isACopy(t *testing.T) {
	data := []byte(`"abc"`)
	var raw strict.Raw
	if err := strict.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	data[1] = 'X'
	if string(raw) != `"abc"` {
		t.Fatalf("%s changed with the input", raw)
	}
}

func TestUnmarshal_panicsOnMistakesInTheProgram(t *testing.T) {
	type embedsPointer struct{ *embedded }
	fields := make([]reflect.StructField, 65)
	for i := range fields {
		fields[i] = reflect.StructField{Name: fmt.Sprint("F", i), Type: reflect.TypeFor[string](), Tag: reflect.StructTag(fmt.Sprintf(`json:"f%d"`, i))}
	}
	for name, v := range map[string]any{
		"no pointer":  event{},
		"nil":         nil,
		"nil pointer": (*event)(nil),
		"float": new(struct {
			F []map[string]float64 `json:"f"`
		}),
		"any": new(struct {
			F any `json:"f"`
		}),
		"bytes":       new([]byte),
		"map of ints": new(map[int]string),
		"unknown rule": new(struct {
			F string `json:"f" strict:"requird"`
		}),
		"nonempty list": new(struct {
			F []string `json:"f" strict:"nonempty"`
		}),
		"no name": new(struct {
			F string `json:"" strict:"required"`
		}),
		"lower-case field": new(struct {
			embedded `json:"f"`
		}),
		"embedded pointer": new(embedsPointer),
		"65 fields":        reflect.New(reflect.StructOf(fields)).Interface(),
		"embedded key twin": new(struct {
			embedded
			G string `json:"inner"`
		}),
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Fatal("no panic")
				}
			}()
			_ = strict.Unmarshal([]byte(`{}`), v)
		})
	}
}

func nested(depth int) []byte {
	return []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))
}

func TestMaxDepth(t *testing.T) {
	if err := strict.Unmarshal(nested(strict.MaxDepth), new(strict.Raw)); err != nil {
		t.Errorf("%d levels: %v", strict.MaxDepth, err)
	}
	deep := strings.Repeat(`{"a":`, strict.MaxDepth) + "[]" + strings.Repeat("}", strict.MaxDepth)
	if err := strict.Unmarshal([]byte(deep), new(strict.Raw)); text(err) != "not JSON: nested too deep at byte 320" {
		t.Errorf("one level more: %v", err)
	}
	for _, pairs := range []int{50, 1000} {
		if err := strict.Unmarshal([]byte("["+strings.Repeat("[],{},", pairs)+"[]]"), new(strict.Raw)); err != nil {
			t.Errorf("wide, not deep: %v", err)
		}
	}
	if err := strict.Unmarshal([]byte("["+string(nested(strict.MaxDepth))+",[]]"), new(strict.Raw)); text(err) != "not JSON: nested too deep at byte 64" {
		t.Errorf("not deepest at the end: %v", err)
	}
	// Refused at the 65th bracket: what follows is not even looked at.
	for _, data := range [][]byte{nested(65), nested(10_001), []byte(strings.Repeat("[", 500_000))} {
		if err := strict.Unmarshal(data, new(strict.Raw)); text(err) != "not JSON: nested too deep at byte 64" {
			t.Errorf("%d bytes: %v", len(data), err)
		}
	}
}

// Types that contain themselves are bounded by the same depth.
func TestMaxDepth_ofTypes(t *testing.T) {
	body := strings.Repeat(`{"inner":"x","self":`, 500_000)
	if err := strict.Unmarshal([]byte(body), new(everything)); text(err) != "not JSON: nested too deep at byte 1280" {
		t.Error(err)
	}
}

// B126. How long it takes is BenchmarkManyKeys' to tell.
func TestUnmarshal_manyKeys(t *testing.T) {
	if err := strict.Unmarshal(manyKeys(50_000), new(strict.Raw)); err != nil {
		t.Error(err)
	}
	body := manyKeys(1_000)
	for _, first := range []string{"0", "15", "16", "999"} {
		twin := append(body[:len(body)-1:len(body)-1], `,"`+first+`":0}`...)
		if err := strict.Unmarshal(twin, new(strict.Raw)); !strings.HasPrefix(text(err), "not JSON: duplicate key") {
			t.Errorf("key %s again: %v", first, err)
		}
	}
	// Required keys are found among many, too.
	full := append([]byte(`{"type":"t","payload":{"value":1},`), body[1:]...)
	if err := strict.Unmarshal(full, new(event)); err != nil {
		t.Error(err)
	}
}

func manyKeys(n int) []byte {
	body := []byte{'{'}
	for i := range n {
		body = append(body, `"`+strict.NewDecimal(int64(i)).String()+`":0,`...)
	}
	body[len(body)-1] = '}'
	return body
}

func BenchmarkUnmarshal(b *testing.B) {
	body, err := os.ReadFile("testdata/usage.json")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var e event
		if err := strict.Unmarshal(body, &e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkManyKeys(b *testing.B) {
	body := manyKeys(50_000)
	for b.Loop() {
		if err := strict.Unmarshal(body, new(strict.Raw)); err != nil {
			b.Fatal(err)
		}
	}
}

// Of a document of others only what has a rule must fit; the rest is reported.
func TestUnmarshalReporting_enforcesOnlyRules(t *testing.T) {
	type inner struct {
		Must  strict.Number `json:"must" strict:"required"`
		Typed string        `json:"typed" strict:"typed"`
		Free  int           `json:"free"`
	}
	type outer struct {
		Ruled inner   `json:"ruled" strict:"typed"`
		Free  inner   `json:"free"`
		List  []inner `json:"list" strict:"typed"`
	}
	for _, c := range []struct{ name, doc, reported, fault string }{
		{"as documented", `{"ruled":{"must":1,"typed":"x","free":1},"free":{"must":1},"list":[{"must":2}]}`, "", ""},
		{"null and absent", `{"ruled":{"must":1,"typed":null,"free":null},"free":null}`, "", ""},
		{"a field without a rule", `{"ruled":{"must":1,"free":"x"}}`, "ruled.free is not an integer", ""},
		{"inside a list", `{"ruled":{"must":1},"list":[{"must":1,"free":1.5}]}`, "list.free is not an integer", ""},
		{"all below a field without a rule", `{"ruled":{"must":1},"free":{"typed":7}}`, "free.typed is not a string; free.must is missing", ""},
		{"a whole object", `{"ruled":{"must":1},"free":[1]}`, "free is not an object", ""},
		{"typed", `{"ruled":{"must":1,"typed":7}}`, "", "ruled.typed is not a string"},
		{"required", `{"ruled":{"free":{}}}`, "ruled.free is not an integer", "ruled.must is missing"},
		{"a ruled object", `{"ruled":7}`, "", "ruled is not an object"},
		{"a ruled list", `{"ruled":{"must":1},"list":{}}`, "", "list is not an array"},
		{"after a field without a rule", `{"free":7,"ruled":{"must":"x"}}`, "free is not an object", "ruled.must is not a number"},
		{"a key twice where nothing is read", `{"ruled":{"must":1},"free":{"a":1,"a":2}}`, "", "not JSON: duplicate key at byte 34"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			err := strict.Parse([]byte(c.doc)).UnmarshalReporting(new(outer), func(what string) { got = append(got, what) })
			if fault := fmt.Sprint(err); fault != c.fault && (err != nil || c.fault != "") {
				t.Errorf("error %v, want %q", err, c.fault)
			}
			if reported := strings.Join(got, "; "); reported != c.reported {
				t.Errorf("reported %q, want %q", reported, c.reported)
			}
		})
	}
}

func TestUnmarshalReporting_unknownKeys(t *testing.T) {
	type inner struct {
		B string `json:"b"`
	}
	type outer struct {
		A     string          `json:"a"`
		In    inner           `json:"in"`
		List  []inner         `json:"list"`
		Raw   strict.Raw      `json:"raw"`
		Table map[string]bool `json:"table"`
	}
	many := strings.Builder{}
	for i := range 100 {
		fmt.Fprintf(&many, `"k%d":1,`, i)
	}
	for _, c := range []struct{ name, doc, want string }{
		{"none", `{"a":"","in":{"b":""},"list":[{"b":""}],"raw":{"x":1},"table":{"y":true}}`, ""},
		{"at the top", `{"a":"","c":1}`, "c"},
		{"behind the last field", `{"a":"","in":null,"list":[],"raw":1,"table":{},"c":1}`, "c"},
		{"inside, by the names of our own fields", `{"in":{"c":1},"list":[{"c":1},{"d":{"e":1}}]}`, "in.c list.c list.d"},
		{"another case is another key", `{"A":1}`, "A"},
		{"what might be data is not named", `{"robin@example.com":1,"+12025550143":1,"a b":1,"é":1,"":1}`, "? ? ? ? ?"},
		{"40 bytes", `{"` + strings.Repeat("n", 40) + `":1,"` + strings.Repeat("n", 41) + `":1}`, strings.Repeat("n", 40) + " ?"},
		{"no more than 16", `{` + many.String() + `"a":""}`, "k0 k1 k2 k3 k4 k5 k6 k7 k8 k9 k10 k11 k12 k13 k14 k15"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			var v outer
			if err := strict.Parse([]byte(c.doc)).UnmarshalReporting(&v, func(path string) { got = append(got, path) }); err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("reported %q, want %q", got, c.want)
			}
		})
	}
}
