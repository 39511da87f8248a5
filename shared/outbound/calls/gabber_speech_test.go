package calls

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

const maybe = "dead: it may have been spoken already"

var sunny = ours(followups.SpeechRequested, "g1", followups.SpeechRequest{Session: "s1", Text: "sunny", Group: "g1"})

func TestSpeechSay(t *testing.T) {
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
		{"our key is refused for longer", each(fault{403, false}, fault{403, false}), "again, again, done", 1},
		{"the session is over", always(fault{404, false}), "done, done, done", 0},
		{"the request is wrong until the program is fixed", once(fault{400, false}), "dead: the API answered 400, done, done", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.fault = row.fault
			var got []string
			for range 3 {
				r := w.handle(t, sunny)
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

// Of two deliveries at once the second waits for what comes of the first, however
// that ends.
func TestSpeechSay_twoAtOnce(t *testing.T) {
	for answer, want := range map[fault]string{{}: "done", {1, true}: maybe} {
		w := newWorld(t, nil)
		var second string
		w.fault = func(call int) fault {
			if call == 1 { // the first is speaking
				second = outcome(w.handle(t, sunny))
			}
			return answer
		}
		first := outcome(w.handle(t, sunny))
		w.now = w.now.Add(time.Minute)
		if then := outcome(w.handle(t, sunny)); first != want || second != "again" || then != want || len(w.State().Spoken["s1"]) != 1 {
			t.Errorf("first %q, second %q, then %q, spoken %d times", first, second, then, len(w.State().Spoken["s1"]))
		}
	}
}

// A try that died between its claim and its answer may have spoken; the next one waits
// only until that is certain.
func TestSpeechSay_dies(t *testing.T) {
	w := newWorld(t, nil)
	func() {
		defer func() { _ = recover() }()
		w.fault = func(int) fault { panic("killed") }
		w.handle(t, sunny)
	}()
	w.fault = nil
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{0, "again"}, {9 * time.Second, "again"}, {11 * time.Second, maybe}, {time.Hour, maybe}} {
		w.now = nine.Add(step.after)
		if got := outcome(w.handle(t, sunny)); got != step.want {
			t.Errorf("after %v: %s, want %s", step.after, got, step.want)
		}
	}
}

// A try that would run out of time in the middle does not begin.
func TestSpeechSay_needsTime(t *testing.T) {
	w := newWorld(t, nil)
	w.now = time.Now()
	for _, step := range []struct {
		left time.Duration
		want string
	}{{6 * time.Second, "again"}, {20 * time.Second, "done"}} {
		ctx, cancel := context.WithTimeout(t.Context(), step.left)
		if got := outcome(w.rows[sunny.Type](ctx, []webhook.Event{sunny})[0]); got != step.want {
			t.Errorf("with %v left: %s, want %s", step.left, got, step.want)
		}
		cancel()
	}
}

// speechOver speaks over another store, with a jitter of n milliseconds.
func (w *world) speechOver(t *testing.T, store records.Store, n int) string {
	api := gabberAPI{Base: "https://api.test", Key: fakeapi.Key, Doer: w.ports.Doer}
	s := &speech{api, store, w.ports.Now, func() time.Duration { return time.Duration(n) * time.Millisecond }}
	return outcome(s.Say(t.Context(), sunny))
}

// late is a store that shows a record only at the second look.
type late struct {
	records.Store
	looked bool
}

func (l *late) Get(ctx context.Context, kind, id string) (records.Record, bool, error) {
	if !l.looked {
		l.looked = true
		return records.Record{}, false, nil
	}
	return l.Store.Get(ctx, kind, id)
}

func TestSpeechSay_claims(t *testing.T) {
	w := newWorld(t, nil)
	if got := w.speechOver(t, &firstPut{w.store, lost}, 1); got != "done" || len(w.State().Spoken["s1"]) != 1 {
		t.Errorf("a claim whose answer is lost: %s", got)
	}
	for name, alike := range map[string]bool{"one after the other": false, "that see none, alike but for the jitter": true} {
		w = newWorld(t, nil)
		var loser string
		w.fault = func(call int) fault {
			if call == 1 { // the winner is speaking
				var store records.Store = w.store
				if alike {
					store = &late{Store: w.store}
				}
				loser = w.speechOver(t, store, 2)
			}
			return fault{}
		}
		if winner := w.speechOver(t, w.store, 1); winner != "done" || loser != "again" || len(w.State().Spoken["s1"]) != 1 {
			t.Errorf("two claims %s: winner %s, loser %s, spoken %d times", name, winner, loser, len(w.State().Spoken["s1"]))
		}
	}
	for name, store := range map[string]records.Store{"is not read": &failing{w.store, "*", ""}, "is not stored": &failing{records.NewMemory(), "", "*"}} {
		if w.count = 0; w.speechOver(t, store, 1) != "again" || w.count != 0 {
			t.Errorf("a claim that %s: %d calls", name, w.count)
		}
	}
	w = newWorld(t, nil)
	if _, err := w.store.Put(t.Context(), records.Record{Kind: gabber.SpeechKind, ID: sunny.ID, Version: 2, Time: nine, Data: []byte("torn")}); err != nil {
		t.Fatal(err)
	}
	if got := outcome(w.handle(t, sunny)); got != "again" || w.count != 0 {
		t.Errorf("a claim that cannot be read: %s after %d calls", got, w.count)
	}
}
