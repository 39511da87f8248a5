package handlers

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// state makes the event of a session's state, received after nine.
func state(t *testing.T, session string, after time.Duration) webhook.Event {
	t.Helper()
	return receivedFrom(t, "gabber", `{"type":"realtime_session.state_changed","payload":{"current_realtime_session":`+session+`}}`, after)
}

const (
	newCall   = `{"id":"s1","state":"not_started","created_at":"2025-11-21T15:00:00Z","project":"p","simulated":true,"data":[{"type":"caller_phone_number","value":"+12025550143"}]}`
	liveCall  = `{"id":"s1","state":"in_progress","human":"u1","data":[{"type":"agent_phone_number","value":"+12025550178"}]}`
	thinLive  = `{"id":"s1","state":"in_progress"}`
	endedCall = `{"id":"s1","state":"ended","ended_at":"2025-11-21T15:09:00Z"}`
	oddCall   = `{"id":"s1","state":"paused","project":"q"}`
)

func sessionRecord(t rapid.TB, store records.Store) (gabber.SessionRecord, records.Record) {
	t.Helper()
	r, ok, err := store.Get(context.Background(), gabber.SessionKind, "s1")
	var s gabber.SessionRecord
	if err != nil || !ok || strict.Unmarshal(r.Data, &s) != nil {
		t.Fatalf("found %v, %v", ok, err)
	}
	return s, r
}

func TestSessionsStateChanged(t *testing.T) {
	whole := gabber.SessionRecord{ID: "s1", State: "ended", Human: "u1", Project: "p", Caller: "+12025550143", Agent: "+12025550178",
		CreatedAt: "2025-11-21T15:00:00Z", EndedAt: "2025-11-21T15:09:00Z", Simulated: true}
	live := whole
	live.State, live.EndedAt = "in_progress", ""
	for _, row := range []struct {
		name   string
		bodies []string
		want   gabber.SessionRecord
	}{
		{"in order", []string{newCall, liveCall, endedCall}, whole},
		{"backwards", []string{endedCall, liveCall, newCall}, whole},
		{"still live", []string{newCall, liveCall}, live},
		{"a late event takes no human back", []string{liveCall, newCall}, live},
		{"a thin event erases nothing", []string{newCall, liveCall, thinLive}, live},
		{"a thin event first", []string{thinLive, newCall, liveCall}, live},
		{"an undocumented state adds and replaces nothing", []string{newCall, oddCall, liveCall}, live},
		{"an undocumented state is overtaken by any other", []string{`{"id":"s1","state":"not_started","project":"p"}`, `{"id":"s1","state":"paused","human":"u1","project":"q","created_at":"2025-11-21T15:00:00Z"}`},
			gabber.SessionRecord{ID: "s1", State: "not_started", Human: "u1", Project: "p", CreatedAt: "2025-11-21T15:00:00Z"}},
		{"an undocumented state alone", []string{oddCall}, gabber.SessionRecord{ID: "s1", State: "paused", Project: "q"}},
		{"nothing but id and state", []string{endedCall, thinLive}, gabber.SessionRecord{ID: "s1", State: "ended", EndedAt: "2025-11-21T15:09:00Z"}},
	} {
		w := newWorld(t, nil)
		for range 2 {
			for i, body := range row.bodies {
				if got := w.outcome(t, state(t, body, time.Duration(i)*time.Minute)); got != "stored" {
					t.Fatal(got)
				}
			}
		}
		got, r := sessionRecord(t, w)
		if seen := nine.Add(time.Duration(len(row.bodies)-1) * time.Minute); got != row.want || len(row.bodies) < 3 && !r.Time.Equal(seen) {
			t.Errorf("%s: %s at %v", row.name, r.Data, r.Time)
		}
	}
	for i := range 20 { // of two reports of one state the fuller counts: by their hashes, the thin one would win every other time
		full := fmt.Sprintf(`{"id":"s1","state":"in_progress","human":"u%d"}`, i)
		for _, bodies := range [][]string{{full, thinLive}, {thinLive, full}} {
			w := newWorld(t, nil)
			w.outcome(t, state(t, bodies[0], 0))
			w.outcome(t, state(t, bodies[1], 0))
			if got, _ := sessionRecord(t, w); got.Human != fmt.Sprint("u", i) {
				t.Errorf("human %q after %q", got.Human, bodies)
			}
		}
	}
}

// A session is stored, and its human asked for, or the event comes back for it.
func TestSessionsStateChanged_storeFails(t *testing.T) {
	const called = `{"id":"s1","state":"in_progress","data":[{"type":"caller_phone_number","value":"+12025550143"}]}`
	for _, store := range []failing{{put: gabber.SnapshotKind}, {get: gabber.SnapshotKind}, {put: gabber.SessionKind}, {get: accounts.PhoneKind}} {
		comesBack(t, newWorld(t, nil), state(t, called, 0), &store)
	}
}

// stepping yields before every operation, so that a test decides which one is next.
type stepping struct {
	records.Store
	yield func(struct{}) bool
}

func (s stepping) Put(ctx context.Context, r records.Record) (bool, error) {
	s.yield(struct{}{})
	return s.Store.Put(ctx, r)
}

func (s stepping) Get(ctx context.Context, kind, id string) (records.Record, bool, error) {
	s.yield(struct{}{})
	return s.Store.Get(ctx, kind, id)
}

// For every order of the events, however often each is delivered, and however their
// handlers are interleaved, the record ends the same.
func TestSessionsStateChanged_converges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom([]string{"", "a", "b"})
		event := rapid.Custom(func(rt *rapid.T) string {
			return fmt.Sprintf(`{"id":"s1","state":%q,"human":%q,"project":%q,"simulated":%v}`,
				rapid.SampledFrom([]string{"not_started", "in_progress", "time_limit_exceeded", "ended", "paused", "resting"}).Draw(rt, "state"),
				text.Draw(rt, "human"), text.Draw(rt, "project"), rapid.Bool().Draw(rt, "simulated"))
		})
		bodies := rapid.SliceOfN(event, 1, 5).Draw(rt, "events")
		var want string
		for try := range 3 {
			store := records.NewMemory()
			interleave(t, rt, store, rapid.Permutation(append(bodies, bodies...)).Draw(rt, fmt.Sprint("order ", try)))
			if _, r := sessionRecord(rt, store); want == "" {
				want = string(r.Data)
			} else if string(r.Data) != want {
				rt.Fatalf("ends as %s and as %s", want, r.Data)
			}
		}
	})
}

// interleave handles all events at once, one store operation at a time.
func interleave(t *testing.T, rt *rapid.T, store records.Store, bodies []string) {
	var running []func() (struct{}, bool)
	for _, body := range bodies {
		next, stop := iter.Pull(func(yield func(struct{}) bool) {
			sessions := &sessions{Records: stepping{store, yield}}
			results := stored(gabber.Decode, sessions.StateChanged)(context.Background(), []webhook.Event{state(t, body, 0)})
			if err := results[0].Err; err != nil {
				panic(err)
			}
		})
		defer stop()
		running = append(running, next)
	}
	for len(running) > 0 {
		i := rapid.IntRange(0, len(running)-1).Draw(rt, "next")
		if _, more := running[i](); !more {
			running = append(running[:i], running[i+1:]...)
		}
	}
}

// The start of a session asks for a limit where there is one to push, as the same event
// however often and in other words it is reported.
func TestCreditsSessionStarted(t *testing.T) {
	const live = `{"id":"s1","state":"in_progress","project":"p","human":`
	for _, row := range []struct {
		name, variable, value string
		session               string
		want                  int
	}{
		{"it starts", "", "", live + `"u1"}`, 1},
		{"it has not started", "", "", `{"id":"s1","state":"not_started","human":"u1"}`, 0},
		{"it is over", "", "", `{"id":"s1","state":"ended","human":"u1"}`, 0},
		{"it is of no human", "", "", thinLive, 0},
		{"it is of a human that stands for none", "ANONYMOUS_HUMANS", "u1", live + `"u1"}`, 0},
		{"the human has no account", "", "", live + `"u2"}`, 0},
		{"the limit is pushed", "", "", live + `"pushed"}`, 0},
		{"an account per project has no limit", "ACCOUNT_PER_PROJECT", "true", live + `"u1"}`, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, map[string]string{row.variable: row.value})
			for i, account := range []string{"u1", "pushed", accounts.BalanceOf("p", "u1").Account, accounts.Suspense("gabber", "p")} {
				w.book(t, fmt.Sprint(i), account, 600)
			}
			if err := w.books.(ledger.LimitMarks).MarkPushed(t.Context(), "pushed", 1); err != nil {
				t.Fatal(err)
			}
			first, again := w.handle(t, state(t, row.session, 0)), w.handle(t, state(t, row.session, 0))
			reworded := w.handle(t, state(t, row.session+`,"previous_realtime_session":{"id":"s1","state":"not_started"}`, 0)) // another event
			if len(of(changed, first)) != row.want || ids(again) != ids(first) || ids(reworded) != ids(first) {
				t.Errorf("%v, again %v, in other words %v", first.FollowUps, again.FollowUps, reworded.FollowUps)
			}
		})
	}
}

func TestSessionsFindHuman(t *testing.T) {
	calledFrom := func(number string) string {
		return fmt.Sprintf(`{"id":"s1","state":"in_progress","data":[{"type":"caller_phone_number","value":%q}]}`, number)
	}
	call := calledFrom("+12025550143")
	for _, row := range []struct {
		name, number string
		bodies       []string
		found        bool // by the last event
	}{
		{"a live call", "+12025550143", []string{call}, true},
		{"numbers are compared by their digits", "+1 (202) 555-0143", []string{call}, true},
		{"the number came with an earlier event", "+12025550143", []string{newCall, thinLive}, true},
		{"the number has no owner", "+12025550144", []string{call}, false},
		{"whose session it is is known", "+12025550143", []string{newCall, liveCall}, false},
		{"not started yet", "+12025550143", []string{newCall}, false},
		{"over already", "+12025550143", []string{newCall, endedCall}, false},
		{"over before its event arrives", "+12025550143", []string{endedCall, call}, false},
		{"not a call", "+12025550143", []string{thinLive}, false},
		{"a number without digits", "-", []string{calledFrom("()")}, false},
		{"a number too long to be one", strings.Repeat("1", 101), []string{calledFrom(strings.Repeat("1", 101))}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			if _, err := w.Put(t.Context(), accounts.PhoneOwner(row.number, "u7", nine)); err != nil {
				t.Fatal(err)
			}
			var last, again webhook.Result
			for _, body := range row.bodies {
				last, again = w.handle(t, state(t, body, 0)), w.handle(t, state(t, body, 0))
			}
			want := map[bool]string{true: `{"session":"s1","human":"u7"}`}[row.found]
			if got := strings.Join(of(followups.HumanFound, last), " "); got != want || ids(again) != ids(last) || last.Err != nil {
				t.Errorf("found %s, want %s; again %v", got, want, again.FollowUps)
			}
		})
	}
}

// Messages are kept once, as sent, and listed by the moments they were written at, in
// in every spelling of these; one without a moment counts when it is received.
func TestSessionsMessageCommitted(t *testing.T) {
	w := newWorld(t, nil)
	for i, at := range []string{`"2025-11-21T15:00:00.5Z"`, `"2025-11-21T15:00:00Z"`, `"2025-11-21T17:00:00+02:00"`, `"not a time"`} {
		body := fmt.Sprintf(`{"type":"realtime_session.message_committed","payload":{"message":{"id":"m%d","created_at":%s,"realtime_session":"s1","new_member":1}}}`, i, at)
		for _, after := range []time.Duration{0, time.Hour} {
			if got := w.outcome(t, receivedFrom(t, "gabber", body, after)); got != "stored" {
				t.Fatal(got)
			}
		}
	}
	page, _, err := w.List(t.Context(), MessagesOf(gabber.MessageKind, "s1"), "", 10)
	var got string
	for _, r := range page {
		got += r.ID
	}
	if err != nil || got != "m3m0m1m2" || !page[0].Time.Equal(nine) || string(page[0].Data) != `{"id":"m3","created_at":"not a time","realtime_session":"s1","new_member":1}` {
		t.Errorf("%s, %v: %v", got, err, page)
	}
}
