package handlers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

var nine = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// atNine is a clock that stands still.
func atNine() time.Time { return nine }

// books is the credits reaction over an in-memory ledger.
type books struct {
	handlers.Credits
	log bytes.Buffer
}

func newBooks(t *testing.T, env map[string]string) *books {
	t.Helper()
	settings, err := handlers.SettingsFromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	b := &books{Credits: settings.Credits}
	b.Decode = acme.Decode
	b.Ledger = ledger.NewMemory(func() time.Time { return nine })
	b.Log = slog.New(slog.NewTextHandler(&b.log, nil))
	return b
}

// usage makes the event of a usage.tracked payload, received at some time after nine.
func usage(t *testing.T, payload string, after time.Duration) webhook.Event {
	t.Helper()
	e := ingest.Identify(acme, []byte(`{"type":"usage.tracked","payload":`+payload+`}`), nine.Add(after), "1")
	if e.Reason != "" {
		t.Fatalf("%s: %s", payload, e.Reason)
	}
	return e
}

func seconds(id, human, value string) string {
	return fmt.Sprintf(`{"id":%q,"type":"conversational_seconds","value":%s,"human":%q,"project":"p"}`, id, value, human)
}

// outcome handles one event alone and gives its outcome, "dead: ..." or "again: ...".
func (b *books) outcome(t *testing.T, e webhook.Event) string {
	t.Helper()
	r := b.Deduct(t.Context(), []webhook.Event{e})[0]
	if reason, ok := webhook.PermanentReason(r.Err); ok {
		return "dead: " + reason
	}
	if r.Err != nil {
		return "again: " + r.Err.Error()
	}
	return r.Outcome
}

func (b *books) balance(t *testing.T, account string) string {
	t.Helper()
	ledgertest.CheckLedger(t, b.Ledger, account)
	a, err := b.Ledger.Account(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return a.Balance.String()
}

func TestCreditsDeduct(t *testing.T) {
	suspense := accounts.Suspense("acme", "p")
	for _, row := range []struct {
		name, payload    string
		env              map[string]string
		outcome, account string
		balance          string
	}{
		{"a whole number of seconds", seconds("1", "u1", "30"), nil, "charged", "u1", "-30"},
		{"zero", seconds("1", "u1", "0"), nil, "charged", "u1", "0"},
		{"minus zero", seconds("1", "u1", "-0.0"), nil, "charged", "u1", "0"},
		{"a tenth, exactly", seconds("1", "u1", "0.1"), nil, "charged", "u1", "-0.1"},
		{"six places, exactly", seconds("1", "u1", "12.345678"), nil, "charged", "u1", "-12.345678"},
		{"half to even, up", seconds("1", "u1", "12.3456775"), nil, "charged", "u1", "-12.345678"},
		{"half to even, down", seconds("1", "u1", "12.3456785"), nil, "charged", "u1", "-12.345678"},
		{"less than a micro-credit", seconds("1", "u1", "1e-7"), nil, "charged", "u1", "0"},
		{"seven days", seconds("1", "u1", "604800"), nil, "charged", "u1", "-604800"},
		{"a usage type without a price", `{"id":"1","type":"token_cnt","value":1834,"human":"u1"}`, nil, "unpriced", "u1", "0"},
		{"a usage type with a price", `{"id":"1","type":"token_cnt","value":1834,"human":"u1"}`,
			map[string]string{"TARIFF": "token_cnt=0.0005"}, "charged", "u1", "-0.917"},
		{"a price list with blanks", seconds("1", "u1", "30"), map[string]string{"TARIFF": " token_cnt = 0.1 , conversational_seconds = 2 "}, "charged", "u1", "-60"},
		{"nobody", `{"id":"1","type":"conversational_seconds","value":4,"project":"p"}`, nil, "suspense", suspense, "-4"},
		{"null for nobody", `{"id":"1","type":"conversational_seconds","value":4,"human":null,"project":"p"}`, nil, "suspense", suspense, "-4"},
		{"a sentinel for nobody", seconds("1", "anonymous", "4"), nil, "suspense", suspense, "-4"},
		{"sentinels are configured", seconds("1", "guest", "4"), map[string]string{"ANONYMOUS_HUMANS": "nobody,guest"}, "suspense", suspense, "-4"},
		{"humans are byte for byte", seconds("1", "U1 ", "4"), nil, "charged", "U1 ", "-4"},
		{"one account per project: a platform that names none is one", `{"id":"1","type":"conversational_seconds","value":4,"human":"u1"}`, map[string]string{"ACCOUNT_PER_PROJECT": "true"}, "charged", "acme\x1fu1", "-4"},
		{"one account per project, if asked for", seconds("1", "u1", "4"), map[string]string{"ACCOUNT_PER_PROJECT": "true"}, "charged", "p\x1fu1", "-4"},
		{"members nobody documented change nothing", `{"id":"1","type":"conversational_seconds","value":4,"human":"u1","credits":-999,"balance":1e9}`, nil, "charged", "u1", "-4"},
		{"a simulated session costs the same by default", `{"id":"1","type":"conversational_seconds","value":4,"human":"u1","metadata":{"simulated":true}}`, nil, "charged", "u1", "-4"},
		{"a simulated session costs nothing, if asked for", `{"id":"1","type":"conversational_seconds","value":4,"human":"u1","metadata":{"simulated":true}}`,
			map[string]string{"EXCLUDE_SIMULATED": "true"}, "unpriced", "u1", "0"},
		{"without an id", `{"type":"conversational_seconds","value":4,"human":"u1"}`, nil, "charged", "u1", "-4"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBooks(t, row.env)
			event := usage(t, row.payload, 0)
			if got := b.outcome(t, event); got != row.outcome {
				t.Errorf("outcome %q, want %q", got, row.outcome)
			}
			if got := b.balance(t, row.account); got != row.balance {
				t.Errorf("balance %s, want %s", got, row.balance)
			}
			if got := b.outcome(t, event); got != "duplicate" {
				t.Errorf("delivered again: outcome %q, want duplicate", got)
			}
			if got := b.balance(t, row.account); got != row.balance {
				t.Errorf("delivered again: balance %s, want %s", got, row.balance)
			}
		})
	}
}

func TestCreditsDeduct_theSameIdentity(t *testing.T) {
	first := seconds("1", "u1", "30")
	for _, row := range []struct{ name, second, outcome string }{
		{"written in other words is a duplicate", seconds("1", "u1", "30.0"), "duplicate"},
		{"with an exponent is a duplicate", seconds("1", "u1", "3e1"), "duplicate"},
		{"with another value is a conflict", seconds("1", "u1", "31"), "dead: conflict: another event with this identity was booked first"},
		{"of another usage type is a conflict", `{"id":"1","type":"voice_synthesis_seconds","value":30,"human":"u1"}`, "dead: conflict: another event with this identity was booked first"},
		{"of another human is a conflict", seconds("1", "u2", "30"), "dead: conflict: another event with this identity was booked first"},
		{"under another id is another charge", seconds("2", "u1", "30"), "charged"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBooks(t, nil)
			b.outcome(t, usage(t, first, 0))
			if got := b.outcome(t, usage(t, row.second, 400*24*time.Hour)); got != row.outcome {
				t.Errorf("outcome %q, want %q", got, row.outcome)
			}
			if got := b.balance(t, "u2"); got != "0" {
				t.Errorf("u2 has %s, was never charged", got)
			}
		})
	}
}

func TestCreditsDeduct_withoutAnID(t *testing.T) {
	const payload = `{"type":"conversational_seconds","value":4,"human":"u1"}`
	for _, row := range []struct {
		name, window string
		after        []time.Duration
		want         string
	}{
		{"a retry within the window", "", []time.Duration{0, 14 * time.Second}, "charged suppressed"},
		{"the very edge of the window", "", []time.Duration{0, 15 * time.Minute}, "charged suppressed"},
		{"an honest twin after the window", "", []time.Duration{0, 15*time.Minute + 1}, "charged charged"},
		{"an older delivery that arrives later", "", []time.Duration{time.Minute, 0}, "charged suppressed"},
		{"the window is anchored at the charge, not at the last retry", "", []time.Duration{0, 10 * time.Minute, 20 * time.Minute}, "charged suppressed charged"},
		{"redelivery of the first message after a year", "", []time.Duration{0, 0}, "charged duplicate"},
		{"redelivery of a suppressed message", "", []time.Duration{0, time.Second, time.Second}, "charged suppressed duplicate"},
		{"a window of our choosing", "1h", []time.Duration{0, 59 * time.Minute}, "charged suppressed"},
		{"no window", "0s", []time.Duration{0, time.Second}, "charged charged"},
		{"no window, within one second", "0s", []time.Duration{0, 1}, "charged charged"},
		{"a retry within one second is kept", "", []time.Duration{0, 1}, "charged suppressed"},
		{"for ever", "forever", []time.Duration{0, 9000 * time.Hour}, "charged suppressed"},
		{"for ever, backwards", "forever", []time.Duration{9000 * time.Hour, 0}, "charged suppressed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBooks(t, map[string]string{"IDLESS_WINDOW": row.window})
			var got []string
			for _, after := range row.after {
				got = append(got, b.outcome(t, usage(t, payload, after)))
			}
			if strings.Join(got, " ") != row.want {
				t.Errorf("outcomes %q, want %q", got, row.want)
			}
			if want := fmt.Sprint(-4 * strings.Count(row.want, "charged")); b.balance(t, "u1") != want {
				t.Errorf("balance %s, want %s", b.balance(t, "u1"), want)
			}
		})
	}
}

// A message may come again after somebody changed the window.
func TestCreditsDeduct_windowMayChange(t *testing.T) {
	b := newBooks(t, nil)
	e := usage(t, `{"type":"conversational_seconds","value":4,"human":"u1"}`, 0)
	for _, b.Window = range []time.Duration{handlers.DefaultWindow, handlers.Forever, 0, handlers.Forever, time.Hour} {
		b.Deduct(t.Context(), []webhook.Event{e})
	}
	if got := b.balance(t, "u1"); got != "-4" {
		t.Errorf("balance %s", got)
	}
}

func TestCreditsDeduct_oneWritePerAccount(t *testing.T) {
	b := newBooks(t, nil)
	counter := &counting{Store: b.Ledger}
	b.Ledger = counter
	results := b.Deduct(t.Context(), []webhook.Event{
		usage(t, seconds("1", "u1", "1"), 0), usage(t, seconds("2", "u2", "2"), 0), usage(t, seconds("3", "u1", "4"), 0),
		usage(t, seconds("1", "u1", "1"), time.Second), usage(t, seconds("4", "u1", "8"), 0),
	})
	var got []string
	followUps := map[string]int{}
	for _, r := range results {
		got = append(got, r.Outcome)
		for _, f := range r.FollowUps {
			followUps[string(f.Data)]++
		}
	}
	if want := "charged charged charged duplicate charged"; strings.Join(got, " ") != want {
		t.Errorf("outcomes %q, want %q", got, want)
	}
	if counter.posts != 2 {
		t.Errorf("%d writes for two accounts", counter.posts)
	}
	if len(followUps) != 2 || followUps[`{"account":"u1","human":"u1"}`] != 1 {
		t.Errorf("follow-ups %v, want one per account", followUps)
	}
	if b.balance(t, "u1") != "-13" || b.balance(t, "u2") != "-2" {
		t.Errorf("balances %s and %s, want -13 and -2", b.balance(t, "u1"), b.balance(t, "u2"))
	}
}

type counting struct {
	ledger.Store
	posts int
}

func (c *counting) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	c.posts++
	return c.Store.Post(ctx, account, entries)
}

// forgetful writes and then loses the answer.
type forgetful struct {
	ledger.Store
	lost bool
}

func (f *forgetful) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	outcomes, err := f.Store.Post(ctx, account, entries)
	if err == nil && !f.lost {
		f.lost = true
		return nil, errors.New("the answer was lost")
	}
	return outcomes, err
}

func TestCreditsDeduct_lostAnswer(t *testing.T) {
	b := newBooks(t, nil)
	b.Ledger = &forgetful{Store: b.Ledger}
	event := usage(t, seconds("1", "u1", "30"), 0)
	if got := b.outcome(t, event); got != "again: the answer was lost" {
		t.Fatalf("outcome %q", got)
	}
	again := b.Deduct(t.Context(), []webhook.Event{event})[0]
	if again.Outcome != "duplicate" || len(again.FollowUps) != 1 {
		t.Errorf("second try: %+v, want a duplicate that still pushes the limit", again)
	}
	if got := b.balance(t, "u1"); got != "-30" {
		t.Errorf("balance %s, want -30", got)
	}
}

func TestCreditsDeduct_followUps(t *testing.T) {
	for _, row := range []struct {
		name, payload string
		want          int
	}{
		{"a charge moves the limit", seconds("1", "u1", "4"), 1},
		{"nothing charged, nothing to push", seconds("1", "u1", "0"), 0},
		{"unpriced usage moves nothing", `{"id":"1","type":"token_cnt","value":4,"human":"u1"}`, 0},
		{"suspense has no limit", `{"id":"1","type":"conversational_seconds","value":4}`, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBooks(t, nil)
			event := usage(t, row.payload, 0)
			first := b.Deduct(t.Context(), []webhook.Event{event})[0].FollowUps
			again := b.Deduct(t.Context(), []webhook.Event{event})[0].FollowUps
			if len(first) != row.want || len(again) != row.want {
				t.Fatalf("%d follow-ups, then %d; want %d both times", len(first), len(again), row.want)
			}
			if row.want > 0 && (first[0].ID != again[0].ID || first[0].Type != followups.BalanceChanged) {
				t.Errorf("follow-ups differ: %v and %v", first[0], again[0])
			}
		})
	}
}

func TestCreditsDeduct_overflowAmongOthers(t *testing.T) {
	for _, neighbours := range []int{1, 2} {
		t.Run(fmt.Sprint(neighbours), func(t *testing.T) { overflowAmong(t, neighbours) })
	}
}

func overflowAmong(t *testing.T, neighbours int) {
	b := newBooks(t, map[string]string{"TARIFF": "conversational_seconds=1,token_cnt=9"})
	left := ledger.MaxBalance
	for i := 0; left > ledger.MaxAmount; left -= ledger.MaxAmount { // all but a rest is used up
		i++
		if _, err := b.Ledger.Post(t.Context(), "u1", []ledger.Entry{{ID: fmt.Sprint(i), Amount: -ledger.MaxAmount}}); err != nil {
			t.Fatal(err)
		}
	}
	price := func(id string) string { // one of them fits
		return fmt.Sprintf(`{"id":%q,"type":"token_cnt","value":%d,"human":"u1"}`, id, left/9/ledger.Credit*3/4)
	}
	results := b.Deduct(t.Context(), []webhook.Event{
		usage(t, price("1"), 0), usage(t, price("2"), 0), usage(t, seconds("3", "u1", "1"), 0)}[:1+neighbours])
	for i, r := range results {
		if (r.Outcome == "charged") == (i == 1) || (r.Err == nil) == (i == 1) {
			t.Errorf("event %d: %+v", i, r)
		}
	}
	if _, permanent := webhook.PermanentReason(results[1].Err); !permanent {
		t.Errorf("an overflow cannot be cured by another try: %v", results[1].Err)
	}
}

// What one event may cost has a bound at each price.
func TestCreditsDeduct_amountAboveTheBound(t *testing.T) {
	for _, row := range []struct {
		price, mode string
		permanent   bool
	}{{"10", "", false}, {"10.000001", "", true}, {"10", "instead", false}, {"10.000001", "instead", true}} {
		price, mode, permanent := row.price, row.mode, row.permanent
		b := newBooks(t, map[string]string{"TARIFF": "token_cnt=" + price})
		if mode != "" {
			b.Vendor = handlers.VendorLedger{Platform: acme.Name, Credit: "gold", Instead: true}
		}
		r := b.Deduct(t.Context(), []webhook.Event{usage(t, `{"id":"1","type":"token_cnt","value":1000000000,"human":"u1"}`, 0)})[0]
		a, err := b.Ledger.Account(t.Context(), "u1")
		if _, dead := webhook.PermanentReason(r.Err); dead != permanent || (r.Err == nil) == permanent || (a.Seq == 0) != permanent || err != nil {
			t.Errorf("at a price of %s: %v, %d entries", price, r.Err, a.Seq)
		}
	}
}

func TestCreditsDeduct_alarmsHoldNoData(t *testing.T) {
	b := newBooks(t, nil)
	for _, e := range []webhook.Event{
		usage(t, seconds("canary-1", "canary-human", "30"), 0), usage(t, seconds("canary-1", "canary-other", "30"), 0),
		usage(t, `{"id":"canary-2","type":"conversational_seconds","value":4,"project":"canary-project"}`, 0),
		usage(t, `{"type":"conversational_seconds","value":4,"human":"canary-human"}`, 0),
		usage(t, `{"type":"conversational_seconds","value":4,"human":"canary-human"}`, time.Second),
	} {
		b.outcome(t, e)
	}
	for _, code := range []string{webhook.CodeConflict, webhook.CodeSuspense, webhook.CodeAmbiguous} {
		if !strings.Contains(b.log.String(), "code="+code) {
			t.Errorf("no alarm %s in the log", code)
		}
	}
	if strings.Contains(b.log.String(), "canary") {
		t.Errorf("the log names somebody: %s", b.log.String())
	}
}

func TestSettingsFromEnv(t *testing.T) {
	for _, row := range []struct{ name, variable, value string }{
		{"a tariff without a price", "TARIFF", "conversational_seconds"},
		{"a price without a usage type", "TARIFF", " =1"},
		{"a negative price", "TARIFF", "conversational_seconds=-1"},
		{"a price that is no number", "TARIFF", "conversational_seconds=one"},
		{"two prices", "TARIFF", "a=1,a=2"},
		{"a negative window", "IDLESS_WINDOW", "-5m"},
		{"a window without a unit", "IDLESS_WINDOW", "15"},
		{"neither true nor false", "EXCLUDE_SIMULATED", "maybe"},
		{"neither true nor false", "ACCOUNT_PER_PROJECT", "maybe"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := handlers.SettingsFromEnv(func(name string) string {
				return map[string]string{row.variable: row.value}[name]
			})
			if err == nil || !strings.Contains(err.Error(), row.variable) {
				t.Errorf("error %v, want one that names %s", err, row.variable)
			}
		})
	}
}

// The settings have no log of their own.
func TestTableLogsToTheLogItIsGiven(t *testing.T) {
	b, m := newBooks(t, nil), eventstest.NewMeter(t)
	settings, err := handlers.SettingsFromEnv(func(name string) string {
		return map[string]string{"TARIFF": eventstest.Tariff(t), "ANONYMOUS_HUMANS": m.Whom}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	e := received(t, m.Platform, string(m.Body), 0)
	r := handlers.Table(settings, b.Ledger, records.NewMemory(), atNine, b.Log)[e.Type](t.Context(), []webhook.Event{e})[0]
	if r.Outcome != "suspense" || !strings.Contains(b.log.String(), "code=SUS") {
		t.Errorf("%+v: %s", r, b.log.String())
	}
}
