//go:build !race

package signature_test

import (
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/signature"
)

// The race detector makes sync.Pool forget on purpose, hence the build tag.
func TestVerifyAllocatesNothing(t *testing.T) {
	data := []byte(body)
	for _, c := range []struct {
		name   string
		scheme signature.Scheme
		header string
	}{
		{"accepted", inHex, good},
		{"accepted, base64", inBase64, inStd},
		{"accepted, SHA-1", inSHA1, signed(ringOf(t, inSHA1, current), data)},
		{"wrong", inHex, strings.Repeat("0", 64)},
		{"one megabyte", inHex, strings.Repeat("a", 1<<20)},
		{"one megabyte, base64", inBase64, strings.Repeat("a", 1<<20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			ring := ringOf(t, c.scheme, current, previous, next)
			q, now := signature.Request{Method: "POST", Header: signature.Header{ring.Header(): {c.header}}, Body: data}, time.Time{}
			if n := testing.AllocsPerRun(1000, func() { _, _ = ring.Verify(q, now) }); n != 0 {
				t.Errorf("%v allocations per Verify", n)
			}
		})
	}
}

// A template's values are not joined: what is signed is written piece by piece.
func TestVerifyAllocatesLittleForATemplate(t *testing.T) {
	for name, scheme := range templated {
		t.Run(name, func(t *testing.T) {
			ring, q, now := ringOf(t, scheme, current, previous, next), signature.Request{Method: "POST", Body: []byte(body)}, time.Unix(1790000000, 0)
			if err := ring.Sign(&q, now, "msg_1"); err != nil {
				t.Fatal(err)
			}
			if n := testing.AllocsPerRun(1000, func() { _, _ = ring.Verify(q, now) }); n > 2 {
				t.Errorf("%v allocations per Verify", n)
			}
		})
	}
}
