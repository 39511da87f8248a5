package handlers_test

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

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// platform is Gabber's side of the limits: what was put last, and what goes wrong.
type platform struct {
	limit  int64
	puts   int
	before func(put int, value int64) error // may fail before the put takes effect
	after  func(put int) error              // may fail after it
}

func (p *platform) Call(_ context.Context, method, url string, header map[string]string, body []byte) ([]byte, error) {
	var put struct {
		Human   string         `json:"human"`
		HumanID string         `json:"human_id"`
		Limits  []gabber.Limit `json:"limits"`
	}
	if err := json.Unmarshal(body, &put); err != nil || method != "PUT" || url != "https://api.test/v1/usage/token" ||
		header["x-api-key"] != "key" || put.Human != "u1" || put.HumanID != "u1" || len(put.Limits) != 1 || put.Limits[0].Type != "conversational_seconds" {
		return nil, fmt.Errorf("wrong call %s %s %v %s (%v)", method, url, header, body, err)
	}
	p.puts++
	if p.before != nil {
		if err := p.before(p.puts, put.Limits[0].Value); err != nil {
			return nil, err
		}
	}
	p.limit = put.Limits[0].Value
	if p.after != nil {
		return nil, p.after(p.puts)
	}
	return nil, nil
}

// counter is the place where limits are pushed from.
type counter struct {
	handlers.Limits
	platform
	store *ledger.Memory
	log   bytes.Buffer
	n     int
}

func newCounter(t *testing.T, balance string) *counter {
	t.Helper()
	c := &counter{store: ledger.NewMemory(func() time.Time { return nine })}
	c.Limits = handlers.Limits{
		Ledger: c.store,
		API:    gabber.API{Base: "https://api.test", Key: "key", Caller: &c.platform},
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
	data, err := json.Marshal(handlers.Balance{Account: "u1", Human: "u1"})
	if err != nil {
		t.Fatal(err)
	}
	return c.Push(t.Context(), webhook.Event{Type: handlers.BalanceChanged, Data: data}).Err
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
	settings := handlers.OutboundSettings{Gabber: w.api(), Price: strict.NewDecimal(1)}
	table := handlers.Outbound(settings, w.ports, slog.New(slog.NewTextHandler(&w.log, nil)))
	r := table[e.Type](t.Context(), []webhook.Event{e})[0]
	if outcome(r) != "again" || len(r.FollowUps) != 0 || w.calls != 0 || !strings.Contains(w.log.String(), "code=INV") || strings.Contains(w.log.String(), "canary") {
		t.Errorf("%s with %d follow-ups after %d calls: %s", outcome(r), len(r.FollowUps), w.calls, w.log.String())
	}
}

// A human may be granted credits before the platform has heard of them. The
// outcome says so, the account counts as not pushed, and the limit is pushed by
// the start of their session or by a sweep. Only a human that the platform itself
// has named is worth a ticket.
func TestLimitsPush_unknownHuman(t *testing.T) {
	w := newOutbound(t, nil)
	var queued queue
	grants := &handlers.Grants{Ledger: w.books, FollowUps: &queued, Now: w.ports.Now}
	if _, _, err := grants.Book(t.Context(), ledger.Grant, handlers.BalanceOf("", "u1"), "k", 600*ledger.Credit, ""); err != nil {
		t.Fatal(err)
	}
	pushed := func() bool {
		a, err := w.books.Account(t.Context(), "u1")
		return err == nil && a.PushedSeq == a.Seq
	}
	swept := func() webhook.Event {
		a, _ := w.books.Account(t.Context(), "u1")
		e, unpushed := handlers.Unpushed(a, nine)
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
		"usage": {ours(t, handlers.BalanceChanged, "u1", handlers.BalanceOf("", "u1")), true},
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

// queue keeps what is published.
type queue []webhook.Event

func (q *queue) Publish(_ context.Context, e webhook.Event) error {
	*q = append(*q, e)
	return nil
}

// start has the worker handle one report of a session, and gives the changes of
// balance that follow.
func (w *outboundWorld) start(t *testing.T, session string) (changes []webhook.Event) {
	t.Helper()
	settings, err := handlers.SettingsFromEnv(func(name string) string { return w.env[name] })
	if err != nil {
		t.Fatal(err)
	}
	e := received(t, "gabber", stateChanged(session), 0)
	r := handlers.Table(settings, w.books, w.store, atNine, slog.New(slog.DiscardHandler))[e.Type](t.Context(), []webhook.Event{e})[0]
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	for _, f := range r.FollowUps {
		if f.Type == handlers.BalanceChanged {
			changes = append(changes, f)
		}
	}
	return changes
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
			w := newOutbound(t, row.env)
			w.book(t, "1", "u1", "600")
			w.book(t, "2", handlers.BalanceOf("p", "u1").Account, "600")
			w.book(t, "3", handlers.Suspense("gabber", "p"), "-5")
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

// What is not pushed for want of a rule is not called pushed.
func TestLimitsPush_accountOfAProject(t *testing.T) {
	w := newOutbound(t, nil)
	r := w.handle(t, ours(t, handlers.BalanceChanged, "1", handlers.BalanceOf("p", "u1")))
	if r.Err != nil || r.Outcome != "no limit" || w.calls != 0 {
		t.Errorf("outcome %q (%v) after %d calls", r.Outcome, r.Err, w.calls)
	}
}
