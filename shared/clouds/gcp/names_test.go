package gcp

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestDocumentID(t *testing.T) {
	for name, want := range map[string]string{
		"":                       "%",
		"u1":                     "u1",
		"a/b":                    "a%2Fb",
		"a%2Fb":                  "a%252Fb",
		".":                      "%2E",
		"..":                     "%2E.",
		"__x__":                  "%5F_x__",
		"a.b_c-d:e@f":            "a.b_c-d:e@f",
		"x~y":                    "x%7Ey",
		"p\x1fu":                 "p%1Fu",
		"caf\u00e9":              "caf%C3%A9",
		"\xff":                   "%FF",
		strings.Repeat("x", 700): strings.Repeat("x", 700),
		strings.Repeat("x", 701): "%%hash",
	} {
		got := documentID(name)
		if want == "%%hash" && len(got) == 66 {
			want = "%%" + got[2:] // its form is enough
		}
		if got != want {
			t.Errorf("%.20q gives %q, want %q", name, got, want)
		}
	}
}

var reserved = regexp.MustCompile(`^__.*__$`)

func TestDocumentIDsAreLegalAndApart(t *testing.T) {
	names := make(map[string]string) // by id
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching(`[%2F._~/]{0,6}`),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 900), func(b []byte) string { return string(b) })).Draw(t, "name")
		id := documentID(name)
		if id == "" || len(id) > maxID || !utf8.ValidString(id) || strings.ContainsAny(id, "/~") || id == "." || id == ".." || reserved.MatchString(id) {
			t.Fatalf("%q gives %q", name, id)
		}
		if other, taken := names[id]; taken && other != name {
			t.Fatalf("%q and %q both give %q", name, other, id)
		}
		names[id] = name
	})
}
