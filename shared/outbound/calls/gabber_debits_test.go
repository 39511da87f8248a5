package calls_test

import (
	"cmp"
	"errors"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

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
		d := &calls.VendorDebits{API: w.api(), Records: &row.store}
		_, err := d.Post(t.Context(), ours(t, followups.VendorDebit, "1", followups.Debit{Credit: "gold", Human: "u1", Amount: -1, Key: "k"}))
		if !errors.Is(err, errFails) || w.count != row.calls {
			t.Errorf("%s: %v after %d calls", name, err, w.count)
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
				w.handle(t, ours(t, followups.VendorDebit, "0", followups.Debit{Credit: "gold", Human: "u1", Amount: -cmp.Or(row.its, 1), Key: row.before}))
			}
			w.count, w.fault = 0, row.fault
			e := ours(t, followups.VendorDebit, "1", followups.Debit{Credit: "gold", Human: "u1", Amount: -31, Key: "gabber:usage:1"})
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
		return ours(t, followups.VendorDebit, key, followups.Debit{Credit: "gold", Human: "u1", Amount: -1, Key: key})
	}
	for _, key := range []string{"1", "2", "1", "2", "1"} {
		if got := outcome(w.handle(t, debit(key))); got != "done" {
			t.Errorf("%s: %s", key, got)
		}
	}
	if sum(w.State().Ledger) != -2 || w.count != 2 {
		t.Errorf("%d debited in %d calls, want 2 in 2", sum(w.State().Ledger), w.count)
	}
	for _, d := range []followups.Debit{{Credit: "gold", Human: "u2", Amount: -1, Key: "1"}, {Credit: "silver", Human: "u1", Amount: -1, Key: "1"}} {
		if got := outcome(w.handle(t, ours(t, followups.VendorDebit, d.Credit+d.Human, d))); got == "done" {
			t.Errorf("%s of %s: taken for another's of the same key", d.Credit, d.Human)
		}
	}
	forgetful := &calls.VendorDebits{API: w.api(), Records: records.NewMemory()}
	if _, err := forgetful.Post(t.Context(), debit("2")); err != nil || sum(w.State().Ledger) != -2 {
		t.Errorf("without the note: %v; the newest entry there has the key", err)
	}
}

// A header loses the blanks around a name, and what is left may be somebody else's.
func TestADebitOfAHumanThatNoHeaderCanName(t *testing.T) {
	w := newOutbound(t, nil)
	for _, human := range []string{"u1 ", " u1", "u1\t", " "} {
		e := ours(t, followups.VendorDebit, human, followups.Debit{Credit: "gold", Human: human, Amount: -1, Key: "k"})
		if got := outcome(w.handle(t, e)); !strings.HasPrefix(got, "dead: ") || w.count != 0 {
			t.Errorf("%q: %s after %d calls", human, got, w.count)
		}
	}
}

func sum(entries []fakeapi.Entry) (all int64) {
	for _, e := range entries {
		all += e.Amount
	}
	return all
}
