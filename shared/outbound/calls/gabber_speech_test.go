package calls_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

const maybe = "dead: it may have been spoken already"

func TestATextIsSpokenAtMostOnce(t *testing.T) {
	for _, row := range []struct {
		name   string
		fault  func(int) fault
		want   string // the outcome of each of three deliveries, a minute apart
		spoken int
	}{
		{"all is well", nil, "done, done, done", 1},
		{"the answer is lost", once(fault{1, true}), maybe + ", " + maybe + ", " + maybe, 1},
		{"the call is lost, which looks the same", once(fault{1, false}), maybe + ", " + maybe + ", " + maybe, 0},
		{"the platform breaks", once(fault{500, true}), maybe + ", " + maybe + ", " + maybe, 1},
		{"the platform is busy", once(fault{429, false}), "again, done, done", 1},
		{"our key is refused for a while", once(fault{401, false}), "again, done, done", 1},
		{"our key is refused for longer", func(call int) fault {
			if call < 3 {
				return fault{403, false}
			}
			return fault{}
		}, "again, again, done", 1},
		{"the session is over", always(fault{404, false}), "done, done, done", 0},
		{"the request is wrong until the program is mended", once(fault{400, false}), "dead: the API answered 400, done, done", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newOutbound(t, nil)
			w.fault = row.fault
			e := speech(t)
			var got []string
			for range 3 {
				r := w.handle(t, e)
				got = append(got, outcome(r))
				if said := r.Err == nil && r.Outcome == "spoken"; said != (r.Err == nil && row.spoken == 1) {
					t.Errorf("outcome %q, spoken %d times", r.Outcome, row.spoken)
				}
				w.now = w.now.Add(time.Minute)
			}
			if row.want == "done, done, done" && w.count != 1 {
				t.Errorf("%d calls, want one: nothing was left to do after it", w.count)
			}
			if strings.Join(got, ", ") != row.want || len(w.State().Spoken["s1"]) != row.spoken {
				t.Errorf("%q, spoken %d times; want %q, %d", got, len(w.State().Spoken["s1"]), row.want, row.spoken)
			}
		})
	}
}

func speech(t *testing.T) webhook.Event {
	return ours(t, followups.SpeechRequested, "g1", followups.SpeechRequest{Session: "s1", Text: "sunny", Group: "g1"})
}

// Two deliveries at once: while the first is speaking the second waits for what
// comes of it, however that ends.
func TestOfTwoTriesAtOnceOneSpeaks(t *testing.T) {
	for _, row := range []struct {
		name        string
		fault       fault
		first, then string
		spoken      int
	}{
		{"it is spoken", fault{}, "done", "done", 1},
		{"nobody knows", fault{1, true}, maybe, maybe, 1},
	} {
		w := newOutbound(t, nil)
		e := speech(t)
		var second string
		w.fault = func(call int) fault {
			if call == 1 { // the first is speaking
				second = outcome(w.handle(t, e))
			}
			return row.fault
		}
		first := outcome(w.handle(t, e))
		w.now = w.now.Add(time.Minute)
		if then := outcome(w.handle(t, e)); first != row.first || second != "again" || then != row.then || len(w.State().Spoken["s1"]) != row.spoken {
			t.Errorf("%s: first %q, second %q, then %q, spoken %d times", row.name, first, second, then, len(w.State().Spoken["s1"]))
		}
	}
}

// A try that died between its claim and its answer has spoken for all anybody
// knows; whoever comes next waits only until that is certain.
func TestATryThatDies(t *testing.T) {
	w := newOutbound(t, nil)
	e := speech(t)
	func() {
		defer func() { _ = recover() }()
		w.fault = func(int) fault { panic("killed") }
		w.handle(t, e)
	}()
	w.fault = nil
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{0, "again"}, {9 * time.Second, "again"}, {11 * time.Second, maybe}, {time.Hour, maybe}} {
		w.now = nine.Add(step.after)
		if got := outcome(w.handle(t, e)); got != step.want {
			t.Errorf("after %v: %s, want %s", step.after, got, step.want)
		}
	}
}

// A try that would run out of time in the middle does not begin.
func TestATryNeedsTime(t *testing.T) {
	w := newOutbound(t, nil)
	w.now = time.Now()
	for left, want := range map[time.Duration]string{6 * time.Second: "again", 20 * time.Second: "done"} {
		ctx, cancel := context.WithTimeout(t.Context(), left)
		e := ours(t, followups.SpeechRequested, left.String(), followups.SpeechRequest{Session: "s1", Text: "sunny"})
		if got := outcome(w.table[e.Type](ctx, []webhook.Event{e})[0]); got != want {
			t.Errorf("with %v left: %s, want %s", left, got, want)
		}
		cancel()
	}
	if w.count != 1 {
		t.Errorf("%d calls, want one", w.count)
	}
}

// claims is a store whose first Put ends in another way.
type claims struct {
	records.Store
	first func(put func() (bool, error)) (bool, error)
}

func (c *claims) Put(ctx context.Context, r records.Record) (bool, error) {
	put := func() (bool, error) { return c.Store.Put(ctx, r) }
	if first := c.first; first != nil {
		c.first = nil
		return first(put)
	}
	return put()
}

// The stores of both clouds say that nothing was stored if they had to try twice.
func TestAClaimWhoseAnswerIsLostIsOurs(t *testing.T) {
	w := newOutbound(t, nil)
	s := &calls.Speech{API: w.api(), Records: &claims{w.store, func(put func() (bool, error)) (bool, error) {
		_, err := put()
		return false, err
	}}, Now: w.ports.Now, Jitter: w.ports.Jitter}
	if err := s.Say(t.Context(), speech(t)).Err; err != nil || len(w.State().Spoken["s1"]) != 1 {
		t.Errorf("%v, spoken %d times", err, len(w.State().Spoken["s1"]))
	}
}

// Of two that claim at the same moment the second to write finds the other's
// claim, and does not speak.
func TestOfTwoClaimsOneWins(t *testing.T) {
	w := newOutbound(t, nil)
	e := speech(t)
	winner := &calls.Speech{API: w.api(), Records: w.store, Now: w.ports.Now, Jitter: w.ports.Jitter}
	loser := &calls.Speech{API: w.api(), Now: w.ports.Now, Jitter: w.ports.Jitter, Records: &claims{w.store, func(put func() (bool, error)) (won bool, err error) {
		w.fault = func(call int) fault { // the winner has claimed and speaks
			won, err = put()
			return fault{}
		}
		if err := winner.Say(t.Context(), e).Err; err != nil {
			t.Error(err)
		}
		return won, err
	}}}
	err := loser.Say(t.Context(), e).Err
	if _, permanent := webhook.PermanentReason(err); permanent || err == nil || len(w.State().Spoken["s1"]) != 1 {
		t.Errorf("the loser: %v, spoken %d times", err, len(w.State().Spoken["s1"]))
	}
	if err := loser.Say(t.Context(), e).Err; err != nil || len(w.State().Spoken["s1"]) != 1 {
		t.Errorf("the loser again: %v, spoken %d times", err, len(w.State().Spoken["s1"]))
	}
}

// late is a store whose first Get is answered as of before anybody wrote.
type late struct {
	records.Store
	gets int
}

func (l *late) Get(ctx context.Context, kind, id string) (records.Record, bool, error) {
	if l.gets++; l.gets == 1 {
		return records.Record{}, false, nil
	}
	return l.Store.Get(ctx, kind, id)
}

// Two claims of one second are alike but for their jitter: the second to write
// finds one that looks like its own while the winner is still speaking.
func TestOfTwoClaimsInOneSecondOneIsOurs(t *testing.T) {
	w := newOutbound(t, nil)
	e := speech(t)
	jitter := time.Duration(0)
	say := func(store records.Store) error {
		jitter += time.Millisecond
		s := &calls.Speech{API: w.api(), Records: store, Now: w.ports.Now, Jitter: func() time.Duration { return jitter }}
		return s.Say(t.Context(), e).Err
	}
	var loser error
	w.fault = func(call int) fault {
		if call == 1 { // the winner is speaking
			loser = say(&late{Store: w.store})
		}
		return fault{}
	}
	winner := say(w.store)
	if _, permanent := webhook.PermanentReason(loser); permanent || loser == nil || winner != nil || len(w.State().Spoken["s1"]) != 1 {
		t.Errorf("winner %v, loser %v, spoken %d times", winner, loser, len(w.State().Spoken["s1"]))
	}
}

// What is on record and cannot be read may say that it was spoken.
func TestAClaimNobodyCanReadIsNotSpoken(t *testing.T) {
	w := newOutbound(t, nil)
	e := speech(t)
	if _, err := w.store.Put(t.Context(), records.Record{Kind: "gabber.speech", ID: e.ID, Version: 2, Time: nine, Data: []byte("torn")}); err != nil {
		t.Fatal(err)
	}
	if got := outcome(w.handle(t, e)); got != "again" || w.count != 0 {
		t.Errorf("%s after %d calls", got, w.count)
	}
}

func TestWhatIsNoRequestIsPermanent(t *testing.T) {
	w := newOutbound(t, nil)
	for _, eventType := range []string{followups.SpeechRequested, followups.HumanFound, followups.Exhausted, followups.Restored, followups.VendorDebit} {
		for _, data := range []string{``, `{}`, `[]`, `{"session":"s"}`, `{"account":"u1"}`, `{"account":"u1","human":"u1","number":0,"credit":"c","amount":1,"key":"k"}`} {
			r := w.handle(t, webhook.Event{ID: "1", Type: eventType, Data: []byte(data)})
			if _, permanent := webhook.PermanentReason(r.Err); !permanent {
				t.Errorf("%s %s: %v", eventType, data, r.Err)
			}
		}
	}
	if w.count != 0 {
		t.Errorf("%d calls", w.count)
	}
}
