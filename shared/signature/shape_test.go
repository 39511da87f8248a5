package signature_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/signature"
)

func TestExplain(t *testing.T) {
	const same = "the same shape: wrong key or changed bytes"
	for _, c := range []struct {
		name          string
		scheme        signature.Scheme
		value         string
		expected, got string
	}{
		{"another key", inHex, strings.Repeat("0", 64), "64 hex (SHA-256)", same},
		{"another key, upper case and blanks", inHex, " \t" + strings.Repeat("A", 64) + " ", "64 hex (SHA-256)", same},
		{"another key, behind the declared prefix", prefixed, "sha256=" + good, "64 hex (SHA-256), allowed behind sha256=", same},
		{"another key, in base64", inBase64, inStd, "44 base64 (SHA-256)", same},
		{"SHA-1 for SHA-256", inHex, good[:40], "64 hex (SHA-256)", "40 hex (SHA-1)"},
		{"SHA-256 for SHA-1", inSHA1, good, "40 hex (SHA-1)", "64 hex (SHA-256)"},
		{"base64 for hex", inHex, inStd, "64 hex (SHA-256)", "44 base64 (SHA-256)"},
		{"base64url for hex", inHex, strings.Repeat("x-_", 14) + "x=", "64 hex (SHA-256)", "44 base64url (SHA-256)"},
		{"hex for base64", inBase64, good, "44 base64 (SHA-256)", "64 hex (SHA-256)"},
		{"prefix that is not declared", inHex, "sha256=" + good, "64 hex (SHA-256)", "sha256= before 64 hex (SHA-256)"},
		{"prefix in another case", prefixed, "SHA256=" + good, "64 hex (SHA-256), allowed behind sha256=", "sha256= in another case before 64 hex (SHA-256)"},
		{"prefix twice", prefixed, "sha256=sha256=" + good, "64 hex (SHA-256), allowed behind sha256=", "sha256= before 71 other"},
		{"prefix alone", inHex, "sha256=", "64 hex (SHA-256)", "sha256= before 0 hex"},
		{"prefix of its own", inHex, "canary=" + good, "64 hex (SHA-256)", "71 other"},
		{"bearer token", inHex, "Bearer abc.def.ghi", "64 hex (SHA-256)", "Bearer before 11 other"},
		{"one digit too many", inHex, good + "0", "64 hex (SHA-256)", "65 hex"},
		{"list", inHex, good + "," + good, "64 hex (SHA-256)", "list of 2, the first: 64 hex (SHA-256)"},
		{"time and signature", inHex, "t=1700000000, v1=" + good, "64 hex (SHA-256)", "list of 2, the first: t= before 10 hex"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if expected, got := explain(ringOf(t, c.scheme, stranger), c.value); expected != c.expected || got != c.got {
				t.Errorf("expected %q and got %q, want %q and %q", expected, got, c.expected, c.got)
			}
		})
	}
}

// described is all that Explain may say of a value: counts, and words that are the
// same for every value.
var described = regexp.MustCompile(`^(the same shape: wrong key or changed bytes|` +
	`(list of \d+, the first: )?((sha(1|256|512)=|md5=|hmac-sha256=|sha(1|256):|v[01]=|[ts]=|Bearer|Basic|HMAC|"|')( in another case)? before )?` +
	`\d+ (hex|base64|base64url|other)( \((MD5|SHA-(1|256|384|512))\))?)$`)

func TestExplainQuotesNothing(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"sha256=", "SHA1=", "v1=", "t=", "Bearer ", ",", " ", "=", "\n", "\x00", "é", "\u200b", "secret", "0af9", "-_", "+/", `"`, "password="})
	rapid.Check(t, func(t *rapid.T) {
		value := strings.Join(rapid.SliceOfN(rapid.OneOf(pieces, rapid.String()), 0, 8).Draw(t, "value"), "")
		for _, scheme := range []signature.Scheme{prefixed, inSHA1, inBase64} {
			ring := ringOf(t, scheme, stranger)
			expected, got := explain(ring, value)
			if want, _ := explain(ring, ""); expected != want {
				t.Errorf("what is expected depends on the value: %q", expected)
			}
			if !described.MatchString(got) {
				t.Errorf("%q says more than a shape", got)
			}
		}
	})
}

// A signature that can be read is of the expected shape, of each kind.
func TestExplainOfEveryKind(t *testing.T) {
	for _, p := range slices.Concat(field, loose) {
		scheme, ring, q := delivered(t, p)
		if scheme.Algorithm == signature.Static || scheme.From != "" {
			continue
		}
		if _, got := ring.Explain(q); got != "the same shape: wrong key or changed bytes" {
			t.Errorf("%s: got %q", p.name, got)
		}
	}
}
