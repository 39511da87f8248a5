package calls_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// platform is a platform's side of the limits: what was put last, and what goes wrong.
type platform struct {
	limit  int64
	puts   int
	before func(put int, value int64) error // may fail before the put takes effect
	after  func(put int) error              // may fail after it
}

func (p *platform) PutLimit(_ context.Context, human string, units int64) error {
	if human != "u1" {
		return fmt.Errorf("a limit of another human")
	}
	p.puts++
	if p.before != nil {
		if err := p.before(p.puts, units); err != nil {
			return err
		}
	}
	p.limit = units
	if p.after != nil {
		return p.after(p.puts)
	}
	return nil
}

// counter is the place where limits are pushed from.
type counter struct {
	calls.Limits
	platform
	store *ledger.Memory
	log   bytes.Buffer
	n     int
}

func newCounter(t *testing.T, balance string) *counter {
	t.Helper()
	c := &counter{store: ledger.NewMemory(func() time.Time { return nine })}
	c.Limits = calls.Limits{
		Ledger: c.store,
		API:    &c.platform,
		Price:  strict.NewDecimal(1),
		Log:    slog.New(slog.NewTextHandler(&c.log, nil)),
	}
	c.limit = -1
	c.book(t, balance)
	return c
}

// book changes the balance of u1 by an amount of credits.
func (c *counter) book(t testing.TB, amount string) {
	t.Helper()
	d, err := strict.ParseDecimal(amount)
	if err != nil {
		t.Fatal(err)
	}
	micros, _, err := d.Micros()
	if err != nil {
		t.Fatal(err)
	}
	c.n++
	if _, err := c.store.Post(t.Context(), "u1", []ledger.Entry{{ID: fmt.Sprint(c.n), Kind: ledger.Adjust, Amount: ledger.Micro(micros)}}); err != nil {
		t.Fatal(err)
	}
}

func (c *counter) push(t testing.TB) error {
	t.Helper()
	data, err := json.Marshal(followups.Balance{Account: "u1", Human: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	return c.Push(t.Context(), webhook.Event{Type: followups.BalanceChanged, Data: data}).Err
}

func (c *counter) synced(t testing.TB) bool {
	t.Helper()
	a, err := c.store.Account(t.Context(), "u1")
	if err != nil {
		t.Fatal(err)
	}
	return a.PushedSeq == a.Seq
}

func TestTheLimitIsWhatIsLeft(t *testing.T) {
	for _, row := range []struct {
		name, balance, price string
		want                 int64
	}{
		{"whole credits", "591", "1", 591},
		{"a fraction is rounded down", "0.999999", "1", 0},
		{"nothing", "0", "1", 0},
		{"less than nothing", "-12.5", "1", 0},
		{"seconds cost more than a credit", "591", "2.5", 236},
		{"seconds cost less than a credit", "1", "0.0005", 2000},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCounter(t, row.balance)
			c.Price, _ = strict.ParseDecimal(row.price)
			if err := c.push(t); err != nil {
				t.Fatal(err)
			}
			if c.limit != row.want || !c.synced(t) {
				t.Errorf("limit %d (synced %v), want %d", c.limit, c.synced(t), row.want)
			}
			if err := c.push(t); err != nil || c.limit != row.want || c.puts != 2 {
				t.Errorf("again: %v, limit %d after %d puts: the put that was last may have been another's", err, c.limit, c.puts)
			}
		})
	}
}

func TestAPushThatIsOvertakenIsRepeated(t *testing.T) {
	c := newCounter(t, "90")
	c.before = func(put int, _ int64) error {
		if put == 1 {
			c.book(t, "-10") // between the read and the put
		}
		return nil
	}
	if err := c.push(t); err != nil || c.limit != 80 || c.puts != 2 || !c.synced(t) {
		t.Errorf("%v: limit %d after %d puts, want 80 after 2", err, c.limit, c.puts)
	}
}

func TestABalanceThatNeverRestsComesBack(t *testing.T) {
	c := newCounter(t, "90")
	c.before = func(int, int64) error { c.book(t, "-1"); return nil }
	if err := c.push(t); err == nil || c.synced(t) {
		t.Errorf("%v: it is not in step", err)
	}
}

func TestABalanceThatNeverRestsAfterAnUnknownOutcomeComesBackLate(t *testing.T) {
	c := newCounter(t, "90")
	c.before = func(put int, _ int64) error {
		c.book(t, "-1")
		if put == 1 {
			return outbound.ErrUnknown
		}
		return nil
	}
	if err := c.push(t); webhook.RetryDelay(err) < time.Minute {
		t.Errorf("comes back after %v (%v): the first put may still land", webhook.RetryDelay(err), err)
	}
}

func TestAfterAnUnknownOutcomeTheLastPushIsALateOne(t *testing.T) {
	c := newCounter(t, "90")
	c.after = func(put int) error {
		if put == 1 {
			return outbound.ErrUnknown
		}
		return nil
	}
	err := c.push(t)
	if webhook.RetryDelay(err) < time.Minute {
		t.Errorf("comes back after %v (%v), want a minute at least, although the second put went well", webhook.RetryDelay(err), err)
	}
	if c.synced(t) {
		t.Error("counts as synced although an old put may still land")
	}
	c.book(t, "-10")
	if err := c.push(t); err != nil || c.limit != 80 || !c.synced(t) { // another event's push
		t.Fatalf("%v: limit %d, want 80", err, c.limit)
	}
	c.limit = 90 // the lost put lands late
	if err := c.push(t); err != nil || c.limit != 80 {
		t.Errorf("redelivery: %v, limit %d, want 80, although the seq was synced", err, c.limit)
	}
}

func TestAnUnknownOutcomeOutweighsWhateverFollows(t *testing.T) {
	for name, next := range map[string]error{
		"refused": outbound.ErrRefused, "busy": webhook.RetryAfter(time.Second, errors.New("busy")), "wrong": webhook.Permanent("the API answered 400"),
	} {
		c := newCounter(t, "90")
		c.before = func(put int, _ int64) error {
			if put == 1 {
				return outbound.ErrUnknown
			}
			return next
		}
		err := c.push(t)
		if _, permanent := webhook.PermanentReason(err); permanent || webhook.RetryDelay(err) < time.Minute {
			t.Errorf("%s: %v after %v: the first put may still land", name, err, webhook.RetryDelay(err))
		}
	}
}

// An API that is down is asked twice, one that names a time not again before it.
func TestAnAPIThatIsDownIsLeftAlone(t *testing.T) {
	down := fmt.Errorf("%w: status 503", outbound.ErrUnknown)
	for name, row := range map[string]struct {
		err  error
		puts int
	}{"says nothing": {down, 2}, "says when": {webhook.RetryAfter(7*time.Second, down), 1}} {
		c := newCounter(t, "90")
		c.before = func(int, int64) error { return row.err }
		if err := c.push(t); webhook.RetryDelay(err) < time.Minute || c.puts != row.puts {
			t.Errorf("%s: %d puts, comes back after %v (%v)", name, c.puts, webhook.RetryDelay(err), err)
		}
	}
}

func TestWhatTheAPISays(t *testing.T) {
	for _, row := range []struct {
		name      string
		err       error
		again     bool
		permanent bool
	}{
		{"our key is refused", outbound.ErrRefused, true, false},
		{"it does not know the human", outbound.ErrNotFound, false, false},
		{"it is busy", webhook.RetryAfter(7*time.Second, errors.New("busy")), true, false},
		{"it finds the request wrong", webhook.Permanent("the API answered 400"), true, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCounter(t, "90")
			c.before = func(int, int64) error { return row.err }
			err := c.push(t)
			if _, permanent := webhook.PermanentReason(err); permanent != row.permanent || (err != nil) != row.again {
				t.Errorf("error %v", err)
			}
			if c.synced(t) || c.puts != 1 {
				t.Errorf("counts as pushed: %v, after %d puts", c.synced(t), c.puts)
			}
		})
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

func TestAPushThatCannotBeMarkedComesBack(t *testing.T) {
	for name, atMark := range map[string]bool{"nobody knows whether the balance moved": false, "the mark fails": true} {
		c := newCounter(t, "90")
		c.Ledger = &unsteady{LimitMarks: c.store, atMark: atMark}
		if err := c.push(t); !errors.Is(err, errFails) || c.puts != 1 {
			t.Errorf("%s: %v after %d puts", name, err, c.puts)
		}
	}
}

func TestAPriceThatBuysNothingIsPermanent(t *testing.T) {
	for _, price := range []string{"0", "-1", "0.0000015", "9223372036855"} {
		c := newCounter(t, "90")
		var err error
		if c.Price, err = strict.ParseDecimal(price); err != nil {
			t.Fatal(err)
		}
		err = c.push(t)
		if _, permanent := webhook.PermanentReason(err); !permanent || c.puts != 0 {
			t.Errorf("%s: %v after %d puts", price, err, c.puts)
		}
	}
}

func TestAnEventThatIsNoBalanceIsPermanent(t *testing.T) {
	c := newCounter(t, "1")
	for _, data := range []string{``, `{}`, `{"account":"u1"}`, `{"account":"","human":"u1"}`, `[]`} {
		r := c.Push(t.Context(), webhook.Event{Data: []byte(data)})
		if _, permanent := webhook.PermanentReason(r.Err); !permanent || c.puts != 0 {
			t.Errorf("%s: %v", data, r.Err)
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

// What is wrong in our books is told to people and not to platforms.
func TestBooksThatCannotBeRightAlarm(t *testing.T) {
	w := newOutbound(t, nil)
	e := w.book(t, "1", "canary", "-5")
	w.ports.Ledger = restored{w.books}
	settings := calls.Settings{Gabber: calls.Gabber{API: w.api(), Price: strict.NewDecimal(1)}}
	table := calls.Table(settings, w.ports, slog.New(slog.NewTextHandler(&w.log, nil)))
	r := table[e.Type](t.Context(), []webhook.Event{e})[0]
	if outcome(r) != "again" || len(r.FollowUps) != 0 || w.count != 0 || !strings.Contains(w.log.String(), "code=INV") || strings.Contains(w.log.String(), "canary") {
		t.Errorf("%s with %d follow-ups after %d calls: %s", outcome(r), len(r.FollowUps), w.count, w.log.String())
	}
}

// A human may be granted credits before the platform has heard of them. The
// outcome says so, the account counts as not pushed, and the limit is pushed by
// the start of their session or by a sweep. Only a human that the platform itself
// has named is worth a ticket.
func TestLimitsPush_unknownHuman(t *testing.T) {
	w := newOutbound(t, nil)
	var queued queue
	grants := &accounts.Grants{Ledger: w.books, FollowUps: &queued, Now: w.ports.Now}
	if _, _, err := grants.Book(t.Context(), ledger.Grant, accounts.BalanceOf("", "u1"), "k", 600*ledger.Credit, ""); err != nil {
		t.Fatal(err)
	}
	pushed := func() bool {
		a, err := w.books.Account(t.Context(), "u1")
		return err == nil && a.PushedSeq == a.Seq
	}
	swept := func() webhook.Event {
		a, _ := w.books.Account(t.Context(), "u1")
		e, unpushed := accounts.Unpushed(a, nine)
		if unpushed == pushed() {
			t.Errorf("the sweep finds it: %t, pushed: %t", unpushed, pushed())
		}
		return e
	}
	starts := w.start(t, `{"id":"s1","state":"in_progress","human":"u1"}`)
	if len(starts) != 1 {
		t.Fatalf("the start of a session gives %d events", len(starts))
	}

	w.fault = always(fault{status: 404})
	for name, row := range map[string]struct {
		event  webhook.Event
		ticket bool
	}{
		"granted": {queued[0], false}, "swept": {swept(), false}, "a session starts": {starts[0], true},
		"usage": {ours(t, followups.BalanceChanged, "u1", accounts.BalanceOf("", "u1")), true},
	} {
		w.log.Reset()
		r := w.handle(t, row.event)
		if r.Err != nil || r.Outcome != "unknown human" || pushed() {
			t.Errorf("%s: outcome %q (%v), counts as pushed: %t", name, r.Outcome, r.Err, pushed())
		}
		if ticket := strings.Contains(w.log.String(), "code="); ticket != row.ticket {
			t.Errorf("%s: ticket %t: %s", name, ticket, w.log.String())
		}
	}

	w.fault = nil
	for name, event := range map[string]webhook.Event{"a session starts": starts[0], "swept": swept()} {
		if r := w.handle(t, event); r.Err != nil || r.Outcome != "pushed" || !pushed() || w.State().Limits["u1"]["conversational_seconds"] != 600 {
			t.Errorf("%s: outcome %q (%v), pushed %t, limits %v", name, r.Outcome, r.Err, pushed(), w.State().Limits)
		}
		if again := w.start(t, `{"id":"s2","state":"in_progress","human":"u1"}`); len(again) != 0 {
			t.Errorf("%s: what is pushed is asked for again", name)
		}
		w.book(t, name, "u1", "0") // and something changes
	}
}

// work has the worker handle an event of Gabber.
func (w *outboundWorld) work(t *testing.T, body string) webhook.Result {
	t.Helper()
	settings, err := handlers.SettingsFromEnv(func(name string) string { return w.env[name] })
	if err != nil {
		t.Fatal(err)
	}
	e := received(t, "gabber", body, 0)
	r := handlers.Table(settings, w.books, w.store, atNine, slog.New(slog.DiscardHandler))[e.Type](t.Context(), []webhook.Event{e})[0]
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	return r
}

// start has the worker handle one report of a session, and gives the changes of
// balance that follow.
func (w *outboundWorld) start(t *testing.T, session string) (changes []webhook.Event) {
	t.Helper()
	for _, f := range w.work(t, stateChanged(session)).FollowUps {
		if f.Type == followups.BalanceChanged {
			changes = append(changes, f)
		}
	}
	return changes
}

// What is not pushed for want of a rule is not called pushed.
func TestLimitsPush_accountOfAProject(t *testing.T) {
	w := newOutbound(t, nil)
	r := w.handle(t, ours(t, followups.BalanceChanged, "1", accounts.BalanceOf("p", "u1")))
	if r.Err != nil || r.Outcome != "no limit" || w.count != 0 {
		t.Errorf("outcome %q (%v) after %d calls", r.Outcome, r.Err, w.count)
	}
}
