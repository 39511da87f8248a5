package catalogue_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/signature/catalogue"
	"github.com/webhook-functions/template/shared/toolstest"
)

// vector is a row of the third-party vectors.
type vector struct {
	Platform, Expect string
	Scheme           struct {
		Kind, Header, Algorithm, Encoding, Prefix, Split, Assign, Field, Signed, ID, Key, JSON string
		InBody                                                                                 string `json:"in_body"`
		InForm                                                                                 string `json:"in_form"`
		BodyClaim                                                                              string `json:"body_claim"`
		BodyClaimEncoding                                                                      string `json:"body_claim_encoding"`
		BodyHashParam                                                                          string `json:"body_hash_param"`
		Basic                                                                                  bool
		NeedExp                                                                                bool `json:"need_exp"`
		Leeway                                                                                 int  `json:"leeway_s"`
		MaxAge                                                                                 int  `json:"max_age_s"`
		Time                                                                                   *struct {
			From, Unit string
			Tolerance  int `json:"tolerance_s"`
		}
	}
}

// groups are the entries of which the vectors name a group of platforms.
var groups = map[string]string{"deepgram": "Deepgram, Bandwidth, Postmark (basic)", "postmark": "Deepgram, Bandwidth, Postmark (basic)"}

// The scheme of an entry is that of the platform's first valid vector. Address and the
// application's key in a prefix are the receiver's own.
func TestSchemesAreThoseOfTheVectors(t *testing.T) {
	first := map[string]vector{}
	for _, v := range vectors(t) {
		if _, seen := first[v.Platform]; !seen && v.Expect == "valid" {
			first[v.Platform] = v
		}
	}
	compared := 0
	for _, e := range catalogue.All() {
		v, known := first[cmp.Or(groups[e.Name], e.Title)]
		if !known {
			continue
		}
		compared++
		got, err := signature.ParseScheme(e.Scheme)
		if err != nil {
			t.Errorf("%s: %v", e.Name, err)
			continue
		}
		want, err := signature.ParseScheme(v.text(got.URL))
		if err != nil {
			t.Errorf("%s: the vectors' scheme: %v", e.Name, err)
		}
		if got, want := comparable(got), comparable(want); got != want {
			t.Errorf("%s:\n%s\nthe vectors:\n%s", e.Name, got.Text(), want.Text())
		}
	}
	if compared == 0 {
		t.Error("no entry has the title of a platform of the vectors")
	}
}

func vectors(t *testing.T) (all []vector) {
	t.Helper()
	data, err := os.ReadFile("../../../../shared/vectors/schemes/vectors.json")
	if errors.Is(err, fs.ErrNotExist) {
		toolstest.Missing(t, "missing: ../shared/vectors/schemes, beside the project")
	}
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// text is the scheme of a vector as [signature.ParseScheme] reads it, for a receiver at an address.
func (v vector) text(address string) string {
	s, items := v.Scheme, []string{}
	set := func(name, value string) {
		if value != "" {
			items = append(items, name+"='"+value+"'")
		}
	}
	set("header", s.Header)
	set("algorithm", map[string]string{"": s.Algorithm, "jwt": "jwt-hs256", "static": "static", "ed25519": "ed25519", "ecdsa-p256-sha256": "ecdsa-sha256", "rsa-pkcs1-sha256": "rsa-sha256"}[s.Kind])
	set("encoding", cmp.Or(s.Encoding, map[bool]string{true: "base64"}[s.Basic]))
	set("key", cmp.Or(map[string]string{"raw": "text", "raw-base64": "base64", "spki-base64": "spki"}[s.Key], s.Key))
	set("from", prefixed("json:", cmp.Or(s.JSON, s.InBody))+prefixed("form:", s.InForm))
	set("prefix", s.Prefix)
	set("list", s.Split)
	set("assign", s.Assign)
	set("field", s.Field)
	set("signed", strings.NewReplacer("{md5b64}", "{body-md5}", "\n", "{lf}").Replace(s.Signed))
	set("id", s.ID)
	set("bodyhash", prefixed("claim:", s.BodyClaim)+prefixed(" ", s.BodyClaimEncoding)+prefixed("query:", s.BodyHashParam)+map[bool]string{true: " hex"}[s.BodyHashParam != ""])
	set("demand", map[bool]string{true: "exp"}[s.NeedExp])
	set("leeway", number(s.Leeway))
	set("maxage", number(s.MaxAge))
	if s.Time != nil {
		set("time", fmt.Sprintf("%s %s %d", s.Time.From, s.Time.Unit, s.Time.Tolerance))
	}
	set("url", address)
	set("covers", map[string]string{"static": "nothing"}[s.Kind]+map[bool]string{true: "part"}[s.InBody != ""])
	return strings.Join(items, ";")
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// comparable writes schemes that mean the same in one way.
func comparable(s signature.Scheme) signature.Scheme {
	s.Signed = strings.NewReplacer("{timestamp}", "{"+s.Time.From+"}", "{id}", "{"+s.ID+"}").Replace(cmp.Or(s.Signed, "{body}"))
	if s.Field != "" {
		s.Assign = cmp.Or(s.Assign, "=")
	}
	if strings.HasPrefix(s.Prefix, "Application ") {
		s.Prefix = "Application "
	}
	return s
}
