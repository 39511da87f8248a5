package ingest_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/webhook"
)

// BenchmarkIngest takes an event of 500 bytes from delivery to a queue
// that keeps nothing, logging included.
func BenchmarkIngest(b *testing.B) {
	body := strings.Replace(usage, `"who"`, `"note": "`+strings.Repeat("m", 500-len(usage)-len(`"note": "", `))+`", "who"`, 1)
	if len(body) != 500 {
		b.Fatalf("the body has %d bytes", len(body))
	}
	for _, bench := range []struct {
		name     string
		delivery webhook.Delivery
		status   int
	}{
		{"accepted", delivery(body), 200},
		{"forged", forged(body), 403},
	} {
		b.Run(bench.name, func(b *testing.B) {
			w := ingesttest.NewWorld(b)
			w.Ingest.Log = slog.New(slog.NewJSONHandler(io.Discard, nil))
			w.Ingest.Events = publisher(func(_ context.Context, e webhook.Event) error { _ = e.Encode(); return nil })
			b.ReportAllocs()
			for b.Loop() {
				if reply := w.Ingest.Handle(b.Context(), bench.delivery); reply.Status != bench.status {
					b.Fatalf("status %d, want %d", reply.Status, bench.status)
				}
			}
		})
	}
}
