package calls

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/webhook"
)

// crossing is the nth of the account u1.
func crossing(n int64) followups.Crossing {
	return followups.Crossing{Balance: accounts.BalanceOf("", "u1"), Number: n}
}

// samples are follow-up events of every type, each with a canary or two.
func samples() []webhook.Event {
	canary := followups.Balance{Account: "canary", Human: "canary"}
	return slices.Concat([][]webhook.Event{
		{
			ours(followups.BalanceChanged, "1", canary),
			ours(followups.Exhausted, "2", followups.Crossing{Balance: canary, Number: 1}),
			ours(followups.Restored, "3", followups.Crossing{Balance: canary, Number: 2}),
		},
		gabberSamples,
		chatbaseSamples,
	}...)
}

// No answer of an API, and no data that cannot be read, puts a person or a key in the log.
func TestTable_logsNoData(t *testing.T) {
	handled := map[string]bool{}
	for _, f := range []fault{{}, {1, true}, {1, false}, {301, false}, {400, false}, {401, false}, {404, false}, {429, false}, {500, true}} {
		w := newWorld(t, map[string]string{"END_EXHAUSTED_SESSIONS": "true"})
		w.book(t, "canary", "canary", "-1")
		w.fault = always(f)
		for _, e := range append(samples(), samples()...) {
			handled[e.Type] = true
			r := w.handle(t, e)
			if r.Err != nil {
				w.log.WriteString(r.Err.Error())
			}
			e.Data = []byte(`{"canary":"canary"}`)
			if got := outcome(w.handle(t, e)); !strings.HasPrefix(got, "dead: ") || strings.Contains(got, "canary") {
				t.Errorf("%s with other data: %s", e.Type, got)
			}
		}
		for _, secret := range fakeapi.Secrets() {
			if strings.Contains(w.log.String(), secret) || strings.Contains(w.log.String(), "canary") {
				t.Errorf("the log: %s", w.log.String())
			}
		}
	}
	for eventType := range newWorld(t, nil).rows {
		if !handled[eventType] || !slices.Contains(followups.Types(), eventType) {
			t.Errorf("%s has no sample, or is not on the list of types", eventType)
		}
	}
}

func TestTable_unreadableData(t *testing.T) {
	w := newWorld(t, nil)
	for eventType := range w.rows {
		for _, data := range []string{``, `{}`, `[]`, `{"session":"s"}`, `{"account":"u1"}`, `{"account":"","human":"u1"}`, `{"account":"u1","human":"","number":0,"credit":"c","amount":1,"key":"k"}`} {
			if got := outcome(w.handle(t, webhook.Event{ID: "1", Type: eventType, Data: []byte(data)})); !strings.HasPrefix(got, "dead: ") || w.count != 0 {
				t.Errorf("%s %s: %s after %d calls", eventType, data, got, w.count)
			}
		}
	}
}

// A key that was withdrawn, an address that is wrong: an alarm says so each time. What
// passes by itself raises none.
func TestTable_refusedCalls(t *testing.T) {
	changed := ours(followups.BalanceChanged, "1", accounts.BalanceOf("", "u1"))
	for _, e := range append(samples(), changed) {
		for status, alarms := range map[int]int{401: 1, 301: 1, 503: 0} {
			w := newWorld(t, nil)
			if e.ID == changed.ID {
				w = newAcme(t)
			}
			w.fault = always(fault{status: status})
			r := w.handle(t, e)
			if called := w.count > 0; called != (r.Err != nil) || called && strings.Count(w.log.String(), "code=API") != alarms || e.ID == changed.ID && !called {
				t.Errorf("%s, answered %d: %s after %d calls, logged %s", e.Type, status, outcome(r), w.count, w.log.String())
			}
		}
	}
}

func TestTable_pushesAnAccountOncePerBatch(t *testing.T) {
	w := newAcme(t)
	batch := []webhook.Event{w.book(t, "1", "u1", "5"), w.book(t, "2", "u2", "7"), w.book(t, "3", "u1", "5")}
	for i, r := range w.rows[followups.BalanceChanged](t.Context(), batch) {
		if r.Err != nil || r.Outcome != "pushed" {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if w.acme.limits["u1"] != 10 || w.count != 2 {
		t.Errorf("limit %d after %d calls, want 10 after 2", w.acme.limits["u1"], w.count)
	}
	w.fault = always(fault{status: 401})
	for i, r := range w.rows[followups.BalanceChanged](t.Context(), batch) {
		if outcome(r) != "again" {
			t.Errorf("%d: %v, want all of them to come back", i, r.Err)
		}
	}
}

// Without a platform that limits, balances are watched.
func TestTable_noPlatform(t *testing.T) {
	w := newAcme(t)
	w.rows = (&table{rows: map[string]webhook.BatchHandler{}, watched: "watched"}).complete(w.ports, slog.New(slog.DiscardHandler))
	if r := w.handle(t, w.book(t, "1", "u1", "-1")); r.Err != nil || r.Outcome != "watched" || len(r.FollowUps) != 1 || w.count != 0 {
		t.Errorf("%+v after %d calls", r, w.count)
	}
	if got := outcome(w.handle(t, ours(followups.Exhausted, "1", crossing(1)))); got != "done" {
		t.Error(got)
	}
}

func TestTable_storesAreDown(t *testing.T) {
	w := newAcme(t)
	w.ports.Records = &failing{get: "*", put: "*"}
	w.complete()
	for _, e := range []webhook.Event{ours(followups.BalanceChanged, "1", crossing(1).Balance), ours(followups.Exhausted, "1", crossing(1))} {
		if got := outcome(w.handle(t, e)); got != "again" {
			t.Errorf("%s: %s", e.Type, got)
		}
	}
}

func TestHosts(t *testing.T) {
	there := fakeapi.Addresses("https://api.test:8443")
	for name, secret := range fakeapi.Secrets() {
		there[name] = secret
	}
	s, err := SettingsFromEnv(func(name string) string { return there[name] })
	if hosts := slices.Compact(s.Hosts()); err != nil || len(fakeapi.Addresses("")) > 0 && !slices.Equal(hosts, []string{"api.test:8443"}) {
		t.Errorf("hosts %q, error %v", hosts, err)
	}
}

// expectFault: a value is refused by the name of its variable and not quoted.
func expectFault(t *testing.T, variable string, env map[string]string) {
	t.Helper()
	_, err := SettingsFromEnv(func(name string) string { return env[name] })
	if err == nil || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "canary") {
		t.Errorf("error %v, want one that names %s and quotes nothing", err, variable)
	}
}
