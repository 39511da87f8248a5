package calls_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// What outbound handles must not end with a worker that was handed it by a
// redrive: it goes on, unchanged.
func TestTheWorkerPassesFollowUpsOn(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	books := ledger.NewMemory(time.Now)
	worker := handlers.Table(handlers.Settings{}, books, records.NewMemory(), atNine, log)
	outbound := calls.Table(calls.Settings{}, calls.Ports{Ledger: books, Records: records.NewMemory()}, log)
	if len(outbound) == 0 {
		t.Fatal("outbound handles nothing")
	}
	for eventType := range outbound {
		e := webhook.FollowUp("worker", eventType, webhook.Event{ID: "cause"}, "somebody", []byte(`{}`))
		handler, ok := worker[eventType]
		if !ok {
			t.Errorf("%s ends here", eventType)
			continue
		}
		got := handler(t.Context(), []webhook.Event{e})
		if len(got) != 1 || got[0].Err != nil || len(got[0].FollowUps) != 1 || !bytes.Equal(got[0].FollowUps[0].Encode(), e.Encode()) {
			t.Errorf("%s: %d results, or another event", eventType, len(got))
		}
	}
}
