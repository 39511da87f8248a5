package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// brokenRecords and brokenLedger are stores that are down.
type brokenRecords struct{ err error }

func (b brokenRecords) Put(context.Context, records.Record) (bool, error) { return false, b.err }
func (b brokenRecords) Get(context.Context, string, string) (records.Record, bool, error) {
	return records.Record{}, false, b.err
}
func (b brokenRecords) List(context.Context, string, string, int) ([]records.Record, string, error) {
	return nil, "", b.err
}

type brokenLedger struct {
	ledger.Store
	err error
}

func (b brokenLedger) Post(context.Context, string, []ledger.Entry) ([]ledger.Outcome, error) {
	return nil, b.err
}

var errFails = errors.New("the store fails")

// failing is a store that cannot read one kind of records, or cannot write one.
type failing struct {
	records.Store
	get, put string // kinds
}

func (f *failing) Get(ctx context.Context, kind, id string) (records.Record, bool, error) {
	if kind == f.get {
		return records.Record{}, false, errFails
	}
	return f.Store.Get(ctx, kind, id)
}

func (f *failing) Put(ctx context.Context, r records.Record) (bool, error) {
	if r.Kind == f.put {
		return false, errFails
	}
	return f.Store.Put(ctx, r)
}

// queue keeps what is published.
type queue []webhook.Event

func (q *queue) Publish(_ context.Context, e webhook.Event) error {
	*q = append(*q, e)
	return nil
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// outcome is how one handling ended: "done", "again" or "dead: why".
func outcome(r webhook.Result) string {
	if reason, permanent := webhook.PermanentReason(r.Err); permanent {
		return "dead: " + reason
	}
	if r.Err != nil {
		return "again"
	}
	return "done"
}
