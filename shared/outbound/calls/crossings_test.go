package calls

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// crossingsOf gives the crossings among events, a repeated one once, in order of
// their numbers: they may be handled late.
func crossingsOf(events []webhook.Event) (all []string) {
	told := map[int64]string{}
	for _, e := range events {
		var c followups.Crossing
		if e.Type == followups.Exhausted || e.Type == followups.Restored {
			_ = strict.Unmarshal(e.Data, &c) // ours
			told[c.Number] = fmt.Sprintf("%d %s", c.Number, strings.TrimPrefix(e.Type, "credits."))
		}
	}
	for _, number := range slices.Sorted(maps.Keys(told)) {
		all = append(all, told[number])
	}
	return all
}

func TestCrossings(t *testing.T) {
	w := newAcme(t)
	for i, step := range []struct {
		amount, want string
		negative     bool // and an alarm says that it fell below zero
	}{
		{"10", "", false},
		{"-4", "", false},
		{"-6", "1 exhausted", false}, // exactly nothing is left
		{"-1", "", true},
		{"0.5", "", false},
		{"0.5", "", false},
		{"-1", "", false}, // it has not been above zero since
		{"1.000001", "2 restored", false},
		{"5", "", false},
		{"-50", "3 exhausted", true},
	} {
		w.log.Reset()
		changed := w.book(t, fmt.Sprint(i), "u1", step.amount)
		if got := strings.Join(crossingsOf(w.drain(t, changed)), ", "); got != step.want {
			t.Errorf("step %d: told %q, want %q", i, got, step.want)
		}
		if again := crossingsOf(w.drain(t, changed)); len(again) != 0 {
			t.Errorf("step %d, delivered again: told %q", i, again)
		}
		if n := strings.Count(w.log.String(), "code=NEG"); n != map[bool]int{true: 1}[step.negative] {
			t.Errorf("step %d: %d alarms, negative %t", i, n, step.negative)
		}
	}
	if last, _, err := w.store.Get(t.Context(), "credits.state", "u1"); err != nil || last.Version != 3 || string(last.Data) != `{"exhausted":true}` {
		t.Errorf("on record is %d %s (%v)", last.Version, last.Data, err)
	}
	if !slices.Equal(w.acme.ended, []string{"u1", "u1"}) {
		t.Errorf("ended the sessions of %q, want them at each exhaustion", w.acme.ended)
	}
	unknown := ours(followups.BalanceChanged, "2", accounts.BalanceOf("", "u2"))
	if got := crossingsOf(w.drain(t, unknown)); len(got) != 0 {
		t.Errorf("an account without entries: told %q", got)
	}
}

// An event that tells of a crossing may be lost until it is published: the change of
// balance comes back and gives the same event. A crossing that is noted late looks
// again, because the balance may be back already.
func TestCrossings_toldAgain(t *testing.T) {
	w := newAcme(t)
	changed := w.book(t, "1", "u1", "-1")
	first, second := w.handle(t, changed).FollowUps, w.handle(t, changed).FollowUps
	if len(first) != 1 || len(second) != 1 || first[0].ID != second[0].ID {
		t.Fatalf("%d follow-ups, then %d, or not the same", len(first), len(second))
	}
	if early := w.handle(t, w.book(t, "2", "u1", "2")).FollowUps; len(early) != 0 {
		t.Fatalf("%d follow-ups before the first is noted", len(early))
	}
	if got := crossingsOf(w.drain(t, first...)); !slices.Equal(got, []string{"1 exhausted", "2 restored"}) || len(w.acme.ended) != 0 {
		t.Errorf("told %q, ended %q", got, w.acme.ended)
	}
}

// A crossing is told although the platform's API is down, busy, hangs, or refuses a
// limit of nothing.
func TestCrossings_beforeTheLimit(t *testing.T) {
	for status, want := range map[int]string{1: "again", 2: "again", 429: "again", 503: "again", 401: "again", 400: "dead: the API answered 400"} {
		w := newAcme(t)
		w.fault = always(fault{status, false})
		w.ports.Ledger = punctual{w.books}
		w.complete()
		batch := []webhook.Event{w.book(t, "1", "u1", "-1"), w.book(t, "2", "u2", "-1")}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		for _, r := range w.rows[followups.BalanceChanged](ctx, batch) {
			if outcome(r) != want || !slices.Equal(crossingsOf(r.FollowUps), []string{"1 exhausted"}) || strings.Count(w.log.String(), "code=NEG") != 2 {
				t.Errorf("%d: %s, told %q", status, outcome(r), crossingsOf(r.FollowUps))
			}
		}
		cancel()
	}
}

// punctual is a ledger that answers no caller whose time is over.
type punctual struct{ ledger.LimitMarks }

func (p punctual) Account(ctx context.Context, account string) (ledger.Account, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Account{}, err
	}
	return p.LimitMarks.Account(ctx, account)
}

// What cannot be put on record comes back, although the limit failed for good. The
// alarm is raised before it is noted, and once although the answer is lost.
func TestCrossings_recordsFail(t *testing.T) {
	w := newAcme(t)
	changed := w.book(t, "1", "u1", "-1")
	for kind, e := range map[string]webhook.Event{accounts.CrossingKind: ours(followups.Exhausted, "1", crossing(1)), accounts.NegativeKind: changed} {
		w.ports.Records = &failing{Store: w.store, put: kind}
		w.complete()
		w.fault = always(fault{400, false})
		if r := w.handle(t, e); !errors.Is(r.Err, errFails) || len(w.acme.ended) != 0 {
			t.Errorf("%s: %v", kind, r.Err)
		}
	}
	w.fault = nil
	w.log.Reset()
	w.ports.Records = &firstPut{w.store, lost}
	w.complete()
	for range 3 {
		w.drain(t, changed)
	}
	if n := strings.Count(w.log.String(), "code=NEG"); n != 1 {
		t.Errorf("%d alarms: %s", n, w.log.String())
	}
}

// Changes of balance, deliveries in any order and more than one, follow-ups that
// wait: in the end the last crossing told is what the balance says, and told
// crossings alternate.
func TestCrossings_converge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newAcme(t)
		var queue, handled []webhook.Event
		booked, balance := 0, 0
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			if len(queue) == 0 || rapid.Bool().Draw(rt, "book") {
				amount := rapid.IntRange(-3, 3).Draw(rt, "amount")
				booked, balance = booked+1, balance+amount
				queue = append(queue, w.book(t, fmt.Sprint(booked), "u1", fmt.Sprint(amount)))
				continue
			}
			i := rapid.IntRange(0, len(queue)-1).Draw(rt, "message")
			r := w.handle(t, queue[i])
			if r.Err != nil {
				rt.Fatal(r.Err)
			}
			if rapid.IntRange(0, 3).Draw(rt, "fate") == 0 {
				continue // the process died here: nothing was published or acknowledged
			}
			handled = append(handled, queue[i])
			queue = append(slices.Delete(queue, i, i+1), r.FollowUps...)
		}
		handled = append(handled, w.drain(t, queue...)...)
		told := crossingsOf(handled)
		for i, crossing := range told {
			if want := fmt.Sprint(i+1, []string{" exhausted", " restored"}[i%2]); crossing != want {
				rt.Fatalf("crossing %d was told as %s", i+1, crossing)
			}
		}
		if booked > 0 && (len(told)%2 == 1) != (balance <= 0) {
			rt.Fatalf("balance %d, told %q", balance, told)
		}
	})
}
