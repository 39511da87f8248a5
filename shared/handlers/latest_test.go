package handlers_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// received makes the event of a body received by a platform's route.
func received(t *testing.T, provider, body string, after time.Duration) webhook.Event {
	t.Helper()
	for _, p := range providers.Table() {
		if p.Name == provider {
			e, _ := ingest.Identify(p.Provider, []byte(body), nine.Add(after), "1")
			if e.Reason != "" {
				t.Fatalf("%s: %s", provider, e.Reason)
			}
			return e
		}
	}
	t.Fatalf("no platform %s", provider)
	return webhook.Event{}
}

func TestEverySampleOfAKnownTypeHasAReaction(t *testing.T) {
	b := newBooks(t, nil)
	table := handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, records.NewMemory(), b.Log)
	ignored := map[string]bool{"gabber.voice.clone_ready": true, "g-tateth.webhook.test": true} // events nobody can know
	for _, p := range providers.Table() {
		for _, name := range events.Names(p.Name) {
			body, err := events.Body(p.Name, name)
			if err != nil {
				t.Fatal(err)
			}
			e := received(t, p.Name, string(body), 0)
			handler, ok := table[e.Type]
			if ok == ignored[e.Type] {
				t.Errorf("%s %s: handled is %v", p.Name, name, ok)
			}
			if !ok {
				continue
			}
			if r := handler(t.Context(), []webhook.Event{e})[0]; r.Err != nil || r.Outcome == "" {
				t.Errorf("%s %s: %+v", p.Name, name, r)
			}
		}
	}
}

func TestLatestState(t *testing.T) {
	message := func(verb string, updated int, text string) string {
		return fmt.Sprintf(`{"id":"e","type":"message.%s","payload":{"id":"m1","message":%q,"updated_at":%d}}`, verb, text, updated)
	}
	call := func(verb, at string) string {
		return fmt.Sprintf(`{"event":"call.%s","timestamp":%q,"data":{"callId":"c1","status":%q}}`, verb, at, verb)
	}
	for _, row := range []struct {
		name, provider string
		bodies         []string
		kind, id, want string // want "" is a tombstone
	}{
		{"the first state is kept", "cribbly", []string{message("created", 100, "one")},
			"cribbly.message", "m1", `{"id":"m1","message":"one","updated_at":100}`},
		{"a newer state replaces an older one", "cribbly", []string{message("created", 100, "one"), message("updated", 200, "two")},
			"cribbly.message", "m1", `{"id":"m1","message":"two","updated_at":200}`},
		{"an older state that arrives late changes nothing", "cribbly", []string{message("updated", 200, "two"), message("created", 100, "one")},
			"cribbly.message", "m1", `{"id":"m1","message":"two","updated_at":200}`},
		{"deleted stays deleted", "oblic", []string{message("deleted", 0, ""), message("updated", 4102444800, "late")},
			"oblic.message", "m1", ""},
		{"without a time of change the later delivery counts", "cribbly", []string{
			`{"type":"contact.created","payload":{"id":"p1","username":"a"}}`, `{"type":"contact.updated","payload":{"id":"p1","username":"b"}}`},
			"cribbly.contact", "p1", `{"id":"p1","username":"b"}`},
		{"calls are ordered by their timestamp", "g-tateth", []string{call("completed", "2026-11-21T09:05:00Z"), call("ringing", "2026-11-21T09:00:00Z")},
			"g-tateth.call", "c1", `{"callId":"c1","status":"completed"}`},
		{"a lead is kept by conversation", "chatbase", []string{`{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c","customerEmail":"a@example.com"}}`},
			"chatbase.lead", "c", `{"conversationId":"c","customerEmail":"a@example.com"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBooks(t, nil)
			store := records.NewMemory()
			table := handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, store, b.Log)
			for round := range 2 { // delivered again, nothing changes
				for i, body := range row.bodies {
					e := received(t, row.provider, body, time.Duration(i)*time.Second)
					if r := table[e.Type](t.Context(), []webhook.Event{e})[0]; r.Err != nil {
						t.Fatalf("round %d: %v", round, r.Err)
					}
				}
			}
			got, ok, err := store.Get(t.Context(), row.kind, row.id)
			if err != nil || !ok || got.Deleted != (row.want == "") || string(got.Data) != row.want {
				t.Errorf("record %s (found %v, deleted %v, error %v), want %s", got.Data, ok, got.Deleted, err, row.want)
			}
		})
	}
}

func TestAStoreThatIsDownMakesEventsComeBack(t *testing.T) {
	down := errors.New("store is down")
	leads := &handlers.Leads{Records: brokenRecords{down}}
	e := received(t, "chatbase", `{"eventType":"leads.submit","chatbotId":"b","payload":{}}`, 0)
	_, err := leads.Keep(t.Context(), e)
	if _, permanent := webhook.PermanentReason(err); !errors.Is(err, down) || permanent {
		t.Errorf("error %v, want one that comes back", err)
	}
	b := newBooks(t, nil)
	b.Ledger = brokenLedger{b.Ledger, down}
	if got := b.outcome(t, usage(t, seconds("1", "u1", "1"), 0)); got != "again: store is down" {
		t.Errorf("outcome %q", got)
	}
}
