package handlers_test

import (
	"cmp"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// debits picks the debits out of the follow-ups of one event.
func debits(t *testing.T, b *books, e webhook.Event) (asked []webhook.Event, outcome string) {
	t.Helper()
	r := b.Deduct(t.Context(), []webhook.Event{e})[0]
	for _, f := range r.FollowUps {
		if f.Type == handlers.VendorDebit {
			asked = append(asked, f)
		}
	}
	return asked, r.Outcome
}

func TestUsageIsDebitedAtTheVendor(t *testing.T) {
	beside := map[string]string{"GABBER_LEDGER": "beside", "GABBER_CREDIT": "gold"}
	instead := map[string]string{"GABBER_LEDGER": "instead", "GABBER_CREDIT": "gold"}
	for _, row := range []struct {
		name, payload string
		env           map[string]string
		want          string // the debit's data
		outcome       string
		balance       string // in our own ledger
	}{
		{"beside our own", seconds("1", "u1", "30"), beside, `{"credit":"gold","human":"u1","amount":-30,"key":"gabber:usage:1"}`, "charged", "-30"},
		{"instead of our own", seconds("1", "u1", "30"), instead, `{"credit":"gold","human":"u1","amount":-30,"key":"gabber:usage:1"}`, "charged", "0"},
		{"not at all", seconds("1", "u1", "30"), nil, "", "charged", "-30"},
		{"turned off", seconds("1", "u1", "30"), map[string]string{"GABBER_LEDGER": "off", "GABBER_CREDIT": "gold"}, "", "charged", "-30"},
		{"a fraction is rounded up there", seconds("1", "u1", "30.000001"), beside, `{"credit":"gold","human":"u1","amount":-31,"key":"gabber:usage:1"}`, "charged", "-30.000001"},
		{"the smallest fraction", seconds("1", "u1", "0.000001"), instead, `{"credit":"gold","human":"u1","amount":-1,"key":"gabber:usage:1"}`, "charged", "0"},
		{"nothing", seconds("1", "u1", "0"), beside, "", "charged", "0"},
		{"no price", `{"id":"1","type":"token_cnt","value":5,"human":"u1"}`, instead, "", "unpriced", "0"},
		{"nobody we know", seconds("1", "", "5"), instead, "", "suspense", "0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBooks(t, row.env)
			e := usage(t, row.payload, 0)
			first, outcome := debits(t, b, e)
			again, _ := debits(t, b, e)
			if len(first) != len(again) || len(first) > 0 && first[0].ID != again[0].ID {
				t.Error("delivered again, other follow-ups")
			}
			got := ""
			if len(first) == 1 {
				got = string(first[0].Data)
			}
			if got != row.want || outcome != row.outcome || b.balance(t, "u1") != row.balance {
				t.Errorf("debit %s, %s, balance %s", got, outcome, b.balance(t, "u1"))
			}
			if suspense := b.balance(t, handlers.Suspense("gabber", "p")); row.outcome == "suspense" && suspense != "-5" {
				t.Errorf("suspense has %s: what nobody can be debited for elsewhere stays in our books", suspense)
			}
		})
	}
}

// What the window suppresses must not reach the vendor under another key, not
// even when the suppressed message is delivered again.
func TestTwinsHaveOneKeyAtTheVendor(t *testing.T) {
	b := newBooks(t, map[string]string{"GABBER_LEDGER": "instead", "GABBER_CREDIT": "gold"})
	keys := map[string]bool{}
	const payload = `{"type":"conversational_seconds","value":4,"human":"u1"}`
	for _, after := range []time.Duration{0, time.Second, time.Second, time.Hour} {
		asked, _ := debits(t, b, usage(t, payload, after))
		for _, f := range asked {
			keys[string(f.Data)] = true
		}
	}
	if len(keys) != 1 {
		t.Errorf("debits %v, want one key", keys)
	}
}

// What is not in our books is not debited there either, but for what stands in
// its place.
func TestWhatDoesNotStandIsNotDebited(t *testing.T) {
	const idless = `{"type":"conversational_seconds","value":4,"human":"u1"}`
	for _, row := range []struct{ name, first, then, want string }{
		{"a conflict", seconds("1", "u1", "30"), seconds("1", "u1", "31"), ""},
		{"what the window suppresses", idless, idless, "suppressed"},
	} {
		b := newBooks(t, map[string]string{"GABBER_LEDGER": "beside", "GABBER_CREDIT": "gold"})
		debits(t, b, usage(t, row.first, 0))
		if asked, outcome := debits(t, b, usage(t, row.then, time.Second)); len(asked) != 0 || outcome != row.want {
			t.Errorf("%s: %d debits, %q", row.name, len(asked), outcome)
		}
	}
}

// Without knowing whether it was debited nothing is, and what was debited is not
// done before it is noted.
func TestADebitWaitsForItsNote(t *testing.T) {
	for name, row := range map[string]struct {
		store failing
		calls int
	}{
		"the note is not read":   {failing{get: "gabber.debit"}, 0},
		"the note is not stored": {failing{put: "gabber.debit"}, 1},
	} {
		w := newOutbound(t, nil)
		row.store.Store = w.store
		d := &handlers.VendorDebits{API: w.api(), Records: &row.store}
		_, err := d.Post(t.Context(), ours(t, handlers.VendorDebit, "1", handlers.Debit{Credit: "gold", Human: "u1", Amount: -1, Key: "k"}))
		if !errors.Is(err, errFails) || w.calls != row.calls {
			t.Errorf("%s: %v after %d calls", name, err, w.calls)
		}
	}
}

func TestDebitsAreMadeOnce(t *testing.T) {
	for _, row := range []struct {
		name   string
		before string // a key that was used before, for a debit of 1
		its    int64  // what that debit was of, if not 1
		fault  func(int) fault
		want   string // outcomes of two deliveries
		amount int64  // debited in all
	}{
		{"all is well", "", 0, nil, "done, done", -31},
		{"the answer is lost", "", 0, once(fault{1, true}), "again, done", -31},
		{"the call is lost", "", 0, once(fault{500, false}), "again, done", -31},
		{"busy", "", 0, once(fault{429, false}), "again, done", -31},
		{"an overdraft is refused, there is no entry", "", 0, func(call int) fault {
			return []fault{{}, {400, false}}[call%2] // the posts, not the reads
		}, "dead: the API answered 400, dead: the API answered 400", 0},
		{"refused, and the newest entry is another's", "another", 0, once(fault{400, false}), "dead: the API answered 400, done", -32},
		{"refused, and the newest entry cannot be read", "", 0, func(call int) fault {
			return map[int]fault{1: {400, true}, 2: {500, false}}[call]
		}, "again, done", -31},
		{"a used key is a conflict there", "", 0, func(call int) fault {
			return map[int]fault{1: {1, true}, 2: {409, false}}[call]
		}, "again, done", -31},
		{"refused, and the newest entry is another's of the same amount", "another", 31, once(fault{400, false}), "dead: the API answered 400, done", -62},
		{"a conflict with another's entry", "another", 0, once(fault{409, false}), "again, done", -32},
		{"our key is refused", "", 0, once(fault{401, false}), "again, done", -31},
		{"no such credit", "", 0, always(fault{404, false}), "again, again", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newOutbound(t, nil)
			if row.before != "" {
				w.handle(t, ours(t, handlers.VendorDebit, "0", handlers.Debit{Credit: "gold", Human: "u1", Amount: -cmp.Or(row.its, 1), Key: row.before}))
			}
			w.calls, w.fault = 0, row.fault
			e := ours(t, handlers.VendorDebit, "1", handlers.Debit{Credit: "gold", Human: "u1", Amount: -31, Key: "gabber:usage:1"})
			got := outcome(w.handle(t, e)) + ", " + outcome(w.handle(t, e))
			if got != row.want || sum(w.State().Ledger) != row.amount {
				t.Errorf("%s, %d debited; want %s, %d", got, sum(w.State().Ledger), row.want, row.amount)
			}
		})
	}
}

// Days later, after other debits, a redelivery meets a used key that is not the
// newest entry's: it must not become a dead letter, and must not debit twice.
func TestADebitIsRemembered(t *testing.T) {
	w := newOutbound(t, nil)
	debit := func(key string) webhook.Event {
		return ours(t, handlers.VendorDebit, key, handlers.Debit{Credit: "gold", Human: "u1", Amount: -1, Key: key})
	}
	for _, key := range []string{"1", "2", "1", "2", "1"} {
		if got := outcome(w.handle(t, debit(key))); got != "done" {
			t.Errorf("%s: %s", key, got)
		}
	}
	if sum(w.State().Ledger) != -2 || w.calls != 2 {
		t.Errorf("%d debited in %d calls, want 2 in 2", sum(w.State().Ledger), w.calls)
	}
	for _, d := range []handlers.Debit{{Credit: "gold", Human: "u2", Amount: -1, Key: "1"}, {Credit: "silver", Human: "u1", Amount: -1, Key: "1"}} {
		if got := outcome(w.handle(t, ours(t, handlers.VendorDebit, d.Credit+d.Human, d))); got == "done" {
			t.Errorf("%s of %s: taken for another's of the same key", d.Credit, d.Human)
		}
	}
	forgetful := &handlers.VendorDebits{API: w.api(), Records: records.NewMemory()}
	if _, err := forgetful.Post(t.Context(), debit("2")); err != nil || sum(w.State().Ledger) != -2 {
		t.Errorf("without the note: %v; the newest entry there has the key", err)
	}
}

// A header loses the blanks around a name, and what is left may be somebody else's.
func TestADebitOfAHumanThatNoHeaderCanName(t *testing.T) {
	w := newOutbound(t, nil)
	for _, human := range []string{"u1 ", " u1", "u1\t", " "} {
		e := ours(t, handlers.VendorDebit, human, handlers.Debit{Credit: "gold", Human: human, Amount: -1, Key: "k"})
		if got := outcome(w.handle(t, e)); !strings.HasPrefix(got, "dead: ") || w.calls != 0 {
			t.Errorf("%q: %s after %d calls", human, got, w.calls)
		}
	}
}

func sum(entries []fakeapi.Entry) (all int64) {
	for _, e := range entries {
		all += e.Amount
	}
	return all
}

func TestVendorSettings(t *testing.T) {
	for _, env := range []map[string]string{{"GABBER_LEDGER": "beside"}, {"GABBER_LEDGER": "yes", "GABBER_CREDIT": "gold"}} {
		_, err := handlers.CreditsFromEnv(func(name string) string { return env[name] })
		if err == nil || !strings.Contains(err.Error(), "GABBER_LEDGER") {
			t.Errorf("%v: %v", env, err)
		}
	}
}
