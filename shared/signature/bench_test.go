package signature_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"
)

var sizes = []struct {
	name  string
	bytes int
}{{"1KiB", 1 << 10}, {"16KiB", 16 << 10}, {"100KiB", 100 << 10}}

// BenchmarkVerify reports, beside its time, how many times a plain SHA-256 of
// the same body it costs. One is the floor: HMAC hashes the body once.
func BenchmarkVerify(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			ring, body := ringOf(b, gabber, current), make([]byte, size.bytes)
			header := ring.Sign(body)
			verify := func() { ring.Verify(header, body) }
			b.ReportAllocs()
			b.SetBytes(int64(size.bytes))
			for b.Loop() {
				verify()
			}
			b.ReportMetric(timesSHA256(verify, body), "x-sha256")
		})
	}
}

func BenchmarkSHA256(b *testing.B) {
	for _, size := range sizes {
		b.Run(size.name, func(b *testing.B) {
			body := make([]byte, size.bytes)
			b.ReportAllocs()
			b.SetBytes(int64(size.bytes))
			for b.Loop() {
				sha256.Sum256(body)
			}
		})
	}
}

// A refusal must stay cheap under a flood: a header of the wrong length is not
// worth hashing the body for.
func BenchmarkRefuse(b *testing.B) {
	ring, body := ringOf(b, gabber, current), make([]byte, 100<<10)
	for _, header := range []string{"", "deadbeef", ring.Sign(body) + "0"} {
		b.Run(fmt.Sprintf("%dchars", len(header)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ring.Verify(header, body)
			}
		})
	}
}

// timesSHA256 takes turns and keeps the fastest of each: on a busy machine only
// the minimum says something about the code.
func timesSHA256(f func(), body []byte) float64 {
	fastest := func(best time.Duration, f func()) time.Duration {
		const rounds = 20
		start := time.Now()
		for range rounds {
			f()
		}
		return min(best, time.Since(start))
	}
	f1, f2 := time.Hour, time.Hour
	for range 200 {
		f1 = fastest(f1, f)
		f2 = fastest(f2, func() { sha256.Sum256(body) })
	}
	return float64(f1) / float64(f2)
}
