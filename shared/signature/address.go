package signature

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
)

// Sources made of the public address of the route, which is a setting: what arrives may
// name another one.
func init() {
	sources["url"] = &source{isURL: true, read: func(_ *Keyring, _ *part, q Request, address string) (string, int) {
		return withQuery(address, q.Query), 1
	}}
	sources["url-noquery"] = &source{isURL: true, read: func(_ *Keyring, _ *part, _ Request, address string) (string, int) { return address, 1 }}
	sources["path"] = &source{isURL: true, read: func(_ *Keyring, _ *part, _ Request, address string) (string, int) {
		u, _ := url.Parse(address) // checked with the scheme
		return u.EscapedPath(), 1
	}}
}

func withQuery(address, query string) string {
	if query == "" {
		return address
	}
	return address + "?" + query
}

// variants gives an address with and without its port: platforms sign either.
func variants(address string) []string {
	u, err := url.Parse(address)
	if address == "" || err != nil {
		return []string{address}
	}
	port := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	before, after, _ := strings.Cut(address, u.Host)
	if u.Port() == "" {
		return []string{address, before + u.Host + ":" + port + after}
	}
	return []string{address, before + strings.TrimSuffix(u.Host, ":"+u.Port()) + after}
}

// hashesMatch compares the hash of the body that a signed address carries.
func (r *Keyring) hashesMatch(q Request) bool {
	if r.scheme.BodyHash.From == "" {
		return true
	}
	text, n := q.Value(r.scheme.BodyHash.From)
	return n == 1 && r.scheme.BodyHash.matches(text, q.Body)
}

// matches compares a hash as text with that of data.
func (h Hash) matches(text string, data []byte) bool {
	if h.Encoding != Base64 {
		text = strings.ToLower(text)
	}
	return subtle.ConstantTimeCompare([]byte(text), []byte(h.of(data))) == 1
}

// of is the hash of data as text.
func (h Hash) of(data []byte) string {
	sum := sha256.Sum256(data)
	if h.Encoding == Base64 {
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	return hex.EncodeToString(sum[:])
}
