package signature_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/signature"
)

// FuzzVerify compares the keyring with the plainest reading of a scheme. The
// header is the right signature with one bit flipped (bit 0: none) between two
// texts, or one of the texts alone.
func FuzzVerify(f *testing.F) {
	schemes := []signature.Scheme{gabber, chatbase, prefixed, inBase64}
	for i := range schemes {
		f.Add(uint8(i), []byte(body), "", "", uint16(0), true)
		f.Add(uint8(i), []byte(body), " \t", "\t ", uint16(0), true)
		f.Add(uint8(i), []byte(body), "sha256=", "", uint16(0), true)
		f.Add(uint8(i), []byte(body), good, "", uint16(0), false)
		f.Add(uint8(i), []byte{}, "", "\n", uint16(6), true)
	}
	f.Fuzz(func(t *testing.T, scheme uint8, body []byte, before, after string, bit uint16, withSignature bool) {
		s := schemes[int(scheme)%len(schemes)]
		ring := ringOf(t, s, previous, current)
		header := before + after
		if withSignature {
			signed := []byte(ringOf(t, s, current).Sign(body))
			if at := int(bit) % (8 * len(signed)); at > 0 {
				signed[at/8] ^= 1 << (at % 8)
			}
			header = before + string(signed) + after
		}
		id, ok := ring.Verify(header, body)
		if want := reference(s, current.Value, header, body); ok != want || (id == "current") != want {
			t.Errorf("Verify(%q) = %q, %v, want %v", header, id, ok, want)
		}
	})
}

func reference(s signature.Scheme, secret, header string, body []byte) bool {
	newHash := map[signature.Algorithm]func() hash.Hash{signature.SHA1: sha1.New, signature.SHA256: sha256.New}[s.Algorithm]
	m := hmac.New(newHash, []byte(secret))
	m.Write(body)
	text := strings.TrimPrefix(strings.Trim(header, " \t"), s.Prefix)
	given, err := hex.DecodeString(text)
	if s.Encoding == signature.Base64 {
		given, err = base64.StdEncoding.Strict().DecodeString(text)
		if strings.ContainsAny(text, "\r\n") { // which the decoder skips
			return false
		}
	}
	return err == nil && subtle.ConstantTimeCompare(given, m.Sum(nil)) == 1
}
