package signature_test

import (
	"testing"

	"github.com/webhook-functions/template/shared/signature"
)

func TestRequestValue(t *testing.T) {
	q := signature.Request{Query: "a=1&b=x%2By+z&b=2&bad=%zz", Body: []byte(`{"a":{"b":"c\u003c"},"n":0,"l":[1],"d":1}`)}
	for place, want := range map[string]struct {
		text string
		n    int
	}{
		"query:a": {"1", 1}, "query:b": {"x+y z", 2}, "query:bad": {"", 0}, "query:c": {"", 0}, "query:": {"", 0},
		"json:a.b": {"c<", 1}, "json:n": {"0", 1}, "json:l": {"", 0}, "json:a": {"", 0}, "json:a.b.c": {"", 0}, "json:": {"", 0},
		"body": {string(q.Body), 1}, "": {"", 0}, "cookie:a": {"", 0},
	} {
		if text, n := q.Value(place); text != want.text || n != want.n {
			t.Errorf("%s: %q, %d times", place, text, n)
		}
	}
	q.Body = []byte(`{"a":1,"a":2}`)
	if _, n := q.Value("json:a"); n == 1 {
		t.Error("a member that is there twice is read")
	}
}
