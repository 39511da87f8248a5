//go:build mutants

package shared_test

import (
	"os"
	"strings"
	"testing"
)

// The bad tree breaks each rule, most of them once. A rule that reports nothing
// there would report nothing here.
func TestRulesBite(t *testing.T) {
	want, err := os.ReadFile("testdata/badtree/want.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(check(t, "testdata/badtree", "bad.example/tree"), "\n") + "\n"
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOutsideBites(t *testing.T) {
	for text, want := range map[string]int{
		"../../../../shared/tools/terraform-aws": 1,
		"../shared/tools":                        1,
		"find / -xdev -type d":                   1,
		"../shared/vectors/wycheproof":           0,
		"../../../shared/events":                 0,
		"../../shared/providers":                 0,
		"find . -type f":                         0,
	} {
		if got := outside(text); len(got) != want {
			t.Errorf("%q: found %q", text, got)
		}
	}
}
