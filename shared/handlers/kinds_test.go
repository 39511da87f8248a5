package handlers_test

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// kinds notes which kinds of records are put.
type kinds struct {
	records.Store
	put map[string]bool
}

func (k kinds) Put(ctx context.Context, r records.Record) (bool, error) {
	if !r.Deleted { // a tombstone is not listed
		k.put[r.Kind] = true
	}
	return k.Store.Put(ctx, r)
}

// Each kind that a sample leaves behind is listed, so that people find it.
func TestKindsListsWhatIsKept(t *testing.T) {
	store := kinds{records.NewMemory(), map[string]bool{}}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	table := handlers.Table(handlers.Settings{}, ledger.NewMemory(time.Now), store, time.Now, log)
	for _, p := range providers.Table() {
		for _, name := range events.Names(p.Name) {
			body, err := events.Body(p.Name, name)
			if err != nil {
				t.Fatal(err)
			}
			for eventType, handle := range table {
				if strings.HasPrefix(p.Name+"."+name+".", eventType+".") {
					handle(t.Context(), []webhook.Event{{ID: name, Source: "/webhooks/" + p.Name, Type: eventType, Time: time.Now(), Data: body, Basis: webhook.ByID}})
				}
			}
		}
	}
	if len(store.put) < 10 {
		t.Fatalf("samples leave only %d kinds behind", len(store.put))
	}
	for kind := range store.put {
		if model, _, per := strings.Cut(kind, "/"); per {
			kind = model + "/<id>"
		}
		if !slices.Contains(handlers.Kinds(), kind) {
			t.Errorf("%s is kept and not listed", kind)
		}
	}
}
