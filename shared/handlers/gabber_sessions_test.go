package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

func stateChanged(current string) string {
	return `{"type":"realtime_session.state_changed","payload":{"current_realtime_session":` + current + `}}`
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
	if err != nil || !ok {
		t.Fatalf("found %v, %v", ok, err)
	}
	var s gabber.SessionRecord
	if err := strict.Unmarshal(r.Data, &s); err != nil {
		t.Fatal(err)
	}
	return s, r
}

func TestWhatIsKnownOfASession(t *testing.T) {
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
		{"a late event takes nobody back", []string{liveCall, newCall}, live},
		{"a thin event erases nothing", []string{newCall, liveCall, thinLive}, live},
		{"a thin event first", []string{thinLive, newCall, liveCall}, live},
		{"a state nobody knows adds and replaces nothing", []string{newCall, oddCall, liveCall}, live},
		{"a state nobody knows is overtaken by any other", []string{`{"id":"s1","state":"not_started","project":"p"}`, `{"id":"s1","state":"paused","human":"u1","project":"q","created_at":"2025-11-21T15:00:00Z"}`},
			gabber.SessionRecord{ID: "s1", State: "not_started", Human: "u1", Project: "p", CreatedAt: "2025-11-21T15:00:00Z"}},
		{"a state nobody knows alone", []string{oddCall}, gabber.SessionRecord{ID: "s1", State: "paused", Project: "q"}},
		{"nothing but id and state", []string{endedCall, thinLive}, gabber.SessionRecord{ID: "s1", State: "ended", EndedAt: "2025-11-21T15:09:00Z"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			store := records.NewMemory()
			sessions := &handlers.Sessions{Records: store}
			for range 2 {
				for _, body := range row.bodies {
					if _, err := sessions.StateChanged(t.Context(), received(t, "gabber", stateChanged(body), 0)); err != nil {
						t.Fatal(err)
					}
				}
			}
			if got, _ := sessionRecord(t, store); got != row.want {
				t.Errorf("got %#v", fields(got))
			}
		})
	}
}

// The fuller of two reports of one state counts, whichever comes first.
func TestTheFullerReportCounts(t *testing.T) {
	for i := range 20 { // by their hashes, the thin one would win every other time
		full := fmt.Sprintf(`{"id":"s1","state":"in_progress","human":"u%d"}`, i)
		for _, bodies := range [][]string{{full, thinLive}, {thinLive, full}} {
			store := records.NewMemory()
			sessions := &handlers.Sessions{Records: store}
			for _, body := range bodies {
				if _, err := sessions.StateChanged(t.Context(), received(t, "gabber", stateChanged(body), 0)); err != nil {
					t.Fatal(err)
				}
			}
			if got, _ := sessionRecord(t, store); got.Human != fmt.Sprint("u", i) {
				t.Errorf("human %q after %q", got.Human, bodies)
			}
		}
	}
}

// fields makes a session printable: it hides itself.
func fields(s gabber.SessionRecord) []string {
	return []string{s.ID, s.State, s.Human, s.Project, s.Caller, s.Agent, s.CreatedAt, s.EndedAt, fmt.Sprint(s.Simulated)}
}

// stepping yields before every operation, so that a test decides who is next.
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

// Whatever the order of the events, how often each is delivered, and however
// their handlers are interleaved, the record ends the same.
func TestSessionsConverge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "a", "b"})
		event := rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf(`{"id":"s1","state":%q,"human":%q,"project":%q,"simulated":%v}`,
				rapid.SampledFrom([]string{"not_started", "in_progress", "time_limit_exceeded", "ended", "paused", "resting"}).Draw(t, "state"),
				text.Draw(t, "human"), text.Draw(t, "project"), rapid.Bool().Draw(t, "simulated"))
		})
		bodies := rapid.SliceOfN(event, 1, 5).Draw(t, "events")
		var want []byte
		for try := range 3 {
			order := rapid.Permutation(append(bodies, bodies...)).Draw(t, fmt.Sprint("order ", try))
			store := records.NewMemory()
			interleave(t, store, order)
			_, r := sessionRecord(t, store)
			if want == nil {
				want = r.Data
			}
			if string(r.Data) != string(want) {
				t.Fatalf("ends as %s and as %s", want, r.Data)
			}
		}
	})
}

// interleave handles all events at once, one store operation at a time.
func interleave(t *rapid.T, store records.Store, bodies []string) {
	var running []func() (struct{}, bool)
	for _, body := range bodies {
		next, stop := iter.Pull(func(yield func(struct{}) bool) {
			sessions := &handlers.Sessions{Records: stepping{store, yield}}
			e := webhook.Event{Source: "/webhooks/gabber", Time: nine, Data: []byte(stateChanged(body))}
			if _, err := sessions.StateChanged(context.Background(), e); err != nil {
				panic(err)
			}
		})
		defer stop()
		running = append(running, next)
	}
	for len(running) > 0 {
		i := rapid.IntRange(0, len(running)-1).Draw(t, "next")
		if _, more := running[i](); !more {
			running = append(running[:i], running[i+1:]...)
		}
	}
}

func TestMessagesAreKeptOnce(t *testing.T) {
	store := records.NewMemory()
	sessions := &handlers.Sessions{Records: store}
	body := `{"type":"realtime_session.message_committed","payload":{"realtime_session_id":"s1","message":{"id":"m1","role":"user","content":[{"type":"text","text":"Hi"}],"new_member":1}}}`
	for i := range 2 {
		if _, err := sessions.MessageCommitted(t.Context(), received(t, "gabber", body, time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	page, _, _ := store.List(t.Context(), handlers.MessagesOf(gabber.MessageKind, "s1"), "", 10)
	want := `{"id":"m1","role":"user","content":[{"type":"text","text":"Hi"}],"new_member":1}`
	if len(page) != 1 || string(page[0].Data) != want || !page[0].Time.Equal(nine) {
		t.Errorf("%d messages, the first %s at %v", len(page), page[0].Data, page[0].Time)
	}
}

// Messages are listed by the moments they were written at, in whatever way these
// are written.
func TestMessagesAreListedBySession(t *testing.T) {
	store := records.NewMemory()
	sessions := &handlers.Sessions{Records: store}
	for i, at := range []string{"2025-11-21T15:00:00.5Z", "2025-11-21T15:00:00Z", "2025-11-21T17:00:00+02:00", "not a time"} {
		body := fmt.Sprintf(`{"type":"realtime_session.message_committed","payload":{"message":{"id":"m%d","created_at":%q,"realtime_session":"s1"}}}`, i, at)
		if _, err := sessions.MessageCommitted(t.Context(), received(t, "gabber", body, 0)); err != nil {
			t.Fatal(err)
		}
	}
	page, _, err := store.List(t.Context(), handlers.MessagesOf(gabber.MessageKind, "s1"), "", 10)
	var got string
	for _, r := range page {
		got += r.ID
	}
	if err != nil || got != "m3m0m1m2" { // newest first; one without a time counts when it is received
		t.Errorf("%s, %v", got, err)
	}
}

// A session is stored, and its human asked for, or the event comes back for it.
func TestASessionThatCannotBeKeptComesBack(t *testing.T) {
	const called = `{"id":"s1","state":"in_progress","data":[{"type":"caller_phone_number","value":"+12025550143"}]}`
	for name, store := range map[string]failing{
		"the stage is not stored":     {put: "gabber.session_snapshot"},
		"the stages are not read":     {get: "gabber.session_snapshot"},
		"the session is not stored":   {put: gabber.SessionKind},
		"the caller is not found out": {get: accounts.PhoneKind},
	} {
		store.Store = records.NewMemory()
		_, err := (&handlers.Sessions{Records: &store}).StateChanged(t.Context(), received(t, "gabber", stateChanged(called), 0))
		if !errors.Is(err, errFails) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A session was seen when the last of its events was received.
func TestWhenASessionWasSeen(t *testing.T) {
	store := records.NewMemory()
	s := &handlers.Sessions{Records: store}
	for i, body := range []string{newCall, liveCall, endedCall} {
		if _, err := s.StateChanged(t.Context(), received(t, "gabber", stateChanged(body), time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if _, r := sessionRecord(t, store); !r.Time.Equal(nine.Add(2 * time.Minute)) {
		t.Errorf("seen at %v", r.Time)
	}
}

func TestTimeLimitsAreKept(t *testing.T) {
	store := records.NewMemory()
	sessions := &handlers.Sessions{Records: store}
	e := received(t, "gabber", `{"type":"realtime_session.time_limit_exceeded","payload":{"session":"s1"}}`, 0)
	if _, err := sessions.TimeLimitExceeded(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if r, ok, _ := store.Get(t.Context(), "gabber.time_limit", "s1"); !ok || string(r.Data) != `{"session":"s1"}` {
		t.Errorf("found %v: %s", ok, r.Data)
	}
}

func TestACallerIsFound(t *testing.T) {
	calledFrom := func(number string) string {
		return fmt.Sprintf(`{"id":"s1","state":"in_progress","data":[{"type":"caller_phone_number","value":%q}]}`, number)
	}
	call := calledFrom("+12025550143")
	for _, row := range []struct {
		name, number string
		bodies       []string
		want         string // whom the last event finds
	}{
		{"a live call", "+12025550143", []string{call}, "u7"},
		{"numbers are compared by their digits", "+1 (202) 555-0143", []string{call}, "u7"},
		{"the number came with an earlier event", "+12025550143", []string{newCall, thinLive}, "u7"},
		{"nobody's number", "+12025550144", []string{call}, ""},
		{"whose session it is is known", "+12025550143", []string{newCall, liveCall}, ""},
		{"not started yet", "+12025550143", []string{newCall}, ""},
		{"over already", "+12025550143", []string{newCall, endedCall}, ""},
		{"over before its event arrives", "+12025550143", []string{endedCall, call}, ""},
		{"not a call", "+12025550143", []string{thinLive}, ""},
		{"a number without digits", "-", []string{calledFrom("()")}, ""},
		{"a number nobody can have", strings.Repeat("1", 101), []string{calledFrom(strings.Repeat("1", 101))}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			store := records.NewMemory()
			if _, err := store.Put(t.Context(), accounts.PhoneOwner(row.number, "u7", nine)); err != nil {
				t.Fatal(err)
			}
			sessions := &handlers.Sessions{Records: store}
			var followUps []webhook.Event
			for _, body := range row.bodies {
				e := received(t, "gabber", stateChanged(body), 0)
				first, err := sessions.StateChanged(t.Context(), e)
				if err != nil {
					t.Fatal(err)
				}
				if followUps, _ = sessions.StateChanged(t.Context(), e); len(followUps) != len(first) || len(first) > 0 && first[0].ID != followUps[0].ID {
					t.Error("delivered again, other follow-ups")
				}
			}
			if row.want == "" {
				if len(followUps) != 0 {
					t.Errorf("found %s", followUps[0].Data)
				}
				return
			}
			if len(followUps) != 1 || followUps[0].Type != followups.HumanFound || string(followUps[0].Data) != `{"session":"s1","human":"u7"}` {
				t.Fatalf("%d follow-ups", len(followUps))
			}
		})
	}
}

// Of a number's humans the latest counts, also one who had it before; a number
// that was deleted is nobody's.
func TestTheLatestHumanOfANumberCounts(t *testing.T) {
	const called = `{"id":"s1","state":"in_progress","data":[{"type":"caller_phone_number","value":"+12025550143"}]}`
	store := records.NewMemory()
	last := func(name string, r records.Record, want string) {
		t.Helper()
		if _, err := store.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		followUps, err := (&handlers.Sessions{Records: store}).StateChanged(t.Context(), received(t, "gabber", stateChanged(called), 0))
		got := ""
		for _, f := range followUps {
			got += string(f.Data)
		}
		if got != want || err != nil {
			t.Errorf("%s: %s (%v), want %q", name, got, err, want)
		}
	}
	const u1, u2 = `{"session":"s1","human":"u1"}`, `{"session":"s1","human":"u2"}`
	last("the first", accounts.PhoneOwner("+12025550143", "u1", nine), u1)
	last("another", accounts.PhoneOwner("+12025550143", "u2", nine.Add(time.Second)), u2)
	last("the first again", accounts.PhoneOwner("+12025550143", "u1", nine.Add(2*time.Second)), u1)
	gone := accounts.PhoneOwner("+12025550143", "", nine.Add(3*time.Second))
	gone.Deleted, gone.Data = true, nil
	last("nobody", gone, "")
}

// The start of a session asks for a limit where there is one to push, as the same
// event however often and in whatever words it is reported.
func TestSessionsStateChanged_pushesTheLimit(t *testing.T) {
	const live = `{"id":"s1","state":"in_progress","project":"p","human":`
	for _, row := range []struct {
		name    string
		env     map[string]string
		session string
		want    int
	}{
		{"it starts", nil, live + `"u1"}`, 1},
		{"it has not started", nil, `{"id":"s1","state":"not_started","human":"u1"}`, 0},
		{"it is over", nil, `{"id":"s1","state":"ended","human":"u1"}`, 0},
		{"it is of no human", nil, `{"id":"s1","state":"in_progress"}`, 0},
		{"it is of a human that stands for none", map[string]string{"ANONYMOUS_HUMANS": "u1"}, live + `"u1"}`, 0},
		{"the human has no account", nil, live + `"u2"}`, 0},
		{"an account per project has no limit", map[string]string{"ACCOUNT_PER_PROJECT": "true"}, live + `"u1"}`, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newStage(t, row.env)
			w.book(t, "1", "u1", 600)
			w.book(t, "2", accounts.BalanceOf("p", "u1").Account, 600)
			w.book(t, "3", accounts.Suspense("gabber", "p"), -5)
			first, again := w.start(t, row.session), w.start(t, row.session)
			reworded := w.start(t, row.session+`,"previous_realtime_session":{"id":"s1","state":"not_started"}`) // another event
			if len(first) != row.want || len(again) != row.want || len(reworded) != row.want {
				t.Fatalf("%d, %d and %d events, want %d each", len(first), len(again), len(reworded), row.want)
			}
			for i, e := range first {
				if e.ID != again[i].ID || e.ID != reworded[i].ID || string(e.Data) != string(again[i].Data) {
					t.Errorf("%v, again %v, in other words %v", e, again[i], reworded[i])
				}
			}
		})
	}
}

// start gives the changes of balance that follow from one report of a session.
func (s *stage) start(t *testing.T, session string) (changes []webhook.Event) {
	t.Helper()
	r := s.handle(t, received(t, "gabber", stateChanged(session), 0))
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	for _, f := range r.FollowUps {
		if f.Type == followups.BalanceChanged {
			changes = append(changes, f)
		}
	}
	return changes
}

// book changes the balance of an account by whole credits.
func (s *stage) book(t *testing.T, id, account string, credits ledger.Micro) {
	t.Helper()
	if _, err := s.books.Post(t.Context(), account, []ledger.Entry{{ID: id, Kind: ledger.Adjust, Amount: credits * ledger.Credit}}); err != nil {
		t.Fatal(err)
	}
}
