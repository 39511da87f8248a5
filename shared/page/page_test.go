package page_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/page"
)

func TestCursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, id := time.Unix(0, rapid.Int64().Draw(t, "nanoseconds")), rapid.String().Draw(t, "id")
		gotAt, gotID, err := page.Parse(page.Cursor(at, id))
		if err != nil || !gotAt.Equal(at) || gotID != id {
			t.Fatalf("%v %q came back as %v %q (%v)", at, id, gotAt, gotID, err)
		}
	})
	for _, foreign := range []string{"", " ", "1", "x 1", "1.5 x", "2026-11-21T09:00:00Z x", "9223372036854775808 x"} {
		if at, id, err := page.Parse(foreign); err == nil {
			t.Errorf("%q is taken for %v %q", foreign, at, id)
		}
	}
}

func ExampleCut() {
	for _, items := range [][]string{nil, {"a", "b"}, {"a", "b", "c"}} {
		first, next := page.Cut(items, 2, func(item string) string { return "after " + item })
		fmt.Printf("%q %q\n", first, next)
	}
	// Output:
	// [] ""
	// ["a" "b"] ""
	// ["a" "b"] "after b"
}
