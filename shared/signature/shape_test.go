package signature_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/signature"
)

// What a mistake looks like to the one who has to find it.
func TestExplain(t *testing.T) {
	const key, body = "a secret of a test", "body"
	sha256Hex := signature.Scheme{Header: "X", Algorithm: signature.SHA256, Encoding: signature.Hex}
	prefixed, inBase64 := sha256Hex, sha256Hex
	prefixed.Prefix, inBase64.Encoding = "sha256=", signature.Base64
	sha1Hex := signature.Scheme{Header: "X", Algorithm: signature.SHA1, Encoding: signature.Hex}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	digest := mac.Sum(nil)
	good, short := hex.EncodeToString(digest), sha1.Sum([]byte(body))
	const same = "the same shape: wrong key or changed bytes"

	for _, row := range []struct {
		name          string
		scheme        signature.Scheme
		value         string
		expected, got string
	}{
		{"another key", sha256Hex, strings.Repeat("0", 64), "64 hex (SHA-256)", same},
		{"another key, in upper case", sha256Hex, strings.Repeat("A", 64), "64 hex (SHA-256)", same},
		{"another key, blanks around it", sha256Hex, " \t" + strings.Repeat("0", 64) + " ", "64 hex (SHA-256)", same},
		{"another key, behind the allowed prefix", prefixed, "sha256=" + good, "64 hex (SHA-256), allowed behind sha256=", same},
		{"another key, in base64", inBase64, base64.StdEncoding.EncodeToString(digest), "44 base64 (SHA-256)", same},
		{"SHA-1 for SHA-256", sha256Hex, hex.EncodeToString(short[:]), "64 hex (SHA-256)", "40 hex (SHA-1)"},
		{"SHA-256 for SHA-1", sha1Hex, good, "40 hex (SHA-1)", "64 hex (SHA-256)"},
		{"MD5", sha256Hex, strings.Repeat("0", 32), "64 hex (SHA-256)", "32 hex (MD5)"},
		{"SHA-512", sha256Hex, strings.Repeat("0", 128), "64 hex (SHA-256)", "128 hex (SHA-512)"},
		{"base64 for hex", sha256Hex, base64.StdEncoding.EncodeToString(digest), "64 hex (SHA-256)", "44 base64 (SHA-256)"},
		{"base64 without padding", sha256Hex, strings.Repeat("x", 43), "64 hex (SHA-256)", "43 base64 (SHA-256)"},
		{"base64url for hex", sha256Hex, strings.Repeat("x-_", 14) + "x=", "64 hex (SHA-256)", "44 base64url (SHA-256)"},
		{"hex for base64", inBase64, good, "44 base64 (SHA-256)", "64 hex (SHA-256)"},
		{"a prefix that is not declared", sha256Hex, "sha256=" + good, "64 hex (SHA-256)", "sha256= before 64 hex (SHA-256)"},
		{"the prefix in another case", prefixed, "SHA256=" + good, "64 hex (SHA-256), allowed behind sha256=", "sha256= in another case before 64 hex (SHA-256)"},
		{"the prefix twice", prefixed, "sha256=sha256=" + good, "64 hex (SHA-256), allowed behind sha256=", "sha256= before 71 other"},
		{"another hash's prefix", sha256Hex, "sha1=" + hex.EncodeToString(short[:]), "64 hex (SHA-256)", "sha1= before 40 hex (SHA-1)"},
		{"the prefix alone", sha256Hex, "sha256=", "64 hex (SHA-256)", "sha256= before 0 hex"},
		{"a bearer token", sha256Hex, "Bearer abc.def.ghi", "64 hex (SHA-256)", "Bearer before 11 other"},
		{"quotes around it", sha256Hex, `"` + good + `"`, "64 hex (SHA-256)", `" before 65 other`},
		{"a prefix of its own", sha256Hex, "canary=" + good, "64 hex (SHA-256)", "71 other"},
		{"one word", sha256Hex, "abc", "64 hex (SHA-256)", "3 hex"},
		{"one digit too many", sha256Hex, good + "0", "64 hex (SHA-256)", "65 hex"},
		{"half of it", sha256Hex, good[:32], "64 hex (SHA-256)", "32 hex (MD5)"},
		{"a space within", sha256Hex, good[:8] + " " + good[8:], "64 hex (SHA-256)", "65 other"},
		{"a zero-width space behind it", sha256Hex, good + "\u200b", "64 hex (SHA-256)", "67 other"},
		{"a full-width digit", sha256Hex, "\uff10" + good[1:], "64 hex (SHA-256)", "66 other"},
		{"a list", sha256Hex, good + "," + good, "64 hex (SHA-256)", "list of 2, the first: 64 hex (SHA-256)"},
		{"a time and a signature", sha256Hex, "t=1700000000, v1=" + good, "64 hex (SHA-256)", "list of 2, the first: t= before 10 hex"},
		{"commas alone", sha256Hex, ",,", "64 hex (SHA-256)", "list of 3, the first: 0 hex"},
	} {
		t.Run(row.name, func(t *testing.T) {
			ring, err := signature.NewKeyring(row.scheme, signature.Secret{ID: "1", Value: "another secret of a test"})
			if err != nil {
				t.Fatal(err)
			}
			if expected, got := ring.Explain(row.value); expected != row.expected || got != row.got {
				t.Errorf("expected %q and got %q, want %q and %q", expected, got, row.expected, row.got)
			}
		})
	}
}

// described is all that may ever be said of a value: counts, and words that are
// the same for every value.
var described = regexp.MustCompile(`^(the same shape: wrong key or changed bytes|` +
	`(list of \d+, the first: )?((sha(1|256|512)=|md5=|hmac-sha256=|sha(1|256):|v[01]=|[ts]=|Bearer|Basic|HMAC|"|')( in another case)? before )?` +
	`\d+ (hex|base64|base64url|other)( \((MD5|SHA-(1|256|384|512))\))?)$`)

func TestExplainQuotesNothing(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"sha256=", "SHA1=", "v1=", "t=", "Bearer ", ",", " ", "=", "\n", "\x00", "é", "\u200b", "secret", "0af9", "-_", "+/", `"`, "password="})
	rapid.Check(t, func(t *rapid.T) {
		value := strings.Join(rapid.SliceOfN(rapid.OneOf(pieces, rapid.String()), 0, 8).Draw(t, "value"), "")
		for _, scheme := range []signature.Scheme{
			{Header: "X", Algorithm: signature.SHA256, Encoding: signature.Hex, Prefix: "sha256="},
			{Header: "X", Algorithm: signature.SHA1, Encoding: signature.Base64},
		} {
			ring, err := signature.NewKeyring(scheme, signature.Secret{ID: "1", Value: "a secret of a test"})
			if err != nil {
				t.Fatal(err)
			}
			expected, got := ring.Explain(value)
			if want, _ := ring.Explain(""); expected != want {
				t.Errorf("what is expected depends on the value: %q", expected)
			}
			if !described.MatchString(got) {
				t.Errorf("%q says more than a shape", got)
			}
		}
	})
}
