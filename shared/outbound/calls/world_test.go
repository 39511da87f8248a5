package calls

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

var nine = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// fault is what happens to one call. The zero fault is none.
type fault struct {
	status int  // answered instead, with status 1: no answer at all, 2: none for as long as the caller waits
	landed bool // although the call took effect
}

// always makes every call end the same.
func always(f fault) func(int) fault { return func(int) fault { return f } }

// once makes the first call end so and the others well.
func once(f fault) func(int) fault { return each(f) }

// each gives the faults of the first calls; the others go well.
func each(faults ...fault) func(int) fault {
	return func(call int) fault {
		if call <= len(faults) {
			return faults[call-1]
		}
		return fault{}
	}
}

// world is outbound's table over memory; the calls reach the fake APIs, or those of
// the made-up platform Acme, through the real client.
type world struct {
	*fakeapi.API
	acme  *acme
	count int // of calls
	fault func(call int) fault

	books *ledger.Memory
	store *records.Memory
	now   time.Time
	log   bytes.Buffer
	ports Ports
	rows  map[string]webhook.BatchHandler
}

// RoundTrip implements [http.RoundTripper].
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.count++
	var f fault
	if w.fault != nil {
		f = w.fault(w.count)
	}
	answer := httptest.NewRecorder()
	if f.status == 0 || f.landed {
		if w.acme != nil {
			w.acme.ServeHTTP(answer, r)
		} else {
			w.ServeHTTP(answer, r)
		}
	}
	switch f.status {
	case 0:
	case 1:
		return nil, errors.New("the connection broke")
	case 2:
		<-r.Context().Done()
		return nil, r.Context().Err()
	default:
		answer = httptest.NewRecorder()
		answer.WriteHeader(f.status)
	}
	return answer.Result(), nil
}

// newWorld is of all platforms, configured for the fake APIs but for env.
func newWorld(t *testing.T, env map[string]string) *world {
	t.Helper()
	w := &world{API: fakeapi.New(), books: ledger.NewMemory(func() time.Time { return nine }), store: records.NewMemory(), now: nine}
	all := fakeapi.Addresses("https://api.test")
	maps.Copy(all, fakeapi.Secrets())
	maps.Copy(all, env)
	settings, err := SettingsFromEnv(func(name string) string { return all[name] })
	if err != nil {
		t.Fatal(err)
	}
	w.ports = Ports{Ledger: w.books, Records: w.store, Doer: &outbound.Client{Hosts: []string{"api.test"}, Transport: w},
		Now: func() time.Time { return w.now }, Jitter: func() time.Duration { return rand.N(time.Second) }}
	w.rows = Table(settings, w.ports, w.logger())
	t.Cleanup(func() {
		if wrong := w.State().Wrong; len(wrong) != 0 {
			t.Errorf("wrong calls: %q", wrong)
		}
	})
	return w
}

func (w *world) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// acme limits what a human may use, and ends sessions.
type acme struct {
	outbound.Doer
	limits map[string]int64
	ended  []string
}

func (a *acme) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	var limit map[string]int64
	if err := json.NewDecoder(r.Body).Decode(&limit); err != nil {
		panic(err)
	}
	maps.Copy(a.limits, limit)
}

func (a *acme) PutLimit(ctx context.Context, human string, units int64) error {
	_, err := a.Do(ctx, "PUT", "https://api.test/limits", nil, webhook.JSON(map[string]int64{human: units}))
	return err
}

func (a *acme) end(_ context.Context, of followups.Balance) error {
	a.ended = append(a.ended, of.Account)
	return nil
}

// newAcme is of Acme alone: one credit per unit.
func newAcme(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, nil)
	w.acme = &acme{Doer: w.ports.Doer, limits: map[string]int64{}}
	w.complete()
	return w
}

// complete makes Acme's table of the ports.
func (w *world) complete() {
	limits := &limits{Ledger: w.ports.Ledger, API: w.acme, Price: strict.NewDecimal(1), Log: w.logger()}
	t := &table{rows: map[string]webhook.BatchHandler{}, limits: limits, end: w.acme.end}
	w.rows = t.complete(w.ports, w.logger())
}

// handle handles one follow-up event.
func (w *world) handle(t testing.TB, e webhook.Event) webhook.Result {
	t.Helper()
	handler, ok := w.rows[e.Type]
	if !ok {
		t.Fatalf("%s has no handler", e.Type)
	}
	return handler(t.Context(), []webhook.Event{e})[0]
}

// drain handles events and what follows from them until nothing is left.
func (w *world) drain(t testing.TB, events ...webhook.Event) (handled []webhook.Event) {
	t.Helper()
	for len(events) > 0 {
		e := events[0]
		result := w.handle(t, e)
		if result.Err != nil {
			t.Fatalf("%s: %v", e.Type, result.Err)
		}
		handled = append(handled, e)
		events = append(events[1:], result.FollowUps...)
	}
	return handled
}

// book changes a balance and gives the follow-up the worker makes of it.
func (w *world) book(t testing.TB, id, human, amount string) webhook.Event {
	t.Helper()
	d, err := strict.ParseDecimal(amount)
	if err != nil {
		t.Fatal(err)
	}
	micros, _, err := d.Micros()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.books.Post(t.Context(), human, []ledger.Entry{{ID: id, Kind: ledger.Adjust, Amount: ledger.Micro(micros)}}); err != nil {
		t.Fatal(err)
	}
	return ours(followups.BalanceChanged, id, accounts.BalanceOf("", human))
}

// ours makes a follow-up event.
func ours(eventType, id string, v any) webhook.Event {
	return followups.New("worker", eventType, webhook.Event{ID: id, Time: nine}, id, v)
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

var errFails = errors.New("the store fails")

// failing is a store that cannot read one kind of records, or cannot write one; "*"
// is every kind.
type failing struct {
	records.Store
	get, put string
}

func (f *failing) Get(ctx context.Context, kind, id string) (records.Record, bool, error) {
	if f.get == "*" || kind == f.get {
		return records.Record{}, false, errFails
	}
	return f.Store.Get(ctx, kind, id)
}

func (f *failing) Put(ctx context.Context, r records.Record) (bool, error) {
	if f.put == "*" || r.Kind == f.put {
		return false, errFails
	}
	return f.Store.Put(ctx, r)
}

// firstPut is a store whose first Put ends in another way.
type firstPut struct {
	records.Store
	first func(put func() (bool, error)) (bool, error)
}

func (f *firstPut) Put(ctx context.Context, r records.Record) (bool, error) {
	put := func() (bool, error) { return f.Store.Put(ctx, r) }
	if first := f.first; first != nil {
		f.first = nil
		return first(put)
	}
	return put()
}

// lost stores, and says that it did not: stores of both clouds say so if they had to
// try twice.
func lost(put func() (bool, error)) (bool, error) {
	_, err := put()
	return false, err
}
