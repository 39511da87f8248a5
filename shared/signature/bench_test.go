package signature_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/signature"
)

// BenchmarkVerify reports, beside its time, how many times a plain SHA-256 of
// the same body it costs. One is the floor: HMAC hashes the body once.
func BenchmarkVerify(b *testing.B) {
	for _, kib := range []int{1, 16, 100} {
		b.Run(fmt.Sprint(kib, "KiB"), func(b *testing.B) { benchmark(b, inHex, kib<<10) })
	}
	for name, scheme := range templated {
		b.Run(name+"/1KiB", func(b *testing.B) { benchmark(b, scheme, 1<<10) })
	}
}

func benchmark(b *testing.B, scheme signature.Scheme, size int) {
	ring, now := ringOf(b, scheme, current), time.Unix(1790000000, 0)
	q := signature.Request{Method: "POST", Header: signature.Header{"Content-Type": {"application/json"}, "User-Agent": {"platform/1"}, "Accept": {"*/*"}}, Body: make([]byte, size)}
	if err := ring.Sign(&q, now, "msg_1"); err != nil {
		b.Fatal(err)
	}
	verify := func() {
		if _, err := ring.Verify(q, now); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		verify()
	}
	b.ReportMetric(timesSHA256(verify, q.Body), "x-sha256")
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
	for range 1000 {
		ours = best(ours, f)
		floor = best(floor, func() { sha256.Sum256(body) })
	}
	return float64(ours) / float64(floor)
}
