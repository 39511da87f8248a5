package calls_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// crossingsOf gives the crossings among handled events, a repeated one once.
func crossingsOf(t rapid.TB, handled []webhook.Event) (all []string) {
	t.Helper()
	ids := map[string]bool{}
	for _, e := range handled {
		if e.Type != followups.Exhausted && e.Type != followups.Restored {
			continue
		}
		var c followups.Crossing
		if err := strict.Unmarshal(e.Data, &c); err != nil {
			t.Fatal(err)
		}
		if !ids[e.ID] {
			all = append(all, fmt.Sprintf("%d %s", c.Number, strings.TrimPrefix(e.Type, "credits.")))
		}
		ids[e.ID] = true
	}
	return all
}

func TestACrossingIsToldOnce(t *testing.T) {
	w := newOutbound(t, nil)
	for i, step := range []struct {
		amount, want string
		negative     bool // and people are told that it fell below zero
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
		got := strings.Join(crossingsOf(t, w.drain(t, changed)), ", ")
		if got != step.want {
			t.Errorf("step %d: told %q, want %q", i, got, step.want)
		}
		if again := crossingsOf(t, w.drain(t, changed)); len(again) != 0 {
			t.Errorf("step %d, delivered again: told %q", i, again)
		}
		if n := strings.Count(w.log.String(), "code=NEG"); n != map[bool]int{true: 1}[step.negative] || strings.Contains(w.log.String(), "u1") {
			t.Errorf("step %d: %d alarms, negative %t: %s", i, n, step.negative, w.log.String())
		}
	}
	if last, _, err := w.store.Get(t.Context(), "credits.state", "u1"); err != nil || last.Version != 3 || string(last.Data) != `{"exhausted":true}` {
		t.Errorf("on record is %d %s (%v)", last.Version, last.Data, err)
	}
}

func TestWhoNeverHadAnythingIsExhausted(t *testing.T) {
	w := newOutbound(t, map[string]string{"GABBER_API_KEY": ""}) // found without a key as well
	if got := crossingsOf(t, w.drain(t, w.book(t, "1", "u1", "-1"))); !slices.Equal(got, []string{"1 exhausted"}) {
		t.Errorf("told %q", got)
	}
	unknown := ours(t, followups.BalanceChanged, "2", followups.Balance{Account: "u2", Human: "u2"})
	if got := crossingsOf(t, w.drain(t, unknown)); len(got) != 0 {
		t.Errorf("an account without entries: told %q", got)
	}
}

// The event that tells of a crossing may be lost on its way until it is
// published; then the change of balance comes back and tells it again.
func TestACrossingThatWasNotPublishedIsToldAgain(t *testing.T) {
	w := newOutbound(t, nil)
	changed := w.book(t, "1", "u1", "-1")
	first, second := w.handle(t, changed).FollowUps, w.handle(t, changed).FollowUps
	if len(first) != 1 || len(second) != 1 || first[0].ID != second[0].ID {
		t.Fatalf("%d follow-ups, then %d, or not the same", len(first), len(second))
	}
}

// The balance may be back before anybody notes that it was gone; then nobody
// else will look.
func TestACrossingThatIsNotedLateLooksAgain(t *testing.T) {
	w := newOutbound(t, nil)
	gone := w.handle(t, w.book(t, "1", "u1", "-1")).FollowUps
	if early := w.handle(t, w.book(t, "2", "u1", "2")).FollowUps; len(gone) != 1 || len(early) != 0 {
		t.Fatalf("%d and %d follow-ups", len(gone), len(early))
	}
	if got := crossingsOf(t, w.drain(t, gone...)); !slices.Equal(got, []string{"1 exhausted", "2 restored"}) {
		t.Errorf("told %q", got)
	}
}

// Who has run out is told of, although the platform is down, busy, or refuses a
// limit of nothing.
func TestACrossingDoesNotWaitForTheLimit(t *testing.T) {
	for status, want := range map[int]string{1: "again", 429: "again", 503: "again", 401: "again", 400: "dead: the API answered 400"} {
		w := newOutbound(t, nil)
		w.fault = always(fault{status, false})
		r := w.handle(t, w.book(t, "1", "u1", "-1"))
		if outcome(r) != want || !slices.Equal(crossingsOf(t, r.FollowUps), []string{"1 exhausted"}) || !strings.Contains(w.log.String(), "code=NEG") {
			t.Errorf("%d: %s, told %q", status, outcome(r), crossingsOf(t, r.FollowUps))
		}
	}
}

// A store whose answer is lost says that nothing was stored: people are told all
// the same, and once.
func TestAnAlarmIsNotLostWithAnAnswer(t *testing.T) {
	w := newOutbound(t, nil)
	w.ports.Records = &claims{w.store, func(put func() (bool, error)) (bool, error) {
		_, err := put()
		return false, err
	}}
	table := calls.Table(calls.Settings{}, w.ports, slog.New(slog.NewTextHandler(&w.log, nil)))
	changed := w.book(t, "1", "u1", "-1")
	for range 3 {
		if r := table[changed.Type](t.Context(), []webhook.Event{changed})[0]; r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	if n := strings.Count(w.log.String(), "code=NEG"); n != 1 {
		t.Errorf("%d alarms: %s", n, w.log.String())
	}
}

// An API that hangs takes all the time there is, and still.
func TestACrossingDoesNotWaitForAnAPIThatHangs(t *testing.T) {
	w := newOutbound(t, nil)
	w.fault = always(fault{2, false})
	batch := []webhook.Event{w.book(t, "1", "u1", "-1"), w.book(t, "2", "u2", "-1")}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	w.ports.Ledger = punctual{w.books}
	settings := calls.Settings{Gabber: calls.Gabber{API: w.api(), Price: strict.NewDecimal(1)}}
	table := calls.Table(settings, w.ports, slog.New(slog.DiscardHandler))
	for i, r := range table[followups.BalanceChanged](ctx, batch) {
		if outcome(r) != "again" || !slices.Equal(crossingsOf(t, r.FollowUps), []string{"1 exhausted"}) {
			t.Errorf("event %d: %s, told %q", i, outcome(r), crossingsOf(t, r.FollowUps))
		}
	}
}

// punctual is a ledger that answers nobody whose time is over.
type punctual struct{ ledger.LimitMarks }

func (p punctual) Account(ctx context.Context, account string) (ledger.Account, error) {
	if err := ctx.Err(); err != nil {
		return ledger.Account{}, err
	}
	return p.LimitMarks.Account(ctx, account)
}

// A limit that is refused for good is no reason to forget a crossing that could
// not be looked for yet.
func TestWhatIsNotDoneComesBackWhateverElseIsForGood(t *testing.T) {
	w := newOutbound(t, nil)
	w.fault = always(fault{400, false})
	changed := w.book(t, "1", "u1", "-1")
	w.ports.Records = brokenRecords{errors.New("store is down")}
	table := calls.Table(calls.Settings{Gabber: calls.Gabber{API: w.api(), Price: strict.NewDecimal(1)}}, w.ports, slog.New(slog.DiscardHandler))
	if r := table[changed.Type](t.Context(), []webhook.Event{changed})[0]; outcome(r) != "again" || w.count != 1 {
		t.Errorf("%s after %d calls", outcome(r), w.count)
	}
}

// Changes of balance, deliveries in any order and more than one, follow-ups that
// wait: in the end the last crossing told is what the balance says, and told
// crossings alternate.
func TestCrossingsConverge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newOutbound(t, nil)
		var queue, handled []webhook.Event
		booked, exhausted := 0, false
		balance := 0
		book := func() {
			amount := rapid.IntRange(-3, 3).Draw(rt, "amount")
			balance += amount
			booked++
			queue = append(queue, w.book(t, fmt.Sprint(booked), "u1", fmt.Sprint(amount)))
		}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			if len(queue) == 0 || rapid.Bool().Draw(rt, "book") {
				book()
				continue
			}
			i := rapid.IntRange(0, len(queue)-1).Draw(rt, "message")
			e := queue[i]
			r := w.handle(t, e)
			if r.Err != nil {
				rt.Fatal(r.Err)
			}
			if rapid.IntRange(0, 3).Draw(rt, "fate") == 0 {
				continue // the process died here: nothing was published or acknowledged
			}
			handled = append(handled, e)
			queue = append(slices.Delete(queue, i, i+1), r.FollowUps...)
		}
		handled = append(handled, w.drain(t, queue...)...)
		for i, told := range crossingsOf(rt, sorted(handled)) {
			exhausted = i%2 == 0
			want := "restored"
			if exhausted {
				want = "exhausted"
			}
			if told != fmt.Sprint(i+1, " ", want) {
				rt.Fatalf("crossing %d was told as %s", i+1, told)
			}
		}
		if exhausted != (balance <= 0) && booked > 0 {
			rt.Fatalf("balance %d, the last told says exhausted: %v", balance, exhausted)
		}
	})
}

// sorted puts crossings in order of their numbers: they may be handled late.
func sorted(events []webhook.Event) []webhook.Event {
	number := func(e webhook.Event) int64 {
		var c followups.Crossing
		_ = strict.Unmarshal(e.Data, &c) // 0 for the others
		return c.Number
	}
	slices.SortStableFunc(events, func(a, b webhook.Event) int { return int(number(a) - number(b)) })
	return events
}

func TestSessionsOfTheExhaustedAreEnded(t *testing.T) {
	for _, row := range []struct {
		name, end string
		fault     func(int) fault
		amount    string
		want      string
		outcome   string
	}{
		{"if asked for", "true", nil, "-1", "live called", "done"},
		{"not by default", "", nil, "-1", "", "done"},
		{"not if there is something left again", "true", nil, "1", "", "done"},
		{"an answer that is lost is asked for again", "true", once(fault{1, false}), "-1", "", "again"},
		{"a session that is over already", "true", once(fault{404, false}), "-1", "called", "done"},
		{"a session that cannot be ended", "true", once(fault{400, false}), "-1", "called", "done"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newOutbound(t, map[string]string{"END_EXHAUSTED_SESSIONS": row.end})
			keepSessions(t, w.store)
			w.book(t, "1", "u1", row.amount)
			w.fault = row.fault
			e := ours(t, followups.Exhausted, "u1", followups.Crossing{Balance: followups.Balance{Account: "u1", Human: "u1"}, Number: 1})
			if got := outcome(w.handle(t, e)); got != row.outcome || strings.Join(w.State().Ended, " ") != row.want {
				t.Errorf("%s, ended %q; want %s, %q", got, w.State().Ended, row.outcome, row.want)
			}
			if row.outcome == "again" {
				if got := outcome(w.handle(t, e)); got != "done" || len(w.State().Ended) != 2 {
					t.Errorf("again: %s, ended %q", got, w.State().Ended)
				}
			}
		})
	}
}

// keepSessions stores sessions of several people, two live ones of u1.
func keepSessions(t *testing.T, store records.Store) {
	t.Helper()
	for i, s := range []string{
		`{"id":"live","state":"in_progress","human":"u1"}`,
		`{"id":"over","state":"ended","human":"u1"}`,
		`{"id":"new","state":"not_started","human":"u1"}`,
		`{"id":"another's","state":"in_progress","human":"u2"}`,
		`{"id":"nobody's","state":"in_progress","caller":"+1555"}`,
		`{"id":"called","state":"in_progress","caller":"+12025550143"}`,
	} {
		r := records.Record{Kind: gabber.SessionKind, ID: fmt.Sprint(i), Version: 1, Time: nine, Data: []byte(s)}
		if _, err := store.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Put(t.Context(), accounts.PhoneOwner("+1 202 555 0143", "u1", nine)); err != nil {
		t.Fatal(err)
	}
}

// The search for live sessions goes beyond a page and ends.
func TestSessionsAreLookedForAmongTheNewest(t *testing.T) {
	for newer, want := range map[int]string{150: "live", 1000: ""} {
		w := newOutbound(t, map[string]string{"END_EXHAUSTED_SESSIONS": "true"})
		for i := range newer + 1 {
			r := records.Record{Kind: gabber.SessionKind, ID: fmt.Sprint(i), Version: 1, Time: nine.Add(time.Duration(i)), Data: []byte(`{"id":"over","state":"ended","human":"u1"}`)}
			if i == 0 {
				r.Data = []byte(`{"id":"live","state":"in_progress","human":"u1"}`)
			}
			if _, err := w.store.Put(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		w.book(t, "1", "u1", "-1")
		e := ours(t, followups.Exhausted, "u1", followups.Crossing{Balance: followups.Balance{Account: "u1", Human: "u1"}, Number: 1})
		if got := outcome(w.handle(t, e)); got != "done" || strings.Join(w.State().Ended, " ") != want {
			t.Errorf("%d newer ones: %s, ended %q, want %q", newer, got, w.State().Ended, want)
		}
	}
}

// What could not be put on record comes back: a crossing that is not noted is
// told again or never followed by the next, an alarm that is not noted did not ring.
func TestACrossingThatCannotBeNotedComesBack(t *testing.T) {
	for _, kind := range []string{"credits.state", "credits.negative"} {
		for _, end := range []bool{false, true} {
			w := newOutbound(t, nil)
			w.book(t, "1", "u1", "-1")
			c := &calls.Crossings{Ledger: w.books, Records: &failing{Store: w.store, put: kind}, Log: slog.New(slog.NewTextHandler(&w.log, nil))}
			if end {
				c.End = func(context.Context, followups.Balance) error { return nil }
			}
			e := ours(t, followups.Exhausted, "u1", followups.Crossing{Balance: followups.Balance{Account: "u1", Human: "u1"}, Number: 1})
			if _, err := c.Note(t.Context(), e); !errors.Is(err, errFails) {
				t.Errorf("%s, end sessions %t: %v", kind, end, err)
			}
		}
	}
}

func TestOutboundsStoresMayBeDown(t *testing.T) {
	down := errors.New("store is down")
	crossings := &calls.Crossings{Records: brokenRecords{down}}
	say := func(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
		return nil, (&calls.Speech{Records: brokenRecords{down}}).Say(ctx, e).Err
	}
	for name, handle := range map[string]webhook.Handler{"watch": crossings.Watch, "note": crossings.Note, "say": say} {
		_, err := handle(context.Background(), webhook.Event{Data: []byte(`{"account":"u1","human":"u1","number":1,"session":"s","text":"t"}`)})
		if !errors.Is(err, down) {
			t.Errorf("%s: %v, want one that comes back", name, err)
		}
	}
}
