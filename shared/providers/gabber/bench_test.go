package gabber_test

import (
	"testing"

	"github.com/webhook-functions/template/shared/providers/gabber"
)

func BenchmarkDecode(b *testing.B) {
	body := sample(b, "usage.tracked")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gabber.Decode(body); err != nil {
			b.Fatal(err)
		}
	}
}
