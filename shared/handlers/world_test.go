package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

var nine = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// atNine is a clock that stands still.
func atNine() time.Time { return nine }

// report is what the made-up platform Acme reports, and the body it does so with.
type report struct {
	Type  string
	Usage webhook.Usage
	State webhook.State
	Fault string // of the usage or the state
}

// The payloads of Acme's types: usage, latest state, and a call with both.
type (
	acmeUsage struct{ report }
	acmeState struct{ report }
	acmeCall  struct{ report }
)

func (r report) usage() (webhook.Usage, error) {
	if r.Fault != "" {
		return r.Usage, errors.New(r.Fault)
	}
	value, err := strict.ParseDecimal(r.Usage.Value)
	r.Usage.Meaning = []string{r.Usage.Whom, r.Usage.Type, value.String()}
	return r.Usage, err
}

func (r report) state(body []byte) (webhook.State, error) {
	r.State.Data = body
	if r.Fault == "state" {
		return r.State, errors.New(r.Fault)
	}
	return r.State, nil
}

func (u acmeUsage) Usage() (webhook.Usage, error)            { return u.usage() }
func (s acmeState) State(body []byte) (webhook.State, error) { return s.state(body) }
func (c acmeCall) State(body []byte) (webhook.State, error)  { return c.state(body) }

func (c acmeCall) Usage() (webhook.Usage, error) {
	c.report.Usage.Type = "call_seconds"
	c.report.Usage.Key = []string{"call", c.report.Usage.ID}
	return c.usage()
}

var madeUp = webhook.Provider{Name: "acme", Decode: decodeAcme, Events: map[string]any{
	"used": acmeUsage{}, "call.ended": acmeCall{},
	"thing.created": acmeState{}, "thing.changed": acmeState{}, "message.sent": acmeState{},
}}

func decodeAcme(body []byte) (parsed webhook.Parsed, err error) {
	var r report
	if err := json.Unmarshal(body, &r); err != nil {
		return parsed, err
	}
	parsed.Type, parsed.Known = r.Type, true
	switch r.Type {
	case "used":
		parsed.Payload = acmeUsage{r}
	case "call.ended":
		parsed.Payload = acmeCall{r}
	default:
		parsed.Payload = acmeState{r}
	}
	if r.Usage.ID != "" {
		parsed.Identity = []string{r.Usage.ID}
	}
	return parsed, nil
}

// received makes the event of a report, received so long after nine.
func received(r report, after time.Duration) webhook.Event {
	return ingest.Identify(madeUp, webhook.JSON(r), nine.Add(after), signature.Verified{KeyID: "1"})
}

// used makes the event of usage of seconds.
func used(u webhook.Usage, after time.Duration) webhook.Event {
	if u.Type == "" {
		u.Type = "conversational_seconds"
	}
	return received(report{Type: "used", Usage: u}, after)
}

func seconds(id, whom, value string) webhook.Usage {
	return webhook.Usage{ID: id, Whom: whom, Value: value, Project: "p"}
}

// receivedFrom makes the event of a body received by a platform's route.
func receivedFrom(t *testing.T, provider, body string, after time.Duration) webhook.Event {
	t.Helper()
	p, ok := providers.Table().Named(provider)
	e := ingest.Identify(p.Provider, []byte(body), nine.Add(after), signature.Verified{KeyID: "1"})
	if !ok || e.Reason != "" {
		t.Fatalf("%s: %s", provider, e.Reason)
	}
	return e
}

// eachSample visits every sample of every platform.
func eachSample(t *testing.T, visit func(p webhook.Provider, name string, body []byte)) {
	t.Helper()
	for _, p := range providers.Table().Providers() {
		for _, name := range events.Names(p.Name) {
			body, err := events.Body(p.Name, name)
			if err != nil {
				t.Fatal(err)
			}
			visit(p, name, body)
		}
	}
}

// world is the worker's table, Acme's rows included, over memory.
type world struct {
	*records.Memory
	settings Settings
	books    ledger.Store
	store    records.Store
	now      time.Time
	log      bytes.Buffer
	rows     map[string]webhook.BatchHandler
}

func newWorld(t *testing.T, env map[string]string) *world {
	t.Helper()
	w := &world{Memory: records.NewMemory(), books: ledger.NewMemory(atNine), now: nine}
	w.store = w.Memory
	var err error
	if w.settings, err = SettingsFromEnv(func(name string) string { return env[name] }); err != nil {
		t.Fatal(err)
	}
	w.complete()
	return w
}

// complete makes the table over the stores.
func (w *world) complete() {
	now := func() time.Time { return w.now }
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	w.rows = Table(w.settings, w.books, w.store, now, log)
	credits := w.settings.Credits
	credits.Ledger, credits.Records, credits.Now, credits.Log = w.books, w.store, now, log
	maps.Copy(w.rows, reports(madeUp, credits, w.store))
}

func (w *world) handle(t testing.TB, e webhook.Event) webhook.Result {
	t.Helper()
	handler, ok := w.rows[e.Type]
	if !ok {
		t.Fatalf("%s has no handler", e.Type)
	}
	return handler(t.Context(), []webhook.Event{e})[0]
}

// outcome handles an event and gives its outcome, "dead: ..." or "again: ...".
func (w *world) outcome(t testing.TB, e webhook.Event) string {
	t.Helper()
	return outcome(w.handle(t, e))
}

func outcome(r webhook.Result) string {
	if reason, permanent := webhook.PermanentReason(r.Err); permanent {
		return "dead: " + reason
	}
	if r.Err != nil {
		return "again: " + r.Err.Error()
	}
	return r.Outcome
}

func (w *world) balance(t testing.TB, account string) string {
	t.Helper()
	ledgertest.CheckLedger(t, w.books, account)
	a, err := w.books.Account(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return a.Balance.String()
}

// book changes the balance of an account.
func (w *world) book(t *testing.T, id, account string, amount ledger.Micro) {
	t.Helper()
	if _, err := w.books.Post(t.Context(), account, []ledger.Entry{{ID: id, Kind: ledger.Adjust, Amount: amount}}); err != nil {
		t.Fatal(err)
	}
}

// of gives the data of the follow-ups of a type, in order.
func of(eventType string, r webhook.Result) (data []string) {
	for _, f := range r.FollowUps {
		if f.Type == eventType {
			data = append(data, string(f.Data))
		}
	}
	return data
}

// ids gives the identities of the follow-ups.
func ids(r webhook.Result) (all string) {
	for _, f := range r.FollowUps {
		all += f.ID + " "
	}
	return all
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

// comesBack: an event whose store fails is neither done nor dead.
func comesBack(t *testing.T, w *world, e webhook.Event, store *failing) {
	t.Helper()
	store.Store, w.store = records.NewMemory(), store
	w.complete()
	if r := w.handle(t, e); !strings.HasPrefix(outcome(r), "again: ") || !errors.Is(r.Err, errFails) {
		t.Errorf("%s, cannot read %q or write %q: %s", e.Type, store.get, store.put, outcome(r))
	}
}

// postings is a ledger that counts, fails or forgets.
type postings struct {
	ledger.Store
	count int
	err   error // instead of the first posting
	lost  bool  // the first posting's answer
}

func (p *postings) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	if p.count++; p.count == 1 && p.err != nil {
		return nil, p.err
	}
	outcomes, err := p.Store.Post(ctx, account, entries)
	if p.count == 1 && p.lost {
		return nil, errFails
	}
	return outcomes, err
}

var suspense = accounts.Suspense("acme", "p")

// changed is the type whose follow-ups most tests are about.
const changed = followups.BalanceChanged
