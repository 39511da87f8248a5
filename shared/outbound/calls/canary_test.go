package calls_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// canaries must never be seen outside an event's data: what platforms send, and
// our own secrets.
var canaries = []string{"canary", fakeapi.Key, fakeapi.LeadsSecret, strings.TrimPrefix(fakeapi.LeadsSecret, "whsec_")}

// silence collects everything that is written down about events, and what
// became of them.
type silence struct {
	log     bytes.Buffer
	handled map[string]bool // event types
	dead    int
}

func (s *silence) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (s *silence) check(t *testing.T, what, text string) {
	t.Helper()
	for _, canary := range canaries {
		if strings.Contains(text, canary) {
			t.Fatalf("%s shows %q: %s", what, canary, text)
		}
	}
}

// run puts events through a real worker and gives the follow-ups.
func (s *silence) run(t *testing.T, table map[string]webhook.BatchHandler, events []webhook.Event) (followUps []webhook.Event) {
	t.Helper()
	w := &worker.Worker{
		Handlers:  table,
		FollowUps: publisher(func(e webhook.Event) error { followUps = append(followUps, e); return nil }),
		DeadLetters: publisher(func(e webhook.Event) error {
			s.dead++
			s.check(t, "the reason of a dead letter", e.Reason)
			return nil
		}),
		Redecode: func(e webhook.Event) (webhook.Event, error) { return e, nil },
		Now:      func() time.Time { return nine },
		Log:      s.logger(),
	}
	var messages []worker.Message
	for i, e := range events {
		s.handled[e.Type] = true
		messages = append(messages, worker.Message{ID: fmt.Sprint(i), Receives: 1, Body: e.Encode()})
	}
	for _, v := range w.Handle(context.Background(), messages) {
		s.check(t, "a verdict", v.Reason)
	}
	s.check(t, "the log", s.log.String())
	s.log.Reset()
	return followUps
}

// strewn gives a body with a canary in every string, and that body once more for
// every value, which is then of a type that nobody expects.
func strewn(t *testing.T, body []byte) (bodies [][]byte) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var whole any
	if err := d.Decode(&whole); err != nil {
		t.Fatal(err)
	}
	keep := []string{"type", "event", "eventType", "state"} // or nobody would handle it
	at, broken := 0, -1
	var strew func(key string, v any) any
	strew = func(key string, v any) any {
		if at++; at-1 == broken {
			return []any{map[string]any{"canary": "canary"}}
		}
		switch v := v.(type) {
		case map[string]any:
			to := map[string]any{}
			for _, k := range slices.Sorted(maps.Keys(v)) {
				to[k] = strew(k, v[k])
			}
			return to
		case []any:
			to := make([]any, len(v))
			for i := range v {
				to[i] = strew("", v[i])
			}
			return to
		case string:
			if !slices.Contains(keep, key) {
				return "canary-" + v
			}
		}
		return v
	}
	for values := 1; broken < values; broken++ {
		at = 0
		bodies = append(bodies, encoded(t, strew("", whole)))
		values = max(values, at)
	}
	return bodies
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// everyEvent gives all samples, strewn with canaries.
func everyEvent(t *testing.T, s *silence) (all []webhook.Event) {
	t.Helper()
	for _, p := range providers.Table() {
		for _, name := range events.Names(p.Name) {
			body, err := events.Body(p.Name, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range strewn(t, body) {
				e := ingest.Identify(p.Provider, b, nine, "1")
				s.check(t, "the reason of a dead letter", e.Reason)
				e.Reason, e.Basis = "", webhook.ByID // as if it had been readable when it came
				all = append(all, e)
			}
		}
	}
	return all
}

// worlds is what a worker may find: stores that work, that are down, that panic.
func worlds(t *testing.T) map[string]func() (ledger.Store, records.Store) {
	down := errors.New("store is down")
	return map[string]func() (ledger.Store, records.Store){
		"well": func() (ledger.Store, records.Store) {
			store := records.NewMemory()
			if _, err := store.Put(t.Context(), accounts.PhoneOwner("canary-+12025550143", "canary-human", nine)); err != nil {
				t.Fatal(err)
			}
			return ledger.NewMemory(func() time.Time { return nine }), store
		},
		"down":  func() (ledger.Store, records.Store) { return brokenLedger{nil, down}, brokenRecords{down} },
		"panic": func() (ledger.Store, records.Store) { return nil, panicking{} },
	}
}

type panicking struct{ records.Store }

func (panicking) Put(context.Context, records.Record) (bool, error) { panic("canary") }

func TestNobodyIsNamed(t *testing.T) {
	settings, err := handlers.SettingsFromEnv(func(name string) string {
		return map[string]string{"TARIFF": "conversational_seconds=1,call_seconds=0.5,token_cnt=0.1", "GABBER_LEDGER": "beside",
			"GABBER_CREDIT": "canary-credit", "LEADS_FORWARD_URL": "https://canary.test/", "SPEAK_RESULT": "canary {response}"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &silence{handled: map[string]bool{}}
	all := everyEvent(t, s)
	known := map[string]bool{}
	followUps := map[string]webhook.Event{}
	for _, world := range worlds(t) {
		books, store := world()
		table := handlers.Table(settings, books, store, atNine, s.logger())
		for eventType := range table {
			known[eventType] = true
		}
		for batch := range slices.Chunk(append(all, all...), 10) {
			for _, f := range s.run(t, table, batch) {
				followUps[f.ID] = f
			}
		}
	}
	if s.dead < 1000 {
		t.Errorf("only %d dead letters: nothing was broken", s.dead)
	}
	crossed := followups.Crossing{Balance: followups.Balance{Account: "canary", Human: "canary"}, Number: 2}
	found := followups.SessionHuman{Session: "canary-session", Human: "canary-human"} // the samples' session is over when its call arrives
	for _, e := range []webhook.Event{ours(t, followups.Exhausted, "1", crossed), ours(t, followups.Restored, "2", crossed), ours(t, followups.HumanFound, "3", found)} {
		followUps[e.ID] = e
	}
	outboundIsSilent(t, s, slices.Collect(maps.Values(followUps)), known)
	for eventType := range known {
		if !s.handled[eventType] {
			t.Errorf("%s was not handled", eventType)
		}
	}
}

// outboundIsSilent handles follow-ups under every answer there is, and as what
// cannot be read.
func outboundIsSilent(t *testing.T, s *silence, followUps []webhook.Event, known map[string]bool) {
	t.Helper()
	for _, f := range []fault{{}, {1, true}, {1, false}, {301, false}, {400, false}, {401, false}, {404, false}, {429, false}, {500, true}} {
		w := newOutbound(t, map[string]string{"END_EXHAUSTED_SESSIONS": "true"})
		keepSessions(t, w.store)
		w.book(t, "canary", "canary-member-20417", "-1")
		w.fault = always(f)
		for eventType := range w.table {
			known[eventType] = true
		}
		for range 2 {
			s.run(t, w.table, followUps)
		}
		for _, e := range followUps {
			e.Data = []byte(`{"canary":"canary"}`)
			s.run(t, w.table, []webhook.Event{e})
		}
		s.check(t, "the log of outbound", w.log.String())
	}
}
