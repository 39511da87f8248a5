package calls_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

var nine = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// atNine is a clock that stands still.
func atNine() time.Time { return nine }

type publisher func(webhook.Event) error

func (p publisher) Publish(_ context.Context, e webhook.Event) error { return p(e) }

// received makes the event of a body received by a platform's route.
func received(t *testing.T, provider, body string, after time.Duration) webhook.Event {
	t.Helper()
	for _, p := range providers.Table() {
		if p.Name == provider {
			e := ingest.Identify(p.Provider, []byte(body), nine.Add(after), "1")
			if e.Reason != "" {
				t.Fatalf("%s: %s", provider, e.Reason)
			}
			return e
		}
	}
	t.Fatalf("no platform %s", provider)
	return webhook.Event{}
}

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

func stateChanged(current string) string {
	return `{"type":"realtime_session.state_changed","payload":{"current_realtime_session":` + current + `}}`
}

const (
	newCall   = `{"id":"s1","state":"not_started","created_at":"2025-11-21T15:00:00Z","project":"p","simulated":true,"data":[{"type":"caller_phone_number","value":"+12025550143"}]}`
	liveCall  = `{"id":"s1","state":"in_progress","human":"u1","data":[{"type":"agent_phone_number","value":"+12025550178"}]}`
	thinLive  = `{"id":"s1","state":"in_progress"}`
	endedCall = `{"id":"s1","state":"ended","ended_at":"2025-11-21T15:09:00Z"}`
	oddCall   = `{"id":"s1","state":"paused","project":"q"}`
)

// queue keeps what is published.
type queue []webhook.Event

func (q *queue) Publish(_ context.Context, e webhook.Event) error {
	*q = append(*q, e)
	return nil
}
