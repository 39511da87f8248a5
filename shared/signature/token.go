package signature

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A token carries its own time, and a hash of the body in a claim.
func init() {
	for _, algorithm := range []Algorithm{JWTHS256, JWTHS384, JWTHS512} {
		methods[algorithm] = &method{
			keys: textKeys, isAlone: true, covers: CoversNothing, check: checkToken,
			newKey: newHMACKey, looks: (*Keyring).looksToken, verify: (*Keyring).verifyToken, sign: (*Keyring).signToken,
		}
	}
}

func checkToken(s Scheme, _ template) error {
	for _, h := range []Hash{s.BodyHash, s.URLHash} {
		if (h != Hash{}) && !(h.isEncoded() && strings.HasPrefix(h.From, "claim:")) {
			return errors.New("a hash is in a claim: of the token, in hex or base64")
		}
	}
	if s.Token.Leeway > maxTolerance {
		return errors.New("the leeway is more than a week")
	}
	if s.ID != "" && !strings.HasPrefix(s.ID, "claim:") {
		return errors.New("the id of a token is from claim:NAME")
	}
	return nil
}

// claims of a token.
type claims map[string]jsontext.Value

// verifyToken verifies a token (RFC 7519) with one fixed algorithm: its header may only
// agree.
func (r *Keyring) verifyToken(given string, q Request, now time.Time) (Verified, error) {
	given = strings.TrimPrefix(given, r.scheme.Prefix)
	last := strings.LastIndexByte(given, '.')
	if strings.Count(given, ".") != 2 {
		return Verified{}, ErrMalformed
	}
	head, payload, _ := strings.Cut(given[:last], ".")
	sum, err := decodeRaw(given[last+1:])
	if err != nil || !r.isOurs(head) {
		return Verified{}, ErrMalformed
	}
	keyID, ok := "", false
	for _, k := range slices.Backward(r.keys) {
		m := k.macs.Get().(*mac)
		m.hash.Reset()
		m.write(given[:last])
		m.flush()
		if hmac.Equal(sum, m.hash.Sum(m.sum[:0])) {
			keyID, ok = k.id, true
		}
		k.macs.Put(m)
	}
	if !ok {
		return Verified{}, ErrMismatch
	}
	text, err := decodeRaw(payload)
	var c claims
	if err != nil || json.Unmarshal(text, &c) != nil {
		return Verified{}, ErrMalformed
	}
	return r.verifiedToken(keyID, c, q, now)
}

func (r *Keyring) looksToken(text string) bool {
	head, _, _ := strings.Cut(strings.TrimPrefix(text, r.scheme.Prefix), ".")
	return strings.Count(text, ".") == 2 && r.isOurs(head)
}

// decodeRaw decodes base64url without padding; line breaks, which the decoder skips, are
// refused.
func decodeRaw(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, ErrMalformed
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}

// isOurs says whether a token's header names the scheme's algorithm and no extension.
func (r *Keyring) isOurs(head string) bool {
	var h struct {
		Alg  string         `json:"alg"`
		Crit jsontext.Value `json:"crit"`
	}
	text, err := decodeRaw(head)
	return err == nil && json.Unmarshal(text, &h) == nil && h.Crit == nil && "jwt-"+strings.ToLower(h.Alg) == string(r.scheme.Algorithm)
}

// verifiedToken checks what a token of a right signature says.
func (r *Keyring) verifiedToken(keyID string, c claims, q Request, now time.Time) (Verified, error) {
	v := Verified{KeyID: keyID, Covers: r.covers}
	if !r.claimMatches(c, r.scheme.BodyHash, q.Body) || !r.claimsURL(c, q) {
		return Verified{}, ErrMismatch
	}
	if name, ok := strings.CutPrefix(r.scheme.ID, "claim:"); ok {
		if v.ID = c.text(name); !isID(v.ID) {
			return Verified{}, ErrMalformed
		}
	}
	t := r.scheme.Token
	exp, hasExp := c.time("exp")
	nbf, hasNbf := c.time("nbf")
	iat, hasIat := c.time("iat")
	switch {
	case t.Expires && !hasExp, t.MaxAge > 0 && !hasIat, c["exp"] != nil && !hasExp, c["nbf"] != nil && !hasNbf:
		return Verified{}, ErrMalformed
	case hasExp && now.Sub(exp) > t.Leeway, hasNbf && nbf.Sub(now) > t.Leeway, t.MaxAge > 0 && now.Sub(iat).Abs() > t.MaxAge:
		return Verified{}, ErrStale
	case hasIat:
		v.Time = iat
	case hasNbf:
		v.Time = nbf
	}
	return v, nil
}

// claimMatches compares a hash that a token carries. A token without it is refused.
func (r *Keyring) claimMatches(c claims, h Hash, data []byte) bool {
	name, ok := strings.CutPrefix(h.From, "claim:")
	return !ok || h.matches(c.text(name), data)
}

// claimsURL tries the address with and without its port.
func (r *Keyring) claimsURL(c claims, q Request) bool {
	return slices.ContainsFunc(r.urls, func(address string) bool {
		return r.claimMatches(c, r.scheme.URLHash, []byte(withQuery(address, q.Query)))
	})
}

// text gives a claim that is a text, else "".
func (c claims) text(name string) (text string) {
	if json.Unmarshal(c[name], &text) != nil {
		return ""
	}
	return text
}

// time gives a claim that is a number of seconds since 1970, whole or not.
func (c claims) time(name string) (time.Time, bool) {
	seconds, err := strconv.ParseFloat(string(bytes.TrimSpace(c[name])), 64)
	if err != nil || seconds < 0 || seconds > 1e11 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(seconds * 1000)), true
}

// signToken makes a token that says what the scheme wants to read, for five minutes. Where
// the body is the token its claims are the body's members.
func (r *Keyring) signToken(q *Request, _ string, now time.Time, id string) (string, error) {
	c := claims{}
	set := func(name, text string) { c[name], _ = jsontext.AppendQuote(nil, text) }
	if r.scheme.From == "body" {
		_ = json.Unmarshal(q.Body, &c) // no object: a token of times alone
	}
	if r.scheme.From != "body" || (r.scheme.Token != Token{}) {
		for name, at := range map[string]time.Time{"iat": now, "nbf": now, "exp": now.Add(DefaultTolerance)} {
			c[name] = strconv.AppendInt(nil, at.Unix(), 10)
		}
	}
	if name, ok := strings.CutPrefix(r.scheme.BodyHash.From, "claim:"); ok {
		set(name, r.scheme.BodyHash.of(q.Body))
	}
	if name, ok := strings.CutPrefix(r.scheme.URLHash.From, "claim:"); ok {
		set(name, r.scheme.URLHash.of([]byte(withQuery(r.urls[0], q.Query))))
	}
	if name, ok := strings.CutPrefix(r.scheme.ID, "claim:"); ok {
		set(name, id)
	}
	payload, _ := json.Marshal(c, json.Deterministic(true)) // valid values only
	head := `{"alg":"` + strings.ToUpper(strings.TrimPrefix(string(r.scheme.Algorithm), "jwt-")) + `","typ":"JWT"}`
	text := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	m := r.keys[0].macs.Get().(*mac)
	defer r.keys[0].macs.Put(m)
	m.hash.Reset()
	m.write(text)
	m.flush()
	return r.scheme.Prefix + text + "." + base64.RawURLEncoding.EncodeToString(m.hash.Sum(m.sum[:0])), nil
}
