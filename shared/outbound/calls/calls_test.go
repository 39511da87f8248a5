package calls_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// platforms is the world outbound calls, reached through the real client, and
// what goes wrong there.
type platforms struct {
	*fakeapi.API
	count int
	fault func(call int) fault
}

// fault is what happens to one call. The zero fault is none.
type fault struct {
	status int  // answered instead, with status 1: no answer at all, 2: none for as long as the caller waits
	landed bool // although the call took effect
}

// RoundTrip implements [http.RoundTripper].
func (p *platforms) RoundTrip(r *http.Request) (*http.Response, error) {
	p.count++
	var f fault
	if p.fault != nil {
		f = p.fault(p.count)
	}
	answer := httptest.NewRecorder()
	if f.status == 0 || f.landed {
		p.ServeHTTP(answer, r)
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

// always makes every call end the same.
func always(f fault) func(int) fault { return func(int) fault { return f } }

// once makes the first call end so and the others well.
func once(f fault) func(int) fault {
	return func(call int) fault {
		if call == 1 {
			return f
		}
		return fault{}
	}
}

// outboundWorld is outbound's table over memory and fakes.
type outboundWorld struct {
	*platforms
	env   map[string]string
	books *ledger.Memory
	store *records.Memory
	now   time.Time
	log   bytes.Buffer
	ports calls.Ports
	table map[string]webhook.BatchHandler
}

func newOutbound(t *testing.T, env map[string]string) *outboundWorld {
	t.Helper()
	w := &outboundWorld{
		platforms: &platforms{API: fakeapi.New()},
		env:       env,
		books:     ledger.NewMemory(func() time.Time { return nine }),
		store:     records.NewMemory(),
		now:       nine,
	}
	all := map[string]string{"GABBER_API_URL": "https://api.test", "GABBER_API_KEY": fakeapi.Key,
		"LEADS_FORWARD_URL": "https://leads.test" + fakeapi.LeadsPath, "LEADS_FORWARD_SECRET": fakeapi.LeadsSecret}
	maps.Copy(all, env)
	settings, err := calls.SettingsFromEnv(func(name string) string { return all[name] })
	if err != nil {
		t.Fatal(err)
	}
	client := &outbound.Client{Hosts: settings.Hosts(), Transport: w.platforms}
	w.ports = calls.Ports{Ledger: w.books, Records: w.store, Doer: client, Now: func() time.Time { return w.now }, Jitter: func() time.Duration { return rand.N(time.Second) }}
	w.table = calls.Table(settings, w.ports, slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() {
		if wrong := w.State().Wrong; len(wrong) != 0 {
			t.Errorf("wrong calls: %q", wrong)
		}
	})
	return w
}

// api is Gabber's, as outbound's handlers reach it.
func (w *outboundWorld) api() calls.GabberAPI {
	return calls.GabberAPI{Base: "https://api.test", Key: fakeapi.Key, Doer: w.ports.Doer}
}

// handle handles one follow-up event.
func (w *outboundWorld) handle(t testing.TB, e webhook.Event) webhook.Result {
	t.Helper()
	handler, ok := w.table[e.Type]
	if !ok {
		t.Fatalf("nobody handles %s", e.Type)
	}
	return handler(t.Context(), []webhook.Event{e})[0]
}

// drain handles events and what follows from them until nothing is left.
func (w *outboundWorld) drain(t testing.TB, events ...webhook.Event) (handled []webhook.Event) {
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
func (w *outboundWorld) book(t testing.TB, id, human, amount string) webhook.Event {
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
	return ours(t, followups.BalanceChanged, id, followups.Balance{Account: human, Human: human})
}

// ours makes a follow-up event.
func ours(t testing.TB, eventType, id string, v any) webhook.Event {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return webhook.FollowUp("worker", eventType, webhook.Event{ID: id, Time: nine}, id, data)
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

func TestOutboundSettings(t *testing.T) {
	for _, row := range []struct{ name, variable, value, secret string }{
		{"an API that is no URL", "GABBER_API_URL", "canary", ""},
		{"an API with a password", "GABBER_API_URL", "https://canary:canary@api.test", ""},
		{"an API that is a file", "GABBER_API_URL", "file:///canary", ""},
		{"a key with a line break", "GABBER_API_KEY", "canary\n", ""},
		{"a key that is pasted twice", "GABBER_API_KEY", "canary canary", ""},
		{"a key with a quotation mark of a word processor", "GABBER_API_KEY", "“canary”", ""},
		{"neither true nor false", "END_EXHAUSTED_SESSIONS", "canary", ""},
		{"leads to nowhere", "LEADS_FORWARD_URL", "canary", fakeapi.LeadsSecret},
		{"a key in quotes", "GABBER_API_KEY", `"canary"`, ""},
		{"a secret in quotes", "LEADS_FORWARD_SECRET", "'" + fakeapi.LeadsSecret + "'", ""},
		{"a secret with a line break, which base64 would leave out", "LEADS_FORWARD_SECRET", fakeapi.LeadsSecret[:20] + "\n" + fakeapi.LeadsSecret[20:], ""},
		{"leads without a secret", "LEADS_FORWARD_SECRET", "", ""},
		{"a secret without its prefix", "LEADS_FORWARD_SECRET", "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5", ""},
		{"a secret that is not base64", "LEADS_FORWARD_SECRET", "whsec_canary!", ""},
		{"a secret of 23 bytes", "LEADS_FORWARD_SECRET", "whsec_Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXI=", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			env := map[string]string{"LEADS_FORWARD_URL": "https://leads.test/", "LEADS_FORWARD_SECRET": fakeapi.LeadsSecret}
			env[row.variable] = row.value
			_, err := calls.SettingsFromEnv(func(name string) string { return env[name] })
			if err == nil || !strings.Contains(err.Error(), row.variable) || strings.Contains(err.Error(), "canary") {
				t.Errorf("error %v, want one that names %s and quotes nothing", err, row.variable)
			}
		})
	}
	s, err := calls.SettingsFromEnv(func(name string) string {
		return map[string]string{"LEADS_FORWARD_URL": "https://leads.test:8443/a", "LEADS_FORWARD_SECRET": fakeapi.LeadsSecret}[name]
	})
	if hosts := s.Hosts(); err != nil || len(hosts) != 2 || hosts[0] != "api.gabber.dev" || hosts[1] != "leads.test:8443" {
		t.Errorf("hosts %q, error %v", hosts, err)
	}
	if s.Gabber.API.Base != calls.DefaultGabberAPI {
		t.Errorf("base %s", s.Gabber.API.Base)
	}
}

func TestWhatCannotBeCalledIsAcknowledged(t *testing.T) {
	w := newOutbound(t, map[string]string{"GABBER_API_KEY": "", "LEADS_FORWARD_URL": "", "LEADS_FORWARD_SECRET": ""})
	for eventType, want := range map[string]string{
		followups.BalanceChanged: "no key", followups.SpeechRequested: "no key", followups.HumanFound: "no key",
		followups.LeadForward: "no url",
	} {
		r := w.handle(t, ours(t, eventType, "1", followups.Balance{Account: "u1", Human: "u1"}))
		if r.Err != nil || r.Outcome != want {
			t.Errorf("%s: %q, %v; want %q", eventType, r.Outcome, r.Err, want)
		}
	}
	if w.count != 0 {
		t.Errorf("%d calls", w.count)
	}
}

// There is a debit only where somebody asked for debits, and nothing else takes
// the usage off: it is not forgotten for want of a key.
func TestADebitWaitsForAKey(t *testing.T) {
	debit := ours(t, followups.VendorDebit, "1", followups.Debit{Credit: "gold", Human: "u1", Amount: -1, Key: "k"})
	w := newOutbound(t, map[string]string{"GABBER_API_KEY": ""})
	if r := w.handle(t, debit); outcome(r) != "again" || w.count != 0 || !strings.Contains(w.log.String(), "code=API") {
		t.Errorf("without a key: %s after %d calls, %s", outcome(r), w.count, w.log.String())
	}
	w = newOutbound(t, nil)
	if r := w.handle(t, debit); outcome(r) != "done" || sum(w.State().Ledger) != -1 {
		t.Errorf("with one: %s, %d debited", outcome(r), sum(w.State().Ledger))
	}
}

// Who does not use Gabber, or has no price for it, pushes no limit; only the one
// who has a key is to be woken.
func TestWhoHasNoKeyOrNoPrice(t *testing.T) {
	for _, row := range []struct {
		name, key, tariff, want string
		alarm                   bool
	}{
		{"no key", "", "conversational_seconds=1", "no key", false},
		{"neither", "", "token_cnt=1", "no key", false},
		{"no price", fakeapi.Key, "token_cnt=1", "no price", true},
		{"for nothing", fakeapi.Key, "conversational_seconds=0", "no price", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newOutbound(t, map[string]string{"GABBER_API_KEY": row.key, "TARIFF": row.tariff, "END_EXHAUSTED_SESSIONS": "true"})
			if strings.Contains(w.log.String(), "code=") != row.alarm {
				t.Errorf("at the start: %s", w.log.String())
			}
			r := w.handle(t, w.book(t, "1", "u1", "-5"))
			if r.Err != nil || r.Outcome != row.want || len(r.FollowUps) != 1 || w.count != 0 {
				t.Errorf("%q with %d follow-ups after %d calls (%v)", r.Outcome, len(r.FollowUps), w.count, r.Err)
			}
			keepSessions(t, w.store)
			if row.key == "" && (outcome(w.handle(t, r.FollowUps[0])) != "done" || w.count != 0) {
				t.Errorf("%d calls to end sessions", w.count)
			}
		})
	}
}

// A key that was withdrawn, an address that is wrong: whoever finds out first,
// people are told.
func TestARefusedCallAlarms(t *testing.T) {
	w := newOutbound(t, map[string]string{"END_EXHAUSTED_SESSIONS": "true"})
	crossing := followups.Crossing{Balance: followups.Balance{Account: "u1", Human: "u1"}, Number: 1}
	w.book(t, "1", "u1", "-5")
	sessions := &handlers.Sessions{Records: w.store}
	if _, err := sessions.StateChanged(t.Context(), received(t, "gabber", stateChanged(liveCall), 0)); err != nil {
		t.Fatal(err)
	}
	events := []webhook.Event{
		ours(t, followups.BalanceChanged, "1", crossing.Balance),
		ours(t, followups.Exhausted, "2", crossing),
		ours(t, followups.SpeechRequested, "3", followups.SpeechRequest{Session: "s", Text: "x"}),
		ours(t, followups.HumanFound, "4", followups.SessionHuman{Session: "s", Human: "u1"}),
		ours(t, followups.VendorDebit, "5", followups.Debit{Credit: "c", Human: "u1", Amount: -1, Key: "k"}),
		ours(t, followups.LeadForward, "6", json.RawMessage(lead)),
	}
	for _, e := range events {
		for _, status := range []int{401, 301} {
			w.fault = always(fault{status: status})
			w.log.Reset()
			if r := w.handle(t, e); outcome(r) != "again" || strings.Count(w.log.String(), "code=API") != 1 {
				t.Errorf("%s, answered %d: %s, logged %s", e.Type, status, outcome(r), w.log.String())
			}
		}
	}
	w.fault = always(fault{status: 503})
	w.log.Reset()
	if r := w.handle(t, events[0]); outcome(r) != "again" || strings.Contains(w.log.String(), "code=API") {
		t.Errorf("what passes by itself wakes somebody: %s", w.log.String())
	}
	w.fault = always(fault{status: 404})
	w.log.Reset()
	if r := w.handle(t, events[5]); outcome(r) != "again" || !strings.Contains(w.log.String(), "code=API") {
		t.Errorf("nobody is told that nothing is where leads go: %s", w.log.String())
	}
}

func TestABatchPushesAnAccountOnce(t *testing.T) {
	w := newOutbound(t, nil)
	batch := []webhook.Event{w.book(t, "1", "u1", "5"), w.book(t, "2", "u2", "7"), w.book(t, "3", "u1", "5")}
	for i, r := range w.table[followups.BalanceChanged](t.Context(), batch) {
		if r.Err != nil || r.Outcome != "pushed" {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if limit, _ := w.Limit("u1", "conversational_seconds"); limit != 10 || w.count != 2 {
		t.Errorf("limit %d after %d calls, want 10 after 2", limit, w.count)
	}
	w.fault = always(fault{status: 401})
	for i, r := range w.table[followups.BalanceChanged](t.Context(), batch) {
		if !errors.Is(r.Err, outbound.ErrRefused) {
			t.Errorf("%d: %v, want all of them to come back", i, r.Err)
		}
	}
}
