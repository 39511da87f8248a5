package doctor_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/signature/catalogue"
	"github.com/webhook-functions/template/shared/signature/doctor"
)

func drawn(t *rapid.T) *delivery {
	name := rapid.SampledFrom([]string{"hex", "base64", "list", "standard", "time"}).Draw(t, "scheme")
	s, err := signature.ParseScheme(schemes[name].text)
	if err != nil {
		t.Fatal(err)
	}
	d := &delivery{signs: s, secret: schemes[name].secret, at: now, received: func(*signature.Request) {}}
	d.body = rapid.OneOf(rapid.Just(sample), rapid.StringMatching(`\{"[a-z]{1,9}": ?"[ -!#-Z]{0,40}"\}`), rapid.StringN(8, 90, 300)).Draw(t, "body")
	d.Case = doctor.Case{Platform: doctor.Platform{Name: "acme", Scheme: s, Secrets: []signature.Secret{{ID: "key 1", Value: d.secret}}}, Now: now}
	return d
}

// check draws fewer cases than rapid does by itself: each is some hundred thousand digests.
func check(t *testing.T, property func(*rapid.T)) {
	checks := flag.Lookup("rapid.checks")
	if checks.Value.String() == checks.DefValue {
		checks.Value.Set("25")                  //nolint:errcheck // it is a number
		defer checks.Value.Set(checks.DefValue) //nolint:errcheck // likewise
	}
	rapid.Check(t, property)
}

func otherKey(t *rapid.T, k signature.KeyForm) string {
	key := rapid.SliceOfN(rapid.Byte(), 24, 32).Draw(t, "key")
	if k == signature.KeyWhsec {
		return "whsec_" + base64.StdEncoding.EncodeToString(key)
	}
	return hex.EncodeToString(key)
}

// A change that is no known cause has none named: a letter of the body is another, or the
// secret is.
func TestExamineNamesNoCauseOfAChangeThatItDoesNotKnow(t *testing.T) {
	check(t, func(t *rapid.T) {
		d := drawn(t)
		if rapid.Bool().Draw(t, "key changes") {
			d.has(otherKey(t, d.signs.Key))
		} else {
			at, letter := rapid.IntRange(0, len(d.body)-1).Draw(t, "at"), rapid.ByteRange('a', 'z').Draw(t, "letter")
			d.onBody(func(b string) string {
				if b[at] == letter || b[at] <= ' ' || b[at] == '\\' { // white space and escapes are known causes
					return b + "z"
				}
				return b[:at] + string(letter) + b[at+1:]
			})
		}
		c := d.deliver(t)
		if r := doctor.Examine(c); r.Verdict != doctor.Unknown || len(r.Causes)+len(r.Or) > 0 {
			t.Fatal(shown(r))
		}
	})
}

func TestExamineSaysThatARightDeliveryIs(t *testing.T) {
	check(t, func(t *rapid.T) {
		c := drawn(t).deliver(t)
		if r := doctor.Examine(c); r.Verdict != doctor.Right || r.Key != "key 1" || len(r.Causes)+len(r.Or)+len(r.Next) > 0 {
			t.Fatal(shown(r))
		}
	})
}

// No report of any change holds a secret, a key, a signature or a value of the request.
func TestReportHoldsNoSecret(t *testing.T) {
	names := slices.Sorted(maps.Keys(mutations))
	check(t, func(t *rapid.T) {
		d, m := drawn(t), mutations[rapid.SampledFrom(names).Draw(t, "mutation")]
		name := ""
		for s := range schemes {
			if schemes[s].secret == d.secret {
				name = s
			}
		}
		if m.only != nil && !slices.Contains(m.only, name) {
			t.Skip("not possible")
		}
		d.body = sample
		m.change(t, d)
		c := d.deliver(t)
		text := shown(doctor.Examine(c))
		forbidden := []string{d.secret, strings.TrimPrefix(d.secret, "whsec_"), c.Platform.Secrets[0].Value}
		signed := signature.Request{Method: "POST", Body: c.Request.Body}
		if ring, err := signature.NewKeyring(d.signs, signature.Secret{ID: "1", Value: d.secret}); err == nil && ring.Sign(&signed, d.at, "msg_test_1") == nil {
			for _, q := range []signature.Request{signed, c.Request} {
				for _, values := range q.Header {
					forbidden = append(forbidden, strings.FieldsFunc(values[0], func(r rune) bool { return strings.ContainsRune(",= ", r) })...)
				}
			}
		}
		for _, word := range forbidden {
			if len(word) > 7 && strings.Contains(text, word) {
				t.Fatalf("the report holds %q:\n%s", word, text)
			}
		}
	})
}

// Texts of the delivery around a signature are shown only where they are usual ones.
func TestReportQuotesNoUnknownText(t *testing.T) {
	for _, text := range []string{"AcmeToken:", "AcmeToken ", "AcmeToken=", "n=1,AcmeToken=", "AcmeToken=1;v1="} {
		d := newDelivery(t, "base64")
		d.onSignature(func(s string) string { return text + s })
		if r := doctor.Examine(d.deliver(t)); r.Verdict != doctor.Found || strings.Contains(shown(r), "AcmeToken") {
			t.Errorf("%s: %s", text, shown(r))
		}
	}
}

// Each scheme of the catalogue: its vector is right, and with another byte it has no cause
// but that the body is another one where the signature covers a hash of it.
func TestExamineTheCatalogue(t *testing.T) {
	for _, e := range catalogue.All() {
		t.Run(e.Name, func(t *testing.T) {
			s := scheme(t, e.Scheme)
			c := doctor.Case{Platform: doctor.Platform{Name: e.Name, Scheme: s, Secrets: []signature.Secret{{ID: "key 1", Value: e.Vector.Secret}}}, Request: e.Vector.Request(), Now: e.Vector.Time}
			if r := doctor.Examine(c); r.Verdict != doctor.Right {
				t.Errorf("the vector: %s", shown(r))
			}
			if s.Covers != signature.CoversBody || s.From != "" {
				return
			}
			c.Request.Body = []byte(strings.Replace(string(c.Request.Body), "e", "x", 1))
			r := doctor.Examine(c)
			if hashed := s.BodyHash.From != ""; hashed && (len(r.Causes) != 1 || r.Causes[0].Code != "body-hash") || !hashed && r.Verdict != doctor.Unknown {
				t.Errorf("another byte: %s", shown(r))
			}
			c.Request.Body = append(e.Vector.Request().Body, '\n')
			if ring, err := signature.NewKeyring(s, c.Platform.Secrets[0]); err == nil {
				if _, err := ring.Verify(c.Request, c.Now); !errors.Is(err, signature.ErrMismatch) {
					return // a form's newline is in no parameter
				}
			}
			if r := doctor.Examine(c); len(r.Causes) != 1 || r.Causes[0].Code != "body-newline" {
				t.Errorf("a newline: %s", shown(r))
			}
		})
	}
}

func TestExamineTakesAnAddressThatIsNone(t *testing.T) {
	for _, address := range []string{"", "https://a b/", "::", "https://%zz", "hooks.example.com"} {
		d := newDelivery(t, "hex")
		d.signs = scheme(t, "signed={url}{body}; header=X-Signature; url=https://hooks.example.com/acme")
		d.Platform.Scheme, d.Address = d.signs, address
		d.onBody(func(b string) string { return b + "\n" })
		if r := doctor.Examine(d.deliver(t)); len(r.Causes) != 1 || r.Causes[0].Code != "body-newline" {
			t.Errorf("%q: %s", address, shown(r))
		}
	}
}
