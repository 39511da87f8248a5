package providers_test

import (
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers"
)

// BenchmarkDecode decodes the samples of about 1 KiB.
func BenchmarkDecode(b *testing.B) {
	for _, platform := range providers.Table() {
		for _, name := range events.Names(platform.Name) {
			body, err := events.Body(platform.Name, name)
			if err != nil {
				b.Fatal(err)
			}
			if len(body) < 900 || 1300 < len(body) {
				continue
			}
			b.Run(platform.Name+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := platform.Decode(body); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
