package signature_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/signature"
)

func TestPropertyRoundTripAndBitFlips(t *testing.T) {
	rings := map[signature.Scheme]*signature.Keyring{}
	for _, scheme := range []signature.Scheme{gabber, chatbase, prefixed, inBase64} {
		rings[scheme] = ringOf(t, scheme, current, previous)
	}
	rapid.Check(t, func(t *rapid.T) {
		scheme := rapid.SampledFrom([]signature.Scheme{gabber, chatbase, prefixed, inBase64}).Draw(t, "scheme")
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		ring := rings[scheme]
		signed := ring.Sign(body)
		if id, ok := ring.Verify(signed, body); !ok || id != "current" {
			t.Fatalf("Verify of our own signature = %q, %v", id, ok)
		}
		if len(body) > 0 {
			if _, ok := ring.Verify(signed, flip(t, body, "body bit")); ok {
				t.Fatal("another body accepted")
			}
		}
		// In hex, one flip leads to the same digit in the other case.
		bad := string(flip(t, []byte(signed), "signature bit"))
		sameDigest := scheme.Encoding == signature.Hex && strings.ToLower(bad) == signed
		if _, ok := ring.Verify(bad, body); ok != sameDigest {
			t.Fatalf("Verify of %q for %q = %v", bad, signed, ok)
		}
	})
}

func flip(t *rapid.T, data []byte, label string) []byte {
	bit := rapid.IntRange(0, 8*len(data)-1).Draw(t, label)
	flipped := bytes.Clone(data)
	flipped[bit/8] ^= 1 << (bit % 8)
	return flipped
}
