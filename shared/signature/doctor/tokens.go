package doctor

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/signature"
)

// token is a JSON Web Token of the delivery.
type token struct {
	given
	signed string // its first two parts
	claims map[string]jsontext.Value
}

var tokenHashes = []struct {
	name signature.Algorithm
	hash func() hash.Hash
}{{signature.JWTHS256, sha256.New}, {signature.JWTHS384, sha512.New384}, {signature.JWTHS512, sha512.New}}

// searchTokens finds a token that a secret has signed.
func searchTokens(c Case) (hits []hit) {
	s := c.Platform.Scheme
	for _, t := range c.tokens() {
		for _, k := range keys(c) {
			for _, h := range tokenHashes {
				mac := hmac.New(h.hash, k.value.bytes)
				mac.Write([]byte(t.signed))
				sum := mac.Sum(nil)
				causes := with(k.causes)
				cost := k.cost + t.cost
				switch isCut := len(t.digest) >= minDigest && bytes.HasPrefix(sum, t.digest); {
				case !isCut:
					continue
				case len(t.digest) < len(sum):
					causes, cost = append(causes, Cause{"cut", "The token is cut: its end is missing."}), cost+1
				}
				if h.name != s.Algorithm {
					causes, cost = append(causes, Cause{"algorithm", "The signature is a token of " + string(h.name) + "; the scheme says " + string(s.Algorithm) + "."}), cost+1
				}
				causes = append(causes, t.causes...)
				if isJWT(s.Algorithm) {
					causes = append(causes, c.claimCauses(t)...)
				}
				hits = append(hits, hit{key: k.value.id, cost: cost, causes: causes})
			}
		}
	}
	return hits
}

// tokens are the texts of the delivery that are tokens.
func (c Case) tokens() (all []token) {
	s := c.Platform.Scheme
	s.Encoding = ""
	add := func(source, value string) {
		for _, prefix := range []string{"", s.Prefix, "Bearer ", "bearer ", "Token ", "JWT "} {
			text, ok := strings.CutPrefix(strings.Trim(value, " \t\r\n"), prefix)
			last := strings.LastIndexByte(text, '.')
			if !ok || strings.Count(text, ".") != 2 || prefix == "" && strings.Contains(text, " ") {
				continue
			}
			head, payload, _ := strings.Cut(text[:last], ".")
			sum, errSum := decodeURL(text[last+1:])
			claims, errClaims := decodeURL(payload)
			_, errHead := decodeURL(head)
			t := token{given: given{source: source, prefix: prefix, text: text, digest: sum}, signed: text[:last]}
			if errSum != nil || errClaims != nil || errHead != nil || json.Unmarshal(claims, &t.claims) != nil {
				continue
			}
			t.cost, t.given.causes = t.against(s)
			all = append(all, t)
			return
		}
	}
	if s.Header != "" { // the scheme's own spelling first
		text, _ := c.value("header:" + s.Header)
		add("header:"+s.Header, text)
	}
	for _, name := range c.headerNames() {
		if !strings.EqualFold(name, s.Header) {
			text, _ := c.value("header:" + name)
			add("header:"+name, text)
		}
	}
	if s.From == "body" {
		add("body", string(c.Request.Body))
	}
	return all
}

func decodeURL(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}

// claimCauses says what of a token with the right signature is refused.
func (c Case) claimCauses(t token) (causes []Cause) {
	s := c.Platform.Scheme
	if name, ok := strings.CutPrefix(s.BodyHash.From, "claim:"); ok {
		texts := map[string]string{}
		for claim := range t.claims {
			texts[claim] = t.text(claim)
		}
		causes = append(causes, c.hashCauses(texts, name)...)
	}
	if name, ok := strings.CutPrefix(s.URLHash.From, "claim:"); ok {
		causes = append(causes, c.addressCauses(t, name)...)
	}
	exp, hasExp := t.time("exp")
	nbf, hasNbf := t.time("nbf")
	iat, hasIat := t.time("iat")
	late := func(at time.Time) int64 { return int64(c.Now.Sub(at) / time.Second) }
	switch {
	case s.Token.Expires && !hasExp:
		causes = append(causes, Cause{"claim", "The token has no exp, which the scheme demands."})
	case hasExp && c.Now.Sub(exp) > s.Token.Leeway:
		causes = append(causes, Cause{"stale", fmt.Sprintf("The token has expired %d seconds ago.", late(exp))})
	case hasNbf && nbf.Sub(c.Now) > s.Token.Leeway:
		causes = append(causes, Cause{"stale", fmt.Sprintf("The token is not valid for another %d seconds: its nbf is in the future.", -late(nbf))})
	case s.Token.MaxAge > 0 && !hasIat:
		causes = append(causes, Cause{"claim", "The token has no iat, which the scheme reads its age from."})
	case s.Token.MaxAge > 0 && c.Now.Sub(iat).Abs() > s.Token.MaxAge:
		causes = append(causes, Cause{"stale", fmt.Sprintf("The token was made %d seconds before now: %d are allowed.", late(iat), s.Token.MaxAge/time.Second)})
	}
	return causes
}

func (t token) text(name string) (text string) {
	if json.Unmarshal(t.claims[name], &text) != nil {
		return ""
	}
	return text
}

func (t token) time(name string) (time.Time, bool) {
	n, err := strconv.ParseFloat(string(bytes.TrimSpace(t.claims[name])), 64)
	return time.UnixMilli(int64(n * 1000)), err == nil
}

// claimHashes are ways to write a hash of a body.
var claimHashes = []struct {
	said  string
	write func([]byte) string
}{
	{"the SHA-256 in hex", func(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }},
	{"the SHA-256 in base64", func(b []byte) string { h := sha256.Sum256(b); return base64.StdEncoding.EncodeToString(h[:]) }},
	{"the SHA-256 in base64url", func(b []byte) string { h := sha256.Sum256(b); return base64.URLEncoding.EncodeToString(h[:]) }},
	{"the SHA-256 in base64url without padding", func(b []byte) string { h := sha256.Sum256(b); return base64.RawURLEncoding.EncodeToString(h[:]) }},
	{"the SHA-1 in hex", func(b []byte) string { h := sha1.Sum(b); return hex.EncodeToString(h[:]) }},
	{"the SHA-1 in base64", func(b []byte) string { h := sha1.Sum(b); return base64.StdEncoding.EncodeToString(h[:]) }},
	{"the SHA-512 in hex", func(b []byte) string { h := sha512.Sum512(b); return hex.EncodeToString(h[:]) }},
	{"the SHA-512 in base64", func(b []byte) string { h := sha512.Sum512(b); return base64.StdEncoding.EncodeToString(h[:]) }},
	{"the MD5 in hex", func(b []byte) string { h := md5.Sum(b); return hex.EncodeToString(h[:]) }},
}

// hashCauses says why the hash of the body is refused that one of some texts is.
func (c Case) hashCauses(texts map[string]string, name string) []Cause {
	want := c.Platform.Scheme.BodyHash.Encoding
	for _, b := range byCost(bodies(c.Request.Body)) {
		for _, body := range b {
			for _, h := range claimHashes {
				made := h.write(body.value)
				for other, text := range texts {
					if text == "" || text != made && !(strings.HasSuffix(h.said, "hex") && strings.EqualFold(text, made)) {
						continue
					}
					causes := with(body.causes)
					if other != name {
						causes = append(causes, Cause{"claim", "The hash of the body is in another place than " + name + "."})
					}
					if h.said != "the SHA-256 in "+string(want) {
						causes = append(causes, Cause{"encoding", "The hash of the body is " + h.said + "; the scheme says SHA-256 in " + string(want) + "."})
					}
					return causes
				}
			}
		}
	}
	if texts[name] == "" {
		return []Cause{{"claim", "There is no " + name + " with a hash of the body."}}
	}
	return []Cause{{"body-hash", "The signature is right and belongs to another body: the hash of the body that it covers is one of other bytes."}}
}

// addressCauses says why the hash of the address in a claim is refused.
func (c Case) addressCauses(t token, name string) []Cause {
	s, want := c.Platform.Scheme, t.text(name)
	if want == "" {
		return []Cause{{"claim", "The token has no claim " + name + " with a hash of the address."}}
	}
	for _, address := range c.addresses() {
		for _, text := range []string{address.value + optional("?", c.Request.Query), address.value} {
			for _, h := range claimHashes {
				if h.write([]byte(text)) == want {
					if text == s.URL+optional("?", c.Request.Query) {
						return nil
					}
					return []Cause{{"url", "The address that is signed is another than the scheme's url."}}
				}
			}
		}
	}
	return []Cause{{"url", "The token is right and belongs to another address than the scheme's url."}}
}
