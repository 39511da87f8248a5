//go:build !race

package signature_test

import (
	"strings"
	"testing"

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
		{"accepted, SHA-1", inSHA1, ringOf(t, inSHA1, current).Sign(data)},
		{"wrong", inHex, strings.Repeat("0", 64)},
		{"one megabyte", inHex, strings.Repeat("a", 1<<20)},
		{"one megabyte, base64", inBase64, strings.Repeat("a", 1<<20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			ring := ringOf(t, c.scheme, current, previous, next)
			if n := testing.AllocsPerRun(1000, func() { ring.Verify(c.header, data) }); n != 0 {
				t.Errorf("%v allocations per Verify", n)
			}
		})
	}
}
