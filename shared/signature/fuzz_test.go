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

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/signature"
)

var schemes = []signature.Scheme{inHex, inSHA1, prefixed, inBase64}

// verifyLikeReference compares the keyring with the plainest reading of a scheme. Of
// the body and of its signature a bit may be flipped (0: none) on the way, and texts
// may stand around the signature.
func verifyLikeReference(t rapid.TB, scheme uint8, body []byte, before, after string, bodyBit, signBit uint16) {
	s := schemes[int(scheme)%len(schemes)]
	signed := signed(ringOf(t, s, current), body)
	header, body := before+string(flip([]byte(signed), signBit))+after, flip(body, bodyBit)
	id, ok := verify(ringOf(t, s, previous, current), header, body)
	if want := reference(s, current.Value, header, body); ok != want || (id == "current") != want {
		t.Errorf("Verify(%q) = %q, %v, want %v", header, id, ok, want)
	}
}

func TestVerifyLikeReference(t *testing.T) {
	around := rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{" ", "\t", "\n", "sha256="}), rapid.String())
	bit := rapid.OneOf(rapid.Just(uint16(0)), rapid.Uint16())
	rapid.Check(t, func(t *rapid.T) {
		verifyLikeReference(t, rapid.Uint8().Draw(t, "scheme"), rapid.SliceOf(rapid.Byte()).Draw(t, "body"),
			around.Draw(t, "before"), around.Draw(t, "after"), bit.Draw(t, "body bit"), bit.Draw(t, "signature bit"))
	})
}

func FuzzVerify(f *testing.F) {
	for i := range schemes {
		f.Add(uint8(i), []byte(body), "", "", uint16(0), uint16(0))
		f.Add(uint8(i), []byte(body), "sha256=", "\t ", uint16(0), uint16(0))
		f.Add(uint8(i), []byte{}, "", "\n", uint16(0), uint16(6))
	}
	f.Fuzz(func(t *testing.T, scheme uint8, body []byte, before, after string, bodyBit, signBit uint16) {
		verifyLikeReference(t, scheme, body, before, after, bodyBit, signBit)
	})
}

func flip(data []byte, bit uint16) []byte {
	flipped := append([]byte{}, data...)
	if at := int(bit) % (8*len(data) + 1); at > 0 {
		flipped[(at-1)/8] ^= 1 << ((at - 1) % 8)
	}
	return flipped
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
