package signature

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// prefixes are what senders put before a digest, and all that Explain repeats of a
// header's value. The last character of each is in no digest but at its end.
var prefixes = []string{
	"sha256=", "sha1=", "sha512=", "md5=", "hmac-sha256=", "sha256:", "sha1:", "v1=", "v0=", "t=", "s=", "Bearer ", "Basic ", "HMAC ", `"`, "'",
}

// hashes by the size of their digests in bytes.
var hashes = map[int]string{16: "MD5", 20: "SHA-1", 32: "SHA-256", 48: "SHA-384", 64: "SHA-512"}

// Explain describes, of a request that did not verify, the shape of the signature that
// was expected and the shape that came: length, alphabet, a known prefix, the hash whose
// digests have that size. Both are safe for a log: nothing of the value but a known
// prefix is in them.
func (r *Keyring) Explain(q Request) (expected, got string) {
	expected = r.expected()
	if r.scheme.From != "" {
		return expected, "another signature"
	}
	switch all := q.Header.Values(r.scheme.Header); {
	case len(all) > 1:
		return "1 header", fmt.Sprintf("%d headers", len(all))
	case len(all) == 0:
		return expected, "no header"
	default:
		return expected, r.explain(all[0])
	}
}

func (r *Keyring) expected() string {
	text := string(r.scheme.Algorithm)
	if r.size > 0 {
		length := 2 * r.size
		if r.scheme.Encoding == Base64 {
			length = base64.StdEncoding.EncodedLen(r.size)
		}
		text = fmt.Sprintf("%d %s (%s)", length, r.scheme.Encoding, hashes[r.size])
	}
	if r.scheme.Field != "" {
		text += " as " + r.scheme.Field + " of a list"
	}
	if r.scheme.Prefix != "" {
		text += ", allowed behind " + r.scheme.Prefix
	}
	return text
}

// explain describes the value of the signature's header.
func (r *Keyring) explain(value string) string {
	var found digests
	value = strings.Trim(value, " \t")
	if r.read(&found, &values{}, value) == nil && r.looksRight(&found) {
		return "the same shape: wrong key or changed bytes"
	}
	return shapes(value)
}

// looksRight says whether a signature can be read: its key or what it signs is wrong.
func (r *Keyring) looksRight(found *digests) bool {
	switch {
	case found.n == 0 || r.size > 0:
		return found.n > 0
	case r.method.looks == nil:
		return false
	}
	return slices.ContainsFunc(found.texts[:found.n], func(text string) bool { return r.method.looks(r, text) })
}

// shapes describes a header value. Of a list it describes the first item.
func shapes(value string) string {
	first, _, isList := strings.Cut(value, ",")
	if !isList {
		return shape(value)
	}
	return fmt.Sprintf("list of %d, the first: %s", strings.Count(value, ",")+1, shape(first))
}

func shape(text string) string {
	text = strings.Trim(text, " \t")
	before := ""
	for _, prefix := range prefixes {
		if n := len(prefix); len(text) >= n && strings.EqualFold(text[:n], prefix) {
			if before = strings.TrimSpace(prefix) + " before "; text[:n] != prefix {
				before = strings.TrimSpace(prefix) + " in another case before "
			}
			text = text[n:]
			break
		}
	}
	name, size := alphabet(text)
	described := fmt.Sprintf("%s%d %s", before, len(text), name)
	if hash, ok := hashes[size]; ok {
		described += " (" + hash + ")"
	}
	return described
}

const (
	hexDigits = "0123456789abcdefABCDEF"
	letters   = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// alphabet names the narrowest alphabet with every character of a text, and gives the
// size in bytes of what the text then encodes, 0 if none.
func alphabet(text string) (name string, size int) {
	digits := strings.TrimRight(text, "=")
	switch "" {
	case strings.Trim(text, hexDigits):
		return "hex", len(text) / 2 * (1 - len(text)%2)
	case strings.Trim(digits, letters+"+/"):
		return "base64", base64.RawStdEncoding.DecodedLen(len(digits))
	case strings.Trim(digits, letters+"-_"):
		return "base64url", base64.RawStdEncoding.DecodedLen(len(digits))
	}
	return "other", 0
}
