package calls

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// scripted is a platform whose nth put fails with the nth error; moving says during
// how many puts the balance changes by -1.
type scripted struct {
	limits
	w      *world
	t      *testing.T
	errs   []error
	moving int
	landed bool // a put that fails takes effect
	limit  int64
	puts   int
}

func (s *scripted) PutLimit(_ context.Context, _ string, units int64) (err error) {
	s.puts++
	if s.puts <= s.moving {
		s.w.book(s.t, fmt.Sprint("moved ", s.puts), "u1", "-1")
	}
	if s.puts <= len(s.errs) {
		err = s.errs[s.puts-1]
	}
	if err == nil || s.landed {
		s.limit = units
	}
	return err
}

func newScripted(t *testing.T, balance, price string, errs ...error) *scripted {
	t.Helper()
	w := newAcme(t)
	s := &scripted{w: w, t: t, errs: errs, limit: -1}
	d, err := strict.ParseDecimal(price)
	if err != nil {
		t.Fatal(err)
	}
	s.limits = limits{Ledger: w.books, API: s, Price: d, Log: w.logger()}
	w.book(t, "granted", "u1", balance)
	return s
}

func (s *scripted) push() error {
	return s.Push(s.t.Context(), ours(followups.BalanceChanged, "1", accounts.BalanceOf("", "u1"))).Err
}

func (s *scripted) pushed() bool {
	a, err := s.w.books.Account(s.t.Context(), "u1")
	return err == nil && a.PushedSeq == a.Seq
}

func TestLimitsPush_units(t *testing.T) {
	for _, row := range []struct {
		name, balance, price string
		want                 int64 // -1: a dead letter
	}{
		{"whole credits", "591", "1", 591},
		{"a fraction is rounded down", "0.999999", "1", 0},
		{"nothing", "0", "1", 0},
		{"less than nothing", "-12.5", "1", 0},
		{"units cost more than a credit", "591", "2.5", 236},
		{"units cost less than a credit", "1", "0.0005", 2000},
		{"for nothing", "90", "0", -1},
		{"a negative price", "90", "-1", -1},
		{"a price finer than the ledger", "90", "0.0000015", -1},
		{"a price beyond the ledger", "90", "9223372036855", -1},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScripted(t, row.balance, row.price)
			for round := range 2 { // the put that was last may have been another's
				err := s.push()
				if _, dead := webhook.PermanentReason(err); dead != (row.want < 0) || s.limit != row.want || s.pushed() != (row.want >= 0) || row.want >= 0 && s.puts != round+1 {
					t.Errorf("limit %d after %d puts, %v", s.limit, s.puts, err)
				}
			}
		})
	}
}

func TestLimitsPush(t *testing.T) {
	busy, wrong := webhook.RetryAfter(7*time.Second, errors.New("busy")), webhook.Permanent("the API answered 400")
	unknown := fmt.Errorf("%w: status 503", outbound.ErrUnknown)
	for _, row := range []struct {
		name   string
		errs   []error
		moving int
		want   string // "late" comes back after a minute at least
		puts   int
		limit  int64 // from a balance of 90
	}{
		{"well", nil, 0, "done", 1, 90},
		{"overtaken once", nil, 1, "done", 2, 89},
		{"overtaken all the time", nil, 99, "again", 5, -2},
		{"unknown, then well", []error{unknown}, 0, "late", 2, 90},
		{"unknown, then overtaken all the time", []error{unknown}, 99, "late", 5, -2},
		{"unknown, then refused", []error{unknown, outbound.ErrRefused}, 0, "late", 2, -1},
		{"unknown, then busy", []error{unknown, busy}, 0, "late", 2, -1},
		{"unknown, then wrong", []error{unknown, wrong}, 0, "late", 2, -1},
		{"unknown twice", []error{unknown, unknown}, 0, "late", 2, -1},
		{"unknown, and it says when", []error{webhook.RetryAfter(7*time.Second, unknown)}, 0, "late", 1, -1},
		{"our key is refused", []error{outbound.ErrRefused}, 0, "again", 1, -1},
		{"busy", []error{busy}, 0, "again", 1, -1},
		{"the request is wrong", []error{wrong}, 0, "dead: the API answered 400", 1, -1},
		{"the human is not known there", []error{outbound.ErrNotFound}, 0, "done", 1, -1},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScripted(t, "90", "1", row.errs...)
			s.moving = row.moving
			err := s.push()
			got := outcome(webhook.Result{Err: err})
			if webhook.RetryDelay(err) >= time.Minute {
				got = "late"
			}
			if got != row.want || s.puts != row.puts || row.limit > -2 && s.limit != row.limit || s.pushed() != (row.want == "done" && row.limit >= 0) {
				t.Errorf("%s (%v), limit %d after %d puts, pushed %t", got, err, s.limit, s.puts, s.pushed())
			}
		})
	}
}

// A put of unknown outcome may land after another event's push: the redelivery puts
// again, although the seq is marked.
func TestLimitsPush_latePut(t *testing.T) {
	s := newScripted(t, "90", "1", outbound.ErrUnknown)
	if err := s.push(); webhook.RetryDelay(err) < time.Minute {
		t.Fatal(err)
	}
	s.w.book(t, "used", "u1", "-10")
	if err := s.push(); err != nil || s.limit != 80 || !s.pushed() {
		t.Fatalf("%v: limit %d, want 80", err, s.limit)
	}
	s.limit = 90 // the lost put lands
	if err := s.push(); err != nil || s.limit != 80 {
		t.Errorf("redelivery: %v, limit %d, want 80", err, s.limit)
	}
}

// unsteady is a ledger that fails at every second read, or at the mark.
type unsteady struct {
	ledger.LimitMarks
	atMark bool
	reads  int
}

func (u *unsteady) Account(ctx context.Context, account string) (ledger.Account, error) {
	if u.reads++; u.reads%2 == 0 && !u.atMark {
		return ledger.Account{}, errFails
	}
	return u.LimitMarks.Account(ctx, account)
}

func (u *unsteady) MarkPushed(context.Context, string, int64) error { return errFails }

func TestLimitsPush_ledgerFails(t *testing.T) {
	for _, atMark := range []bool{false, true} {
		s := newScripted(t, "90", "1")
		s.Ledger = &unsteady{LimitMarks: s.w.books, atMark: atMark}
		if err := s.push(); !errors.Is(err, errFails) || s.puts != 1 {
			t.Errorf("at the mark %t: %v after %d puts", atMark, err, s.puts)
		}
	}
}

// restored is a ledger whose accounts came from an old backup.
type restored struct{ ledger.LimitMarks }

func (r restored) Account(ctx context.Context, account string) (ledger.Account, error) {
	a, err := r.LimitMarks.Account(ctx, account)
	a.PushedSeq = a.Seq + 3
	return a, err
}

// What rests on an invalid account is not pushed, and no crossing is told.
func TestReadValid(t *testing.T) {
	w := newAcme(t)
	e := w.book(t, "1", "canary", "-5")
	w.ports.Ledger = restored{w.books}
	w.complete()
	r := w.handle(t, e)
	if outcome(r) != "again" || len(r.FollowUps) != 0 || w.count != 0 || !strings.Contains(w.log.String(), "code=INV") || strings.Contains(w.log.String(), "canary") {
		t.Errorf("%s with %d follow-ups after %d calls: %s", outcome(r), len(r.FollowUps), w.count, w.log.String())
	}
}

// A human may be granted credits before the platform has heard of them: the account
// counts as not pushed, and an operator's sweep finds it. Only a human that the
// platform itself has named is worth a ticket.
func TestLimitsPush_unknownHuman(t *testing.T) {
	w := newAcme(t)
	used := w.book(t, "granted", "u1", "600")
	swept, unpushed := accounts.Unpushed(ledger.Account{ID: "u1", Seq: 1}, nine)
	w.fault = always(fault{status: 404})
	for e, ticket := range map[*webhook.Event]bool{&used: true, &swept: false} {
		w.log.Reset()
		if r := w.handle(t, *e); r.Err != nil || r.Outcome != "unknown human" || strings.Contains(w.log.String(), "code=SUS") != ticket {
			t.Errorf("%v: %q (%v): %s", e, r.Outcome, r.Err, w.log.String())
		}
	}
	if a, err := w.books.Account(t.Context(), "u1"); err != nil || a.PushedSeq != 0 || !unpushed {
		t.Errorf("marked as pushed: %v (%v)", a.PushedSeq, err)
	}
	w.fault = nil
	if r := w.handle(t, swept); r.Outcome != "pushed" || w.acme.limits["u1"] != 600 {
		t.Errorf("%q, limit %d", r.Outcome, w.acme.limits["u1"])
	}
}

// With an account per project there is no limit: a human has one at the platform, and
// two accounts would take turns in setting it. Crossings are told.
func TestLimitsPush_accountOfAProject(t *testing.T) {
	w := newAcme(t)
	of := accounts.BalanceOf("p", "u1")
	w.book(t, "1", of.Account, "-5")
	r := w.handle(t, ours(followups.BalanceChanged, "1", of))
	if r.Err != nil || r.Outcome != "no limit" || w.count != 0 || len(r.FollowUps) != 1 {
		t.Errorf("outcome %q (%v) after %d calls", r.Outcome, r.Err, w.count)
	}
	if w.drain(t, r.FollowUps...); len(w.acme.ended) != 1 || w.acme.ended[0] != of.Account {
		t.Errorf("ended the sessions of %q", w.acme.ended)
	}
}
