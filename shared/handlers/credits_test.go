package handlers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestCreditsDeduct(t *testing.T) {
	tokens := webhook.Usage{ID: "1", Whom: "u1", Type: "token_cnt", Value: "1834"}
	simulated := webhook.Usage{ID: "1", Whom: "u1", Value: "4", Simulated: true}
	for _, row := range []struct {
		name             string
		usage            webhook.Usage
		variable, value  string
		outcome, account string
		balance          string
		changes          int // follow-ups
	}{
		{"a whole number", seconds("1", "u1", "30"), "", "", "charged", "u1", "-30", 1},
		{"zero", seconds("1", "u1", "0"), "", "", "charged", "u1", "0", 0},
		{"minus zero", seconds("1", "u1", "-0.0"), "", "", "charged", "u1", "0", 0},
		{"a tenth, exactly", seconds("1", "u1", "0.1"), "", "", "charged", "u1", "-0.1", 1},
		{"six places, exactly", seconds("1", "u1", "12.345678"), "", "", "charged", "u1", "-12.345678", 1},
		{"half to even, up", seconds("1", "u1", "12.3456775"), "", "", "charged", "u1", "-12.345678", 1},
		{"half to even, down", seconds("1", "u1", "12.3456785"), "", "", "charged", "u1", "-12.345678", 1},
		{"less than a micro-credit", seconds("1", "u1", "1e-7"), "", "", "charged", "u1", "0", 0},
		{"negative, which would be a credit", seconds("1", "u1", "-1"), "", "", "dead: the usage is not a number, or negative", "u1", "0", 0},
		{"a usage type without a price", tokens, "", "", "unpriced", "u1", "0", 0},
		{"a usage type with a price", tokens, "TARIFF", "token_cnt=0.0005", "charged", "u1", "-0.917", 1},
		{"a price list with blanks", seconds("1", "u1", "30"), "TARIFF", " token_cnt = 0.1 , conversational_seconds = 2 ", "charged", "u1", "-60", 1},
		{"no human", seconds("1", "", "4"), "", "", "suspense", suspense, "-4", 0},
		{"a human that stands for none", seconds("1", "anonymous", "4"), "", "", "suspense", suspense, "-4", 0},
		{"who stands for none is configured", seconds("1", "guest", "4"), "ANONYMOUS_HUMANS", "none,guest", "suspense", suspense, "-4", 0},
		{"humans are byte for byte", seconds("1", "U1 ", "4"), "", "", "charged", "U1 ", "-4", 1},
		{"an account per project", seconds("1", "u1", "4"), "ACCOUNT_PER_PROJECT", "true", "charged", "p\x1fu1", "-4", 1},
		{"a platform that names no project is one", webhook.Usage{ID: "1", Whom: "u1", Value: "4"}, "ACCOUNT_PER_PROJECT", "true", "charged", "acme\x1fu1", "-4", 1},
		{"simulated usage costs the same", simulated, "", "", "charged", "u1", "-4", 1},
		{"simulated usage costs nothing, if asked for", simulated, "EXCLUDE_SIMULATED", "true", "unpriced", "u1", "0", 0},
		{"without an id", webhook.Usage{Whom: "u1", Value: "4"}, "", "", "charged", "u1", "-4", 1},
		{"the most one event may cost", seconds("1", "u1", "1000000000"), "TARIFF", "conversational_seconds=10", "charged", "u1", "-10000000000", 1},
		{"more than one event may cost", seconds("1", "u1", "1000000000"), "TARIFF", "conversational_seconds=10.000001", "dead: amount is out of range", "u1", "0", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, map[string]string{row.variable: row.value})
			e := used(row.usage, 0)
			first := w.handle(t, e)
			if outcome(first) != row.outcome || w.balance(t, row.account) != row.balance || len(of(changed, first)) != row.changes {
				t.Errorf("%s, balance %s, follow-ups %v", outcome(first), w.balance(t, row.account), first.FollowUps)
			}
			again := w.handle(t, e)
			if first.Err == nil && again.Outcome != "duplicate" || w.balance(t, row.account) != row.balance || ids(again) != ids(first) {
				t.Errorf("delivered again: %s, balance %s, follow-ups %v", outcome(again), w.balance(t, row.account), again.FollowUps)
			}
		})
	}
}

// An event of another body with the same identity, long after the first.
func TestCreditsDeduct_sameIdentity(t *testing.T) {
	const conflict = "dead: conflict: another event with this identity was booked first"
	for _, row := range []struct {
		name   string
		second webhook.Usage
		want   string
	}{
		{"written in other digits", seconds("1", "u1", "3e1"), "duplicate"},
		{"another value", seconds("1", "u1", "31"), conflict},
		{"another usage type", webhook.Usage{ID: "1", Whom: "u1", Type: "voice_seconds", Value: "30"}, conflict},
		{"another human", seconds("1", "u2", "30"), conflict},
		{"another id", seconds("2", "u1", "30"), "charged"},
	} {
		w := newWorld(t, nil)
		w.outcome(t, used(seconds("1", "u1", "30"), 0))
		if got := w.outcome(t, used(row.second, 400*24*time.Hour)); got != row.want || w.balance(t, "u2") != "0" {
			t.Errorf("%s: %s, u2 has %s", row.name, got, w.balance(t, "u2"))
		}
	}
}

// The sender may not be who wrote the amount: nothing is booked, however often it comes.
func TestCreditsDeduct_amountNotCovered(t *testing.T) {
	w := newWorld(t, nil)
	e := used(seconds("1", "u1", "30"), 0)
	e.Uncovered = true
	for range 2 {
		if got := w.outcome(t, e); got != "dead: amount not covered" || w.balance(t, "u1") != "0" {
			t.Errorf("%s, balance %s", got, w.balance(t, "u1"))
		}
	}
	e.Uncovered = false
	if got := w.outcome(t, e); got != "charged" {
		t.Errorf("the covered one afterwards: %s", got)
	}
}

// The id of a delivery is new where a platform sends an event anew, and says nothing of
// what it means.
func TestCreditsDeduct_signedIDIsNoMeaning(t *testing.T) {
	w := newWorld(t, nil)
	first, again := used(seconds("1", "u1", "30"), 0), used(seconds("1", "u1", "30"), time.Hour)
	first.SignedID, again.SignedID = "msg_1", "msg_2"
	if got := w.outcome(t, first) + " " + w.outcome(t, again); got != "charged duplicate" {
		t.Error(got)
	}
}

func TestCreditsDeduct_withoutID(t *testing.T) {
	for _, row := range []struct {
		name, window string
		after        []time.Duration
		want         string
	}{
		{"a retry within the window", "", []time.Duration{0, 14 * time.Second}, "charged suppressed"},
		{"the very edge of the window", "", []time.Duration{0, 15 * time.Minute}, "charged suppressed"},
		{"an honest twin after the window", "", []time.Duration{0, 15*time.Minute + 1}, "charged charged"},
		{"an older delivery that arrives later", "", []time.Duration{time.Minute, 0}, "charged suppressed"},
		{"the window starts at the charge, not at the last retry", "", []time.Duration{0, 10 * time.Minute, 20 * time.Minute}, "charged suppressed charged"},
		{"redelivery of the first message after a year", "", []time.Duration{0, 0}, "charged duplicate"},
		{"redelivery of a suppressed message", "", []time.Duration{0, time.Second, time.Second}, "charged suppressed duplicate"},
		{"a window of our choosing", "1h", []time.Duration{0, 59 * time.Minute}, "charged suppressed"},
		{"no window, within one second", "0s", []time.Duration{0, 1}, "charged charged"},
		{"a retry within one second", "", []time.Duration{0, 1}, "charged suppressed"},
		{"for ever", "forever", []time.Duration{0, 9000 * time.Hour}, "charged suppressed"},
		{"for ever, backwards", "forever", []time.Duration{9000 * time.Hour, 0}, "charged suppressed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, map[string]string{"IDLESS_WINDOW": row.window})
			var got []string
			for _, after := range row.after {
				got = append(got, w.outcome(t, used(webhook.Usage{Whom: "u1", Value: "4"}, after)))
			}
			if strings.Join(got, " ") != row.want || w.balance(t, "u1") != fmt.Sprint(-4*strings.Count(row.want, "charged")) {
				t.Errorf("outcomes %q, balance %s, want %q", got, w.balance(t, "u1"), row.want)
			}
		})
	}
	w, e := newWorld(t, nil), used(webhook.Usage{Whom: "u1", Value: "4"}, 0)
	for _, w.settings.Credits.Window = range []time.Duration{DefaultWindow, Forever, 0, Forever, time.Hour} {
		w.complete()
		w.outcome(t, e)
	}
	if got := w.balance(t, "u1"); got != "-4" {
		t.Errorf("the window was changed between deliveries: balance %s", got)
	}
}

func TestCreditsDeduct_batch(t *testing.T) {
	w := newWorld(t, nil)
	counted := &postings{Store: w.books}
	w.books = counted
	w.complete()
	batch := []webhook.Event{used(seconds("1", "u1", "1"), 0), used(seconds("2", "u2", "2"), 0), used(seconds("3", "u1", "4"), 0),
		used(seconds("1", "u1", "1"), time.Second), used(seconds("4", "u1", "8"), 0)}
	var outcomes, changes []string
	for _, r := range w.rows[batch[0].Type](t.Context(), batch) {
		outcomes, changes = append(outcomes, outcome(r)), append(changes, of(changed, r)...)
	}
	slices.Sort(changes)
	if got := strings.Join(outcomes, " "); got != "charged charged charged duplicate charged" || counted.count != 2 {
		t.Errorf("outcomes %s in %d writes for two accounts", got, counted.count)
	}
	if !slices.Equal(changes, []string{`{"account":"u1","human":"u1"}`, `{"account":"u2","human":"u2"}`}) {
		t.Errorf("follow-ups %q, want one per account", changes)
	}
	if w.balance(t, "u1") != "-13" || w.balance(t, "u2") != "-2" {
		t.Errorf("balances %s and %s, want -13 and -2", w.balance(t, "u1"), w.balance(t, "u2"))
	}
}

// What was booked although the answer was lost is a duplicate, which still has the
// limit pushed.
func TestCreditsDeduct_ledgerFails(t *testing.T) {
	for name, fault := range map[string]*postings{"the answer is lost": {lost: true}, "nothing is booked": {err: errFails}} {
		w := newWorld(t, nil)
		fault.Store, w.books = w.books, fault
		w.complete()
		e := used(seconds("1", "u1", "30"), 0)
		first, again := w.outcome(t, e), w.handle(t, e)
		if first != "again: the store fails" || (again.Outcome == "duplicate") != fault.lost || len(of(changed, again)) != 1 || w.balance(t, "u1") != "-30" {
			t.Errorf("%s: %s, then %+v, balance %s", name, first, again, w.balance(t, "u1"))
		}
	}
}

// An entry that no account can hold does not take its neighbours along.
func TestCreditsDeduct_overflow(t *testing.T) {
	for _, neighbours := range []int{1, 2} {
		w := newWorld(t, map[string]string{"TARIFF": "conversational_seconds=1,token_cnt=9"})
		left := ledger.MaxBalance
		for i := 0; left > ledger.MaxAmount; i, left = i+1, left-ledger.MaxAmount { // all but a rest is used up
			w.book(t, fmt.Sprint(i), "u1", -ledger.MaxAmount)
		}
		large := func(id string) webhook.Event { // one of them fits
			return used(webhook.Usage{ID: id, Whom: "u1", Type: "token_cnt", Value: fmt.Sprintf("%d", left/9/ledger.Credit*3/4)}, 0)
		}
		batch := []webhook.Event{large("1"), large("2"), used(seconds("3", "u1", "1"), 0)}[:1+neighbours]
		for i, r := range w.rows[batch[0].Type](t.Context(), batch) {
			if dead := strings.HasPrefix(outcome(r), "dead: "); dead != (i == 1) || !dead && r.Outcome != "charged" {
				t.Errorf("event %d: %+v", i, r)
			}
		}
	}
}

func TestCreditsDeduct_alarms(t *testing.T) {
	w := newWorld(t, nil)
	for _, e := range []webhook.Event{
		used(seconds("canary-1", "canary", "30"), 0), used(seconds("canary-1", "canary-2", "30"), 0), used(seconds("canary-2", "", "4"), 0),
		used(webhook.Usage{Whom: "canary", Value: "4"}, 0), used(webhook.Usage{Whom: "canary", Value: "4"}, time.Second),
	} {
		w.outcome(t, e)
	}
	for _, code := range []string{webhook.CodeConflict, webhook.CodeSuspense, webhook.CodeAmbiguous} {
		if strings.Count(w.log.String(), "code="+code) != 1 || strings.Contains(w.log.String(), "canary") {
			t.Errorf("%s: %s", code, w.log.String())
		}
	}
}

// A payload that reports usage and state is kept, and charged where the price list has
// a price: by its key, on every event type. It comes back until both are done.
func TestReports_usageAndState(t *testing.T) {
	call := func(id, value, fault string, after time.Duration) webhook.Event {
		return received(report{Type: "call.ended", Usage: webhook.Usage{ID: id, Whom: "u1", Value: value}, State: webhook.State{ID: "s" + id}, Fault: fault}, after)
	}
	retry := call("1", "10", "", time.Minute)
	retry.ID = "of another timestamp"
	w := newWorld(t, map[string]string{"TARIFF": "call_seconds=0.02"})
	for i, row := range []struct {
		e    webhook.Event
		want string
		kept int
	}{
		{call("1", "10", "", 0), "charged", 1},
		{retry, "duplicate", 1},
		{call("1", "11", "", 0), "dead: conflict: another event with this identity was booked first", 1},
		{call("2", "10", "no seconds", 0), "dead: no seconds", 2},
		{call("3", "10", "state", 0), "dead: state", 2},
	} {
		got := w.outcome(t, row.e)
		if page, _, err := w.List(t.Context(), "acme.call", "", 10); got != row.want || len(page) != row.kept || err != nil {
			t.Errorf("%d: %s, %d are kept (%v); want %s, %d", i, got, len(page), err, row.want, row.kept)
		}
	}
	if w.balance(t, "u1") != "-0.2" {
		t.Errorf("balance %s", w.balance(t, "u1"))
	}
	comesBack(t, w, call("4", "10", "no seconds", 0), &failing{put: "acme.call"})
	w = newWorld(t, map[string]string{"TARIFF": "call_seconds=0.02"})
	w.books = &postings{Store: w.books, err: errFails}
	w.complete()
	if got := w.outcome(t, call("1", "10", "", 0)); got != "again: the store fails" {
		t.Errorf("the ledger fails: %s", got)
	}
	w = newWorld(t, nil)
	if got := w.outcome(t, call("1", "10", "no seconds", 0)); got != "stored" || w.balance(t, "u1") != "0" {
		t.Errorf("without a price: %s, balance %s", got, w.balance(t, "u1"))
	}
}

// The platform's own ledger is debited for what stands in ours, once per usage: whole
// credits, rounded up, under a key that no delivery changes.
func TestVendorLedgerDebit(t *testing.T) {
	asked := func(amount int, key string) string {
		return fmt.Sprintf(`{"credit":"gold","human":"u1","amount":%d,"key":"acme:usage:%s"}`, amount, key)
	}
	simulated := seconds("1", "u1", "5")
	simulated.Simulated = true
	twin := webhook.Usage{Whom: "u1", Value: "4"}
	for _, row := range []struct {
		name     string
		platform string
		instead  bool
		usages   []webhook.Usage
		want     string // the debits
		balance  string // in our own ledger
	}{
		{"beside our own", "acme", false, []webhook.Usage{seconds("1", "u1", "30")}, asked(-30, "1"), "-30"},
		{"instead of our own", "acme", true, []webhook.Usage{seconds("1", "u1", "30")}, asked(-30, "1"), "0"},
		{"of another platform", "other", true, []webhook.Usage{seconds("1", "u1", "30")}, "", "-30"},
		{"a fraction is rounded up", "acme", false, []webhook.Usage{seconds("1", "u1", "30.000001")}, asked(-31, "1"), "-30.000001"},
		{"the smallest fraction", "acme", true, []webhook.Usage{seconds("1", "u1", "0.000001")}, asked(-1, "1"), "0"},
		{"nothing", "acme", false, []webhook.Usage{seconds("1", "u1", "0")}, "", "0"},
		{"no price", "acme", true, []webhook.Usage{{ID: "1", Whom: "u1", Type: "token_cnt", Value: "5"}}, "", "0"},
		{"no human", "acme", true, []webhook.Usage{seconds("1", "", "5")}, "", "0"},
		{"simulated", "acme", true, []webhook.Usage{simulated}, "", "0"},
		{"a conflict", "acme", false, []webhook.Usage{seconds("1", "u1", "30"), seconds("1", "u1", "31")}, asked(-30, "1"), "-30"},
		{"what the window suppresses", "acme", false, []webhook.Usage{twin, twin}, asked(-4, "body:"+used(twin, 0).ID), "-4"},
		{"more than one entry may hold", "acme", true, []webhook.Usage{seconds("1", "u1", "1e15")}, "", "0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, map[string]string{"EXCLUDE_SIMULATED": "true"})
			w.settings.Credits.Vendor = VendorLedger{row.platform, "gold", row.instead}
			w.complete()
			var got []string
			for i, usage := range row.usages {
				e := used(usage, time.Duration(i)*time.Second)
				first := w.handle(t, e)
				if got = append(got, of(followups.VendorDebit, first)...); i == 0 && ids(first) != ids(w.handle(t, e)) {
					t.Error("delivered again, other follow-ups")
				}
			}
			if strings.Join(got, " ") != row.want || w.balance(t, "u1") != row.balance {
				t.Errorf("debits %s, balance %s", got, w.balance(t, "u1"))
			}
			if held := w.balance(t, suspense); row.name == "no human" && held != "-5" {
				t.Errorf("suspense has %s: what no human can be debited for stays in our ledger", held)
			}
		})
	}
}

// session puts a platform's record of a session.
func (w *world) session(t *testing.T, version int64, members string) {
	t.Helper()
	if _, err := w.Put(t.Context(), records.Record{Kind: "acme.session", ID: "s1", Version: version, Time: nine, Data: []byte(`{"id":"s1"` + members + `}`)}); err != nil {
		t.Fatal(err)
	}
}

func ofSession(id, session string) webhook.Event {
	return used(webhook.Usage{ID: id, Whom: "u1", Value: "4", Session: session}, 0)
}

// Usage of a session that is known to be simulated costs nothing, if asked for. Usage
// that overtakes the first report of its session waits, a bounded time. The first
// booking stands, also when the session is known later.
func TestCreditsDeduct_simulatedSession(t *testing.T) {
	const simulated = `,"simulated":true`
	for _, row := range []struct {
		name, exclude string
		before        string // of the session; "-": nothing is reported
		session       string
		late          time.Duration // when the usage is handled
		want          string
	}{
		{"simulated", "true", simulated, "s1", 0, "unpriced"},
		{"real", "true", `,"simulated":false`, "s1", 0, "charged"},
		{"the report does not say", "true", "", "s1", 0, "charged"},
		{"not asked for", "", simulated, "s1", 0, "charged"},
		{"another session", "true", simulated, "", 0, "charged"},
		{"not reported yet", "true", "-", "s1", time.Minute, "again: nothing is reported yet of the usage's session"},
		{"never reported", "true", "-", "s1", 3 * time.Minute, "charged"},
		{"redriven next year", "true", "-", "s1", 365 * 24 * time.Hour, "charged"},
		{"from a clock that is ahead", "true", "-", "s1", -time.Hour, "charged"},
	} {
		for _, id := range []string{"1", ""} {
			t.Run(fmt.Sprint(row.name, ", id ", id != ""), func(t *testing.T) {
				w := newWorld(t, map[string]string{"EXCLUDE_SIMULATED": row.exclude})
				if w.now = nine.Add(row.late); row.before != "-" {
					w.session(t, 1, row.before)
				}
				e := ofSession(id, row.session)
				first := w.handle(t, e)
				balance := map[string]string{"charged": "-4"}[row.want]
				if balance == "" {
					balance = "0"
				}
				if outcome(first) != row.want || w.balance(t, "u1") != balance || (first.Err != nil) != (webhook.RetryDelay(first.Err) > 0) {
					t.Fatalf("%s, balance %s", outcome(first), w.balance(t, "u1"))
				}
				w.session(t, 2, simulated)
				again := w.handle(t, e)
				if first.Err != nil && again.Outcome != "unpriced" || first.Err == nil && (again.Outcome != "duplicate" || len(first.FollowUps) > 0 && ids(again) != ids(first)) || w.balance(t, "u1") != balance {
					t.Errorf("reported as simulated afterwards: %s, balance %s, follow-ups %v", outcome(again), w.balance(t, "u1"), again.FollowUps)
				}
			})
		}
	}
	comesBack(t, newWorld(t, map[string]string{"EXCLUDE_SIMULATED": "true"}), ofSession("1", "s1"), &failing{get: "acme.session"})
}

func TestSettingsFromEnv(t *testing.T) {
	for _, row := range [][2]string{
		{"TARIFF", "conversational_seconds"}, {"TARIFF", " =1"}, {"TARIFF", "conversational_seconds=-1"}, {"TARIFF", "conversational_seconds=one"}, {"TARIFF", "a=1,a=2"},
		{"IDLESS_WINDOW", "-5m"}, {"IDLESS_WINDOW", "15"}, {"EXCLUDE_SIMULATED", "maybe"}, {"ACCOUNT_PER_PROJECT", "maybe"},
	} {
		expectFault(t, row[0], map[string]string{row[0]: row[1]})
	}
	if got := accounts.BalanceOf("p", "u1").Account; got != "p\x1fu1" {
		t.Errorf("%q", got)
	}
}

func expectFault(t *testing.T, variable string, env map[string]string) {
	t.Helper()
	_, err := SettingsFromEnv(func(name string) string { return env[name] })
	if err == nil || !strings.Contains(err.Error(), variable) {
		t.Errorf("%v: error %v, want one that names %s", env, err, variable)
	}
}
