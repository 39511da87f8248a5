package signature

import (
	"bytes"
	"crypto/hmac"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// claims of a token.
type claims map[string]jsontext.Value

// verifyToken verifies a token (RFC 7519) with one fixed algorithm: its header may only
// agree.
func (r *Keyring) verifyToken(given string, q *Request, now time.Time) (Verified, error) {
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
func (r *Keyring) verifiedToken(keyID string, c claims, q *Request, now time.Time) (Verified, error) {
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
func (r *Keyring) claimsURL(c claims, q *Request) bool {
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

// verifyStatic compares the secret itself, as hashes: its length is a secret, too.
func (r *Keyring) verifyStatic(given string) (Verified, error) {
	given = strings.TrimPrefix(given, r.scheme.Prefix)
	if r.scheme.Encoding != "" {
		decoded, err := base64.StdEncoding.DecodeString(given)
		if err != nil {
			return Verified{}, ErrMalformed
		}
		given = string(decoded)
	}
	keyID, ok := "", false
	for _, k := range slices.Backward(r.keys) {
		if equalTexts(k.text(), given) {
			keyID, ok = k.id, true
		}
	}
	if !ok {
		return Verified{}, ErrMismatch
	}
	return Verified{KeyID: keyID, Covers: CoversNothing}, nil
}

func equalTexts(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(hashed(fromBodyRaw, []byte(a))), []byte(hashed(fromBodyRaw, []byte(b)))) == 1
}
