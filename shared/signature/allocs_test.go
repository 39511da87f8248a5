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
		{"accepted", gabber, good},
		{"accepted, base64", inBase64, inStd},
		{"accepted, SHA-1", chatbase, ringOf(t, chatbase, current).Sign(data)},
		{"wrong", gabber, strings.Repeat("0", 64)},
		{"B78 one megabyte of a", gabber, strings.Repeat("a", 1<<20)},
		{"B78 one megabyte, base64", inBase64, strings.Repeat("a", 1<<20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			ring := ringOf(t, c.scheme, current, previous, next)
			if n := testing.AllocsPerRun(1000, func() { ring.Verify(c.header, data) }); n != 0 {
				t.Errorf("%v allocations per Verify", n)
			}
		})
	}
}
