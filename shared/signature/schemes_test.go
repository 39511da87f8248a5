package signature_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/signature"
)

// vector is a delivery of a platform's scheme, and whether it is right.
type vector struct {
	ID, Secret, URL, Method, Expect, Seen string
	Scheme                                vectorScheme
	Headers                               map[string]any
	Body                                  []byte `json:"body_base64"`
	Now                                   *float64
}

// vectorScheme is a scheme in the words of the vectors.
type vectorScheme struct {
	Kind, Header, Algorithm, Encoding, Prefix, Split, Assign, Field, Signed, Key, ID, JSON, Token string
	Time                                                                                          struct {
		From, Unit string
		Tolerance  float64 `json:"tolerance_s"`
	}
	BodyHashParam string  `json:"body_hash_param"`
	BodyClaim     string  `json:"body_claim"`
	BodyEncoding  string  `json:"body_claim_encoding"`
	URLClaim      string  `json:"url_claim"`
	URLEncoding   string  `json:"url_claim_encoding"`
	InBody        string  `json:"in_body"`
	InForm        string  `json:"in_form"`
	Leeway        float64 `json:"leeway_s"`
	MaxAge        float64 `json:"max_age_s"`
	NeedExp       bool    `json:"need_exp"`
	Basic         bool
}

// inOurWords says it in ours.
func (v vectorScheme) inOurWords(url string) signature.Scheme {
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	s := signature.Scheme{
		Header: v.Header, Algorithm: signature.Algorithm(v.Algorithm), Encoding: signature.Encoding(v.Encoding), Prefix: v.Prefix,
		List: v.Split, Assign: v.Assign, Field: v.Field,
		Signed: strings.NewReplacer("{md5b64}", "{body-md5}", "{sha256raw}", "{body-sha256-raw}", "{sha256hex}", "{body-sha256}", "{sha256}", "{body-sha256}", "{plivo-v3}", "{plivo}").Replace(v.Signed),
		Key:    map[string]signature.KeyForm{"raw": "", "raw-base64": signature.KeyBase64, "raw-hex": signature.KeyHex, "spki-base64": signature.KeySPKI}[v.Key],
		ID:     v.ID, URL: url,
	}
	if s.Key == "" && v.Key != "raw" {
		s.Key = signature.KeyForm(v.Key)
	}
	if v.Time.From != "" {
		s.Time = signature.Time{From: v.Time.From, Unit: signature.Unit(v.Time.Unit), Tolerance: seconds(v.Time.Tolerance)}
	}
	if v.BodyHashParam != "" {
		s.BodyHash = signature.Hash{From: "query:" + v.BodyHashParam, Encoding: signature.Hex}
	}
	if v.InBody != "" {
		s.From = "json:" + v.InBody
	}
	if v.InForm != "" {
		s.From = "form:" + v.InForm
	}
	switch v.Kind {
	case "plain-hash":
		s.Algorithm, s.Encoding = signature.HashSHA256, signature.Hex
	case "sorted-sha1-query":
		s.Algorithm, s.Encoding = signature.SortedSHA1, signature.Hex
		s.From, s.Signed = "query:signature", "{query:timestamp}{query:nonce}"
	case "jwt":
		s.Algorithm = signature.JWTHS256
		if v.Algorithm != "" {
			s.Algorithm = signature.Algorithm("jwt-" + strings.Replace(strings.ToLower(v.Algorithm), "sha", "hs", 1))
		}
		s.Token = signature.Token{Leeway: seconds(v.Leeway), MaxAge: seconds(v.MaxAge), Expires: v.NeedExp}
		if v.BodyClaim != "" {
			s.BodyHash = signature.Hash{From: "claim:" + v.BodyClaim, Encoding: signature.Encoding(v.BodyEncoding)}
		}
		if v.URLClaim != "" {
			s.URLHash = signature.Hash{From: "claim:" + v.URLClaim, Encoding: signature.Encoding(cmp.Or(v.URLEncoding, "hex"))}
		}
		s.From = v.Token
	case "static":
		s.Algorithm = signature.Static
		if v.Basic {
			s.Encoding = signature.Base64
		}
		if v.JSON != "" {
			s.From = "json:" + v.JSON
		}
	case "ed25519":
		s.Algorithm = signature.Ed25519
	case "ecdsa-p256-sha256":
		s.Algorithm = signature.ECDSA
	case "rsa-pkcs1-sha256":
		s.Algorithm = signature.RSA
	}
	return s
}

func (v vector) request() signature.Request {
	q := signature.Request{Method: cmp.Or(v.Method, "POST"), Header: signature.Header{}, Body: v.Body}
	_, q.Query, _ = strings.Cut(v.URL, "?")
	for name, value := range v.Headers {
		switch value := value.(type) {
		case string:
			q.Header[name] = []string{value}
		case []any:
			for _, one := range value {
				q.Header[name] = append(q.Header[name], one.(string))
			}
		}
	}
	return q
}

func vectorsOf(t *testing.T) []vector {
	t.Helper()
	var all []vector
	if err := json.Unmarshal([]byte(file(t, "../shared/vectors/schemes", "vectors.json")), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("there are no vectors")
	}
	return all
}

// Deliveries of the field's schemes, published ones and others. Secrets that are too
// short for a keyring are tried as well.
func TestVerifyOfTheField(t *testing.T) {
	for _, v := range vectorsOf(t) {
		t.Run(v.ID, func(t *testing.T) {
			address, _, _ := strings.Cut(v.URL, "?")
			scheme, now := v.Scheme.inOurWords(address), time.Unix(0, 0)
			if v.Now != nil {
				now = time.UnixMilli(int64(*v.Now * 1000))
			}
			verified, err := signature.Unchecked(scheme, []byte(v.Secret)).Verify(v.request(), now)
			if valid := v.Expect == "valid"; (err == nil) != valid {
				t.Fatalf("Verify = %v, the vector is %s", err, v.Expect)
			}
			stale := strings.Contains(v.Seen, "tolerance") || v.Seen == "expired" || v.Seen == "iat"
			if stale != errors.Is(err, signature.ErrStale) && !v.ofAnotherReason(err) {
				t.Errorf("%v: the vector is refused for %q", err, v.Seen)
			}
			if err == nil && scheme.ID != "" && verified.ID != v.request().Header.Values(strings.TrimPrefix(scheme.ID, "header:"))[0] {
				t.Errorf("signed id %q", verified.ID)
			}
			if err == nil && strings.Contains(v.ID, "tampered") != (verified.Covers != signature.CoversBody) && strings.Contains(v.ID, "tampered") {
				t.Error("a changed body counts as covered")
			}
		})
	}
}

// ofAnotherReason: who looks at the time first names it also where the digest is wrong.
func (v vector) ofAnotherReason(err error) bool {
	return errors.Is(err, signature.ErrMismatch) || errors.Is(err, signature.ErrMalformed)
}
