package signature_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"
)

// BenchmarkVerify reports, beside its time, how many times a plain SHA-256 of
// the same body it costs. One is the floor: HMAC hashes the body once.
func BenchmarkVerify(b *testing.B) {
	for _, kib := range []int{1, 16, 100} {
		b.Run(fmt.Sprint(kib, "KiB"), func(b *testing.B) {
			ring, body := ringOf(b, inHex, current), make([]byte, kib<<10)
			header := ring.Sign(body)
			verify := func() { ring.Verify(header, body) }
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				verify()
			}
			b.ReportMetric(timesSHA256(verify, body), "x-sha256")
		})
	}
}

// timesSHA256 measures both by turns and compares the minima: on a busy machine only
// the minimum is about the code.
func timesSHA256(f func(), body []byte) float64 {
	best := func(shortest time.Duration, f func()) time.Duration {
		start := time.Now()
		for range 20 {
			f()
		}
		return min(shortest, time.Since(start))
	}
	ours, floor := time.Hour, time.Hour
	for range 200 {
		ours = best(ours, f)
		floor = best(floor, func() { sha256.Sum256(body) })
	}
	return float64(ours) / float64(floor)
}
