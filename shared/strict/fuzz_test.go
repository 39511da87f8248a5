package strict_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/strict"
)

// FuzzUnmarshal: what is accepted is valid JSON and means what encoding/json
// says it means; what is refused as not JSON is invalid to encoding/json, too, or
// refused for one of the rules that are ours.
func FuzzUnmarshal(f *testing.F) {
	for _, row := range events {
		f.Add([]byte(row.body))
	}
	for _, body := range []string{`[1,2.50,-0e1]`, `"\ud83d\ude00"`, `{"a":{"a":[]}}`, twins, `{"inner":"","STRING":"y"}`} {
		f.Add([]byte(body))
	}
	f.Add(nested(64))
	f.Add(nested(65))
	paths, _ := filepath.Glob(filepath.Join(suite, "*.json"))
	for _, path := range paths {
		if data, err := os.ReadFile(path); err == nil && len(data) < 1000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		var got tree
		err := strict.Unmarshal(data, &got)
		if !bytes.Equal(data, before) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			checkRefusal(t, data, err)
			return
		}
		want := plain(t, data)
		if !reflect.DeepEqual(got.value, want) {
			t.Fatalf("got %#v, encoding/json %#v", got.value, want)
		}
		checkStruct(t, data, want)
	})
}

// twins fills every field of twin.
const twins = `{"string":"\u00e9","bool":true,"int":-1,"int64":9223372036854775807,"number":-1.50e+3,"raw":{"a":[null, 1.0]},"strings":["a",null],` +
	`"map":{"k":{"text":"t"},"n":null},"lists":[[1,2.0],[],null],"self":{"inner":"y","raw":null,"number":null},"inner":"x","more":{}}`

// tree is any JSON value, in the Go types encoding/json has for it.
type tree struct{ value any }

func (t *tree) UnmarshalStrict(raw []byte) (err error) {
	switch raw[0] {
	case '{':
		var members map[string]tree
		err = strict.Unmarshal(raw, &members)
		values := map[string]any{}
		for key, member := range members {
			values[key] = member.value
		}
		t.value = values
	case '[':
		var items []tree
		err = strict.Unmarshal(raw, &items)
		values := []any{}
		for _, item := range items {
			values = append(values, item.value)
		}
		t.value = values
	case '"':
		t.value, err = scalar[string](raw)
	case 't', 'f':
		t.value, err = scalar[bool](raw)
	case 'n':
		t.value = nil
	default:
		var n strict.Number
		n, err = scalar[strict.Number](raw)
		t.value = json.Number(n)
	}
	return err
}

func scalar[T any](raw []byte) (v T, err error) {
	err = strict.Unmarshal(raw, &v)
	return v, err
}

// plain is the value encoding/json reads.
func plain(t *testing.T, data []byte) (value any) {
	if !json.Valid(data) {
		t.Fatal("accepted what encoding/json refuses")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		t.Fatalf("accepted, encoding/json: %v", err)
	}
	return value
}

var ourRules = map[string]bool{"duplicate key": true, "invalid UTF-8": true, "lone surrogate": true, "nested too deep": true}

func checkRefusal(t *testing.T, data []byte, err error) {
	var e *strict.Error
	if !errors.As(err, &e) || !e.NotJSON() || e.Offset < 0 || e.Offset > len(data) {
		t.Fatalf("%#v", err)
	}
	if json.Valid(data) && !ourRules[strings.TrimPrefix(e.Problem, "not JSON: ")] {
		t.Fatalf("%v, valid to encoding/json", err)
	}
}

// twin is a struct both packages can read: each with its own number and raw type.
type twin[Number, Raw any] struct {
	String  string             `json:"string"`
	Bool    bool               `json:"bool"`
	Int     int                `json:"int"`
	Int64   int64              `json:"int64"`
	Number  *Number            `json:"number"`
	Raw     Raw                `json:"raw"`
	Strings []string           `json:"strings"`
	Map     map[string]Item    `json:"map"`
	Lists   [][]*Number        `json:"lists"`
	Self    *twin[Number, Raw] `json:"self"`
	embedded
}

// checkStruct reads a document both ways and compares what is written back.
// Where encoding/json would fold two keys into one field there is nothing to
// compare.
func checkStruct(t *testing.T, data []byte, value any) {
	if foldsKeys(value) {
		return
	}
	var ours twin[strict.Number, strict.Raw]
	var theirs twin[json.Number, json.RawMessage]
	err := strict.Unmarshal(data, &ours)
	var e *strict.Error
	if errors.As(err, &e) {
		if e.NotJSON() {
			t.Fatalf("valid, but as a struct: %v", err)
		}
		return
	}
	if err := json.Unmarshal(data, &theirs); err != nil {
		t.Fatalf("struct accepted, encoding/json: %v", err)
	}
	if a, b := written(t, ours), written(t, theirs); a != b {
		t.Fatalf("struct %s, encoding/json %s", a, b)
	}
}

func written(t *testing.T, v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

var twinKeys = []string{"string", "bool", "int", "int64", "number", "raw", "strings", "map", "lists", "self", "inner", "text"}

func foldsKeys(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			for _, ours := range twinKeys {
				if key != ours && strings.EqualFold(key, ours) {
					return true
				}
			}
			if foldsKeys(member) {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if foldsKeys(item) {
				return true
			}
		}
	}
	return false
}

var (
	jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	exponentOf = regexp.MustCompile(`[eE](.*)$`)
)

// FuzzDecimal: exactly the JSON numbers inside the limits are accepted, and they
// compute like math/big.Rat.
func FuzzDecimal(f *testing.F) {
	for i, row := range decimals {
		f.Add(row.token, decimals[len(decimals)-1-i].token)
		f.Add(row.token, row.token)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if checkAccepted(t, a) && checkAccepted(t, b) {
			checkDecimals(t, a, b)
		}
	})
}

func checkAccepted(t *testing.T, token string) bool {
	_, err := strict.ParseDecimal(token)
	if want := inLimits(token); want != (err == nil) {
		t.Fatalf("%.50q: %v, want accepted %v", token, err, want)
	}
	return err == nil
}

func inLimits(token string) bool {
	if len(token) > 40 || !jsonNumber.MatchString(token) {
		return false
	}
	match := exponentOf.FindStringSubmatch(token)
	if match == nil {
		return true
	}
	n, err := strconv.Atoi(match[1])
	return err == nil && -20 <= n && n <= 20
}
