package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// stage is a worker whose clock is moved by the test and whose reads of sessions
// are counted.
type stage struct {
	records.Store
	books *ledger.Memory
	now   time.Time
	reads int
	table map[string]webhook.BatchHandler
}

func (s *stage) Get(ctx context.Context, kind, id string) (records.Record, bool, error) {
	if kind == gabber.SessionKind {
		s.reads++
	}
	return s.Store.Get(ctx, kind, id)
}

func newStage(t *testing.T, env map[string]string) *stage {
	t.Helper()
	settings, err := handlers.SettingsFromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{Store: records.NewMemory(), books: ledger.NewMemory(atNine), now: nine}
	s.table = handlers.Table(settings, s.books, s, func() time.Time { return s.now }, slog.New(slog.DiscardHandler))
	return s
}

func (s *stage) handle(t *testing.T, e webhook.Event) webhook.Result {
	t.Helper()
	return s.table[e.Type](t.Context(), []webhook.Event{e})[0]
}

// report has the worker follow session s1.
func (s *stage) report(t *testing.T, members string) {
	t.Helper()
	if r := s.handle(t, received(t, "gabber", stateChanged(`{"id":"s1","state":"in_progress"`+members+`}`), 0)); r.Err != nil {
		t.Fatal(r.Err)
	}
}

func (s *stage) stands(t *testing.T, what string, balance ledger.Micro, seq int64) {
	t.Helper()
	if a, err := s.books.Account(t.Context(), "u1"); err != nil || a.Balance != balance || a.Seq != seq {
		t.Errorf("%s: %v (%v), want %s after %d", what, a, err, balance, seq)
	}
}

const (
	exclude   = "EXCLUDE_SIMULATED"
	simulated = `,"simulated":true`
	ofSession = `{"id":"1","type":"conversational_seconds","value":4,"human":"u1","metadata":{"realtime_session":"s1"}}`
)

// Whether a session is simulated is known from its record, whatever the usage
// says of itself; usage of any other session is charged.
func TestCreditsDeduct_simulatedSession(t *testing.T) {
	on := map[string]string{exclude: "true"}
	for _, row := range []struct {
		name, session, usage string
		env                  map[string]string
		want                 string
		reads                int
	}{
		{"simulated", simulated, ofSession, on, "unpriced", 1},
		{"real", `,"simulated":false`, ofSession, on, "charged", 1},
		{"the report does not say", ``, ofSession, on, "charged", 1},
		{"not asked for", simulated, ofSession, nil, "charged", 0},
		{"another session", simulated, strings.Replace(ofSession, "s1", "", 1), on, "charged", 0},
		{"the usage names no session", simulated, `{"id":"1","type":"conversational_seconds","value":4,"human":"u1"}`, on, "charged", 0},
		{"named in extra, in another spelling", simulated, strings.NewReplacer("metadata", "extra", "realtime_session", "realtime_session_id").Replace(ofSession), on, "unpriced", 1},
		{"named beside a member of another shape", simulated, strings.Replace(ofSession, `{"realtime`, `{"session":{},"realtime`, 1), on, "unpriced", 1},
		{"it costs nothing", simulated, strings.Replace(ofSession, "conversational_seconds", "token_cnt", 1), on, "unpriced", 0},
		{"it calls itself simulated", ``, strings.Replace(ofSession, `"metadata"`, `"simulated":true,"metadata"`, 1), on, "unpriced", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newStage(t, row.env)
			s.report(t, row.session)
			s.reads = 0
			r := s.handle(t, gabberUsage(t, row.usage, 0))
			if r.Err != nil || r.Outcome != row.want || s.reads != row.reads {
				t.Errorf("%s (%v) after %d reads, want %s after %d", r.Outcome, r.Err, s.reads, row.want, row.reads)
			}
			s.stands(t, row.want, map[string]ledger.Micro{"charged": -4 * ledger.Credit}[row.want], 1)
		})
	}
}

// Usage that overtakes the first report of its session waits for it, a bounded
// time.
func TestCreditsDeduct_sessionNotReportedYet(t *testing.T) {
	s := newStage(t, map[string]string{exclude: "true"})
	e := gabberUsage(t, ofSession, 0)
	wait := time.Duration(0)
	for tries := 0; ; tries++ {
		r := s.handle(t, e)
		if r.Err == nil {
			break
		}
		after := webhook.RetryDelay(r.Err)
		if _, permanent := webhook.PermanentReason(r.Err); permanent || after <= 0 || tries > 8 {
			t.Fatalf("try %d: %v, again after %v", tries, r.Err, after)
		}
		s.stands(t, "while it waits", 0, 0)
		wait, s.now = wait+after, s.now.Add(after)
	}
	if wait < 30*time.Second || wait > 4*time.Minute { // a platform's retries; AGE rings after five minutes
		t.Errorf("charged after %v", wait)
	}
	s.stands(t, "nothing was reported", -4*ledger.Credit, 1)

	s = newStage(t, map[string]string{exclude: "true"})
	if r := s.handle(t, e); r.Err == nil {
		t.Fatal("it does not wait")
	}
	s.report(t, simulated)
	if r := s.handle(t, e); r.Err != nil || r.Outcome != "unpriced" {
		t.Errorf("after the report: %s (%v)", r.Outcome, r.Err)
	}
	s.stands(t, "reported as simulated", 0, 1)

	for name, age := range map[string]time.Duration{"redriven next year": 365 * 24 * time.Hour, "from a clock that is ahead": -time.Hour} {
		s = newStage(t, map[string]string{exclude: "true"})
		s.now = nine.Add(age)
		if r := s.handle(t, e); r.Err != nil || r.Outcome != "charged" {
			t.Errorf("%s: %s (%v)", name, r.Outcome, r.Err)
		}
	}
}

// The first booking stands: what is found out about the session afterwards changes
// no entry, is no conflict, and takes no follow-up away that the booking owes.
func TestCreditsDeduct_sessionReportedAfterTheBooking(t *testing.T) {
	for _, row := range []struct {
		name, before, after string
		balance             ledger.Micro
		owed                int
	}{
		{"charged, then simulated", ``, simulated, -4 * ledger.Credit, 1},
		{"charged, then reported", `-`, simulated, -4 * ledger.Credit, 1},
		{"simulated stays so", simulated, `,"simulated":false,"human":"u1"`, 0, 0},
	} {
		for _, id := range []string{`"id":"1",`, ``} {
			t.Run(fmt.Sprint(row.name, ", id ", id != ""), func(t *testing.T) {
				s := newStage(t, map[string]string{exclude: "true"})
				if row.before == "-" {
					s.now = nine.Add(time.Hour)
				} else {
					s.report(t, row.before)
				}
				e := gabberUsage(t, strings.Replace(ofSession, `"id":"1",`, id, 1), 0)
				first := s.handle(t, e)
				s.report(t, row.after)
				again := s.handle(t, e)
				if first.Err != nil || again.Err != nil || again.Outcome != "duplicate" {
					t.Errorf("%s (%v), again %s (%v)", first.Outcome, first.Err, again.Outcome, again.Err)
				}
				s.stands(t, "again", row.balance, 1)
				if len(first.FollowUps) != row.owed || row.owed == 1 && (len(again.FollowUps) != 1 || again.FollowUps[0].ID != first.FollowUps[0].ID) {
					t.Errorf("follow-ups %v, again %v", first.FollowUps, again.FollowUps)
				}
			})
		}
	}
}

// The platform's own ledger is debited no more than ours is.
func TestCreditsDeduct_simulatedAndVendor(t *testing.T) {
	for _, mode := range []string{"beside", "instead"} {
		s := newStage(t, map[string]string{exclude: "true", "GABBER_LEDGER": mode, "GABBER_CREDIT": "gold"})
		s.report(t, simulated)
		if r := s.handle(t, gabberUsage(t, ofSession, 0)); r.Err != nil || r.Outcome != "unpriced" || len(r.FollowUps) != 0 {
			t.Errorf("%s: %s (%v), follow-ups %v", mode, r.Outcome, r.Err, r.FollowUps)
		}
	}
}

func TestCreditsDeduct_sessionsCannotBeRead(t *testing.T) {
	b := gabberBooks(t, map[string]string{exclude: "true"})
	b.Records, b.Now = brokenRecords{errFails}, atNine
	if r := b.Deduct(t.Context(), []webhook.Event{gabberUsage(t, ofSession, 0)})[0]; !errors.Is(r.Err, errFails) {
		t.Errorf("%s (%v), want it to come back", r.Outcome, r.Err)
	}
}
