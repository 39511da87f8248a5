package handlers_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

func callCompleted(at, members string) string {
	return fmt.Sprintf(`{"event":"call.completed","timestamp":%q,"data":{%s}}`, at, members)
}

func TestCallsArePriced(t *testing.T) {
	const at = "2026-11-21T09:00:00Z"
	suspense := accounts.Suspense("g-tateth", "")
	for _, row := range []struct {
		name, members    string
		outcome, account string
		balance          string
	}{
		{"by duration", `"callId":"c1","customerId":"u1","duration":252`, "charged", "u1", "-5.04"},
		{"a customer that is an object", `"callId":"c1","customerId":{"_id":"u1"},"duration":10`, "charged", "u1", "-0.2"},
		{"nobody's call", `"callId":"c1","duration":10`, "suspense", suspense, "-0.2"},
		{"no time at all", `"callId":"c1","customerId":"u1","duration":0`, "charged", "u1", "0"},
		{"without an id, which every retry would be another call", `"customerId":"u1","duration":10`, "dead: data.callId and data._id are missing", "u1", "0"},
		{"without a duration", `"callId":"c1","customerId":"u1"`, "dead: data.duration is missing or not a number", "u1", "0"},
		{"a duration that is a text", `"callId":"c1","customerId":"u1","duration":"4:12"`, "dead: data.duration is missing or not a number", "u1", "0"},
		{"a negative duration", `"callId":"c1","customerId":"u1","duration":-1`, "dead: data.duration is negative", "u1", "0"},
		{"seven days", `"callId":"c1","customerId":"u1","duration":604800`, "charged", "u1", "-12096"},
		{"more than seven days", `"callId":"c1","customerId":"u1","duration":604801`, "dead: data.duration is above the limit of one call", "u1", "0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBooks(t, map[string]string{"TARIFF": "call_seconds=0.02"})
			store := records.NewMemory()
			table := handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, store, atNine, b.Log)
			e := received(t, "g-tateth", callCompleted(at, row.members), 0)
			r := table[e.Type](t.Context(), []webhook.Event{e})[0]
			got := r.Outcome
			if r.Err != nil {
				got = outcome(r)
			}
			if got != row.outcome || b.balance(t, row.account) != row.balance {
				t.Errorf("%s, balance %s", got, b.balance(t, row.account))
			}
			if page, _, _ := store.List(t.Context(), "g-tateth.call", "", 10); len(page) != 1 {
				t.Errorf("%d calls are kept", len(page))
			}
		})
	}
}

// The event of a retry may have another timestamp and so another identity.
func TestACallIsChargedOnce(t *testing.T) {
	b := newBooks(t, map[string]string{"TARIFF": "call_seconds=1"})
	table := handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, records.NewMemory(), atNine, b.Log)
	handle := func(body string, after time.Duration) webhook.Result {
		e := received(t, "g-tateth", body, after)
		return table[e.Type](t.Context(), []webhook.Event{e})[0]
	}
	const members = `"_id":"d1","customerId":"u1","duration":10`
	for i, outcome := range []string{"charged", "duplicate"} {
		renamed := fmt.Sprintf(`"_id":"e%d","callId":"c1","customerId":"u2","duration":10`, i)
		if r := handle(callCompleted("2026-11-21T09:00:00Z", renamed), 0); r.Outcome != outcome {
			t.Errorf("the same call in another document: %s, want %s", r.Outcome, outcome)
		}
	}
	if r := handle(callCompleted("2026-11-21T09:00:00Z", members), 0); r.Outcome != "charged" || len(r.FollowUps) != 1 {
		t.Errorf("first: %+v", r)
	}
	if r := handle(callCompleted("2026-11-21T09:00:14Z", members), 14*time.Second); r.Outcome != "duplicate" || len(r.FollowUps) != 1 {
		t.Errorf("retry: %+v", r)
	}
	if r := handle(callCompleted("2026-11-21T09:00:14Z", `"callId":"d1","customerId":"u1","duration":11`), 0); r.Err == nil {
		t.Errorf("another duration: %+v, want a conflict", r)
	}
	if b.balance(t, "u1") != "-10" {
		t.Errorf("balance %s", b.balance(t, "u1"))
	}
}

// What G-Tateth reports is none of Gabber's business: it stays in our own books,
// even if Gabber's usage is debited there instead.
func TestCallsAreNotDebitedAtGabber(t *testing.T) {
	for _, mode := range []string{"beside", "instead"} {
		b := newBooks(t, map[string]string{"TARIFF": "call_seconds=1", "GABBER_LEDGER": mode, "GABBER_CREDIT": "gold"})
		table := handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, records.NewMemory(), atNine, b.Log)
		e := received(t, "g-tateth", callCompleted("2026-11-21T09:00:00Z", `"callId":"c1","customerId":"u1","duration":10`), 0)
		r := table[e.Type](t.Context(), []webhook.Event{e})[0]
		if r.Outcome != "charged" || b.balance(t, "u1") != "-10" {
			t.Errorf("%s: %s, balance %s", mode, r.Outcome, b.balance(t, "u1"))
		}
		for _, f := range r.FollowUps {
			if f.Type == followups.VendorDebit {
				t.Errorf("%s: a debit is asked for", mode)
			}
		}
	}
}

func TestACallThatCannotBeKeptComesBack(t *testing.T) {
	down := errors.New("store is down")
	b := newBooks(t, map[string]string{"TARIFF": "call_seconds=1"})
	table := handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, brokenRecords{down}, atNine, b.Log)
	for name, duration := range map[string]string{"one that is charged": "10", "one that cannot be": "-1"} {
		e := received(t, "g-tateth", callCompleted("2026-11-21T09:00:00Z", `"callId":"c1","customerId":"u1","duration":`+duration), 0)
		if r := table[e.Type](t.Context(), []webhook.Event{e})[0]; !errors.Is(r.Err, down) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// An event of two reactions comes back as long as one of them is worth another
// try, whichever of the two that is and whatever came of the other.
func TestCallsCompleted_oneOfTwoFails(t *testing.T) {
	again, dead := errors.New("store is down"), webhook.Permanent("the store cannot hold it")
	e := received(t, "g-tateth", callCompleted("2026-11-21T09:00:00Z", `"callId":"c1","customerId":"u1","duration":10`), 0)
	for _, row := range []struct {
		name         string
		kept, booked error
		want         string
	}{
		{"both are done", nil, nil, "done"},
		{"kept, and not booked yet", nil, again, "again"},
		{"not kept yet, and booked", again, nil, "again"},
		{"kept, and can never be booked", nil, dead, outcome(webhook.Result{Err: dead})},
		{"can never be kept, and booked", dead, nil, outcome(webhook.Result{Err: dead})},
		{"can never be kept, and not booked yet", dead, again, "again"},
		{"not kept yet, and can never be booked", again, dead, "again"},
		{"neither now", again, again, "again"},
		{"neither ever", dead, dead, outcome(webhook.Result{Err: dead})},
	} {
		b := newBooks(t, map[string]string{"TARIFF": "call_seconds=1"})
		var store records.Store = records.NewMemory()
		if row.kept != nil {
			store = brokenRecords{row.kept}
		}
		if row.booked != nil {
			b.Ledger = brokenLedger{b.Ledger, row.booked}
		}
		table := handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, store, atNine, b.Log)
		if got := outcome(table[e.Type](t.Context(), []webhook.Event{e})[0]); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

func TestCallsCostNothingWithoutAPrice(t *testing.T) {
	b := newBooks(t, nil)
	table := handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, records.NewMemory(), atNine, b.Log)
	e := received(t, "g-tateth", callCompleted("2026-11-21T09:00:00Z", `"callId":"c1","customerId":"u1"`), 0)
	if r := table[e.Type](t.Context(), []webhook.Event{e})[0]; r.Outcome != "stored" || r.Err != nil {
		t.Errorf("%+v", r)
	}
	if a, _ := b.Ledger.Account(t.Context(), "u1"); a.Seq != 0 {
		t.Errorf("%d entries", a.Seq)
	}
}

func TestStoredEntriesAreFoundAgain_gtateth(t *testing.T) {
	foundAgain(t, []storedRow{
		{"a call", "c1", called(`"callId":"k1","customerId":"c1","duration":90`),
			"619d2621365c78f94869f33875f28b057275bd42fe85baf26e37511a35256582", "0b31e324c6d673ce8ba4946bdf0bd941fd18d968f370dbea399f70ac706aba33"},
	})
}

func called(members string) func(*testing.T, *books) {
	return func(t *testing.T, b *books) {
		e := received(t, "g-tateth", callCompleted("2026-11-21T09:00:00Z", members), 0)
		handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, records.NewMemory(), atNine, b.Log)[e.Type](t.Context(), []webhook.Event{e})
	}
}
