package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// queue records what was published and can refuse.
type queue struct {
	events []webhook.Event
	refuse error
}

func (q *queue) Publish(_ context.Context, e webhook.Event) error {
	if q.refuse != nil {
		return q.refuse
	}
	q.events = append(q.events, e)
	return nil
}

// bench is a worker with everything around it in reach.
type bench struct {
	worker.Worker
	followUps, dead queue
	handled         []string // ids, in order
	log             bytes.Buffer
	now             time.Time
}

func newBench(handlers map[string]webhook.BatchHandler) *bench {
	b := &bench{now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	b.Worker = worker.Worker{
		Handlers:    handlers,
		FollowUps:   &b.followUps,
		DeadLetters: &b.dead,
		Redecode:    func(e webhook.Event) (webhook.Event, error) { return e, webhook.Permanent("value is missing") },
		Now:         func() time.Time { return b.now },
		Log:         slog.New(slog.NewTextHandler(&b.log, nil)),
	}
	return b
}

// each makes a handler of f and remembers which events it saw.
func (b *bench) each(f func(e webhook.Event) ([]webhook.Event, error)) webhook.BatchHandler {
	return webhook.Each("handled", func(_ context.Context, e webhook.Event) ([]webhook.Event, error) {
		b.handled = append(b.handled, e.ID)
		return f(e)
	})
}

func event(id, eventType string) webhook.Event {
	return webhook.Event{ID: id, Source: "/webhooks/acme", Type: eventType, Data: []byte("canary-body-" + id), Basis: webhook.ByID}
}

func message(e webhook.Event, receives int) worker.Message {
	return worker.Message{ID: "m-" + e.ID, Body: e.Encode(), Receives: receives}
}

// messages gives a message per event type; the ids are 1, 2, …
func messages(receives int, eventTypes ...string) (all []worker.Message) {
	for i, eventType := range eventTypes {
		all = append(all, message(event(fmt.Sprint(i+1), eventType), receives))
	}
	return all
}

func TestHandle(t *testing.T) {
	down := errors.New("database is down")
	fails := func(err error) func() error { return func() error { return err } }
	panics := func() error { panic("canary-panic") }
	for name, row := range map[string]struct {
		handler  func() error
		receives int
		full     error // of the queue of dead letters
		want     worker.Verdict
		dead     int
	}{
		"success_is_acknowledged":            {fails(nil), 1, nil, worker.Verdict{Ack: true, Outcome: "handled"}, 0},
		"permanent_error_is_a_dead_letter":   {fails(webhook.Permanent("conflict")), 1, nil, worker.Verdict{Ack: true, Outcome: "dead", Reason: "conflict"}, 1},
		"dead_letter_not_stored_is_retried":  {fails(webhook.Permanent("conflict")), 1, down, worker.Verdict{Outcome: "again", Reason: "publish dead letter: database is down"}, 0},
		"any_other_error_is_retried":         {fails(down), 1, nil, worker.Verdict{Outcome: "again", Reason: "database is down"}, 0},
		"any_other_error_is_retried_forever": {fails(down), 9, nil, worker.Verdict{Outcome: "again", Reason: "database is down"}, 0},
		"delay_of_an_error_is_kept":          {fails(webhook.RetryAfter(time.Minute, down)), 1, nil, worker.Verdict{Outcome: "again", After: time.Minute, Reason: "database is down"}, 0},
		"second_panic_is_retried":            {panics, 2, nil, worker.Verdict{Outcome: "again", Reason: "handler panicked (string)"}, 0},
		"third_panic_is_a_dead_letter":       {panics, 3, nil, worker.Verdict{Ack: true, Outcome: "dead", Reason: "handler panicked (string), received 3 times"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(nil)
			b.dead.refuse = row.full
			b.Handlers = map[string]webhook.BatchHandler{"x": b.each(func(webhook.Event) ([]webhook.Event, error) { return nil, row.handler() })}
			row.want.ID = "m-1"
			got := b.Handle(t.Context(), messages(row.receives, "x"))
			if len(got) != 1 || got[0] != row.want {
				t.Errorf("verdict %+v, want %+v", got, row.want)
			}
			if len(b.dead.events) != row.dead {
				t.Fatalf("%d dead letters, want %d", len(b.dead.events), row.dead)
			}
			if row.dead == 1 && (b.dead.events[0].Reason != row.want.Reason || b.dead.events[0].ID != "1") {
				t.Errorf("dead letter %+v", b.dead.events[0])
			}
			if got := strings.Count(b.log.String(), "code=QUA"); got != row.dead {
				t.Errorf("%d alarms, want one for each dead letter: %s", got, b.log.String())
			}
			if strings.Contains(b.log.String(), "canary") {
				t.Errorf("the log quotes the event: %s", b.log.String())
			}
		})
	}
}

// A call whose outcome is unknown may be on its way: the delay holds although the queue of
// follow-ups fails, too.
func TestHandle_delayOutlivesTheQueue(t *testing.T) {
	b := newBench(nil)
	b.followUps.refuse = errors.New("queue is down")
	b.Handlers = map[string]webhook.BatchHandler{"x": b.each(func(e webhook.Event) ([]webhook.Event, error) {
		return []webhook.Event{e}, webhook.RetryAfter(time.Minute, errors.New("outcome is unknown"))
	})}
	if got := b.Handle(t.Context(), messages(1, "x"))[0]; got.Ack || got.After != time.Minute {
		t.Errorf("verdict %+v", got)
	}
}

// Follow-ups are published before the verdict, also those of a failed handler.
func TestHandlePublishesFollowUps(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		ack  bool
		dead int
	}{
		"success":         {nil, true, 0},
		"transient_error": {errors.New("the API is down"), false, 0},
		"permanent_error": {webhook.Permanent("no"), true, 1},
	} {
		b := newBench(nil)
		b.Handlers = map[string]webhook.BatchHandler{"x": b.each(func(webhook.Event) ([]webhook.Event, error) {
			return []webhook.Event{event("follow", "credits.exhausted"), event("last", "lead.forward")}, row.err
		})}
		b.followUps.refuse = errors.New("queue is down")
		if got := b.Handle(t.Context(), messages(1, "x")); got[0].Ack || len(b.dead.events) > 0 {
			t.Errorf("%s: acknowledged although the follow-up is not stored", name)
		}
		b.followUps.refuse = nil
		got := b.Handle(t.Context(), messages(1, "x"))
		if got[0].Ack != row.ack || len(b.followUps.events) != 2 || len(b.dead.events) != row.dead {
			t.Errorf("%s: %+v with %d follow-ups and %d dead letters", name, got[0], len(b.followUps.events), len(b.dead.events))
		}
	}
}

// A handler that hangs costs its own events their try, no other event of the batch.
func TestHandleDividesTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		b.Now = time.Now
		b.Handlers = map[string]webhook.BatchHandler{
			"hangs": func(ctx context.Context, events []webhook.Event) []webhook.Result {
				<-ctx.Done()
				return slices.Repeat([]webhook.Result{{Err: ctx.Err()}}, len(events))
			},
			"next": func(ctx context.Context, events []webhook.Event) []webhook.Result {
				select {
				case <-ctx.Done():
				case <-time.After(2 * time.Second): // what an honest event may need
				}
				return slices.Repeat([]webhook.Result{{Err: ctx.Err()}}, len(events))
			},
		}
		for _, receives := range []int{1, 3, 10} {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			start := time.Now()
			got := b.Handle(ctx, messages(receives, "hangs", "hangs", "hangs", "next"))
			if !got[3].Ack || got[0].Ack || time.Since(start) > 28*time.Second {
				t.Errorf("received %d times: %+v after %v", receives, got, time.Since(start))
			}
			cancel()
		}
	})
}

func TestHandleReportsInTimeThoughAQueueHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		b.Now = time.Now
		b.FollowUps = hanging{}
		b.Handlers = map[string]webhook.BatchHandler{
			"first":  b.each(func(webhook.Event) ([]webhook.Event, error) { return nil, nil }),
			"asking": b.each(func(e webhook.Event) ([]webhook.Event, error) { return []webhook.Event{e}, nil }),
		}
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		got := b.Handle(ctx, messages(1, "first", "asking", "asking"))
		if !got[0].Ack || got[1].Ack || got[2].Ack || ctx.Err() != nil {
			t.Errorf("%+v, and it is over: %v", got, ctx.Err())
		}
	})
}

// hanging is a queue that never answers.
type hanging struct{}

func (hanging) Publish(ctx context.Context, _ webhook.Event) error {
	<-ctx.Done()
	return ctx.Err()
}

// A handler has the budget of its events, less what it takes to report the batch.
func TestHandleBudget(t *testing.T) {
	end := time.Now().Add(time.Hour)
	for _, row := range []struct {
		events     int
		left, want time.Duration // left 0: the batch has no deadline
	}{
		{2, 0, 2 * worker.RecordBudget},
		{1, time.Hour, worker.RecordBudget},
		{3, time.Hour, 3 * worker.RecordBudget},
		{3, 12 * time.Second, 10 * time.Second},
		{1, 5 * time.Second, 3 * time.Second},
	} {
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		if row.left > 0 {
			ctx, cancel = context.WithDeadline(ctx, end)
		}
		b := newBench(nil)
		b.Now = func() time.Time { return end.Add(-row.left) }
		var got time.Duration
		b.Handlers = map[string]webhook.BatchHandler{"x": func(ctx context.Context, events []webhook.Event) []webhook.Result {
			deadline, _ := ctx.Deadline()
			got = time.Until(deadline).Round(time.Second)
			return make([]webhook.Result, len(events))
		}}
		b.Handle(ctx, messages(1, slices.Repeat([]string{"x"}, row.events)...))
		cancel()
		if got != row.want {
			t.Errorf("%d events, %v left: the handler has %v, want %v", row.events, row.left, got, row.want)
		}
	}
}

func TestHandleWithoutAHandler(t *testing.T) {
	undecodable := event("1", "acme.usage.tracked")
	undecodable.Basis, undecodable.Reason = webhook.Undecodable, "value is missing"
	newer := bytes.Replace(event("1", "x").Encode(), []byte(`"v1"`), []byte(`"v2"`), 1)
	ours := webhook.FollowUp("worker", "new.thing", event("1", "x"), "u1", nil)
	ignore := webhook.Each("ignored", func(context.Context, webhook.Event) ([]webhook.Event, error) { return nil, nil })
	for name, row := range map[string]struct {
		body    []byte
		unknown webhook.BatchHandler
		ack     bool
		dead    string // type
	}{
		"garbage_is_a_dead_letter":              {[]byte("garbage"), ignore, true, "unreadable.message"},
		"redriven_garbage_is_a_dead_letter":     {deadGarbage(t), ignore, true, "unreadable.message"},
		"newer_version_is_retried":              {newer, ignore, false, ""},
		"undecodable_stays_a_dead_letter":       {undecodable.Encode(), ignore, true, "acme.usage.tracked"},
		"unknown_type_is_acknowledged":          {event("1", "acme.new.thing").Encode(), ignore, true, ""},
		"follow_up_of_a_newer_release_retried":  {ours.Encode(), ignore, false, ""},
		"platforms_event_in_the_outbound_queue": {event("1", "acme.usage.tracked").Encode(), nil, true, "acme.usage.tracked"},
		"follow_up_of_a_newer_release_outbound": {ours.Encode(), nil, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(nil)
			b.Unknown = row.unknown
			got := b.Handle(t.Context(), []worker.Message{{ID: "m", Body: row.body, Receives: 1}})
			if got[0].Ack != row.ack {
				t.Errorf("verdict %+v", got[0])
			}
			if row.dead == "" && len(b.dead.events) > 0 || row.dead != "" && (len(b.dead.events) != 1 || b.dead.events[0].Type != row.dead || b.dead.events[0].Reason == "") {
				t.Errorf("dead letters %+v", b.dead.events)
			}
			if row.dead == "unreadable.message" && b.dead.events[0].Reason == "value is missing" {
				t.Error("a message that is no event was decoded anew")
			}
		})
	}
}

// deadGarbage is the message a redrive of garbage would put back.
func deadGarbage(t *testing.T) []byte {
	b := newBench(nil)
	b.Handle(t.Context(), []worker.Message{{ID: "m", Body: []byte("garbage")}})
	return b.dead.events[0].Encode()
}

func TestHandleDecodesARedrivenEventAnew(t *testing.T) {
	b := newBench(nil)
	b.Handlers = map[string]webhook.BatchHandler{"acme.usage.tracked": b.each(func(e webhook.Event) ([]webhook.Event, error) {
		if e.Reason != "" {
			t.Errorf("still carries the reason %q", e.Reason)
		}
		return nil, nil
	})}
	b.Redecode = func(e webhook.Event) (webhook.Event, error) { // the decoder was fixed
		e.ID, e.Type, e.Basis = "read", "acme.usage.tracked", webhook.ByID
		return e, nil
	}
	undecodable := event("provisional", "acme.unreadable")
	undecodable.Basis, undecodable.Reason = webhook.Undecodable, "not JSON"
	b.Handle(t.Context(), []worker.Message{message(undecodable, 1)})
	if !slices.Equal(b.handled, []string{"read"}) {
		t.Errorf("handled %q, want the identity of the second reading", b.handled)
	}
}

func TestHandleRetriesThePanickingEventOnly(t *testing.T) {
	for neighbours := range 4 {
		for place := range neighbours + 1 {
			t.Run(fmt.Sprint(neighbours, " neighbours, in place ", place), func(t *testing.T) {
				b := newBench(nil)
				b.Handlers = map[string]webhook.BatchHandler{"x": b.each(func(e webhook.Event) ([]webhook.Event, error) {
					if e.ID == fmt.Sprint(place+1) {
						panic("boom")
					}
					return nil, nil
				})}
				batch := append(messages(1, slices.Repeat([]string{"x"}, neighbours+1)...), worker.Message{ID: "m-garbage", Body: []byte("garbage")})
				for i, v := range b.Handle(t.Context(), batch) {
					if v.Ack != (i != place) || v.ID != batch[i].ID {
						t.Errorf("event %d: %+v", i, v)
					}
				}
			})
		}
	}
}

func TestHandleGroupsByType(t *testing.T) {
	var calls [][]string
	together := func(_ context.Context, events []webhook.Event) []webhook.Result {
		var ids []string
		for _, e := range events {
			ids = append(ids, e.ID)
		}
		calls = append(calls, ids)
		return make([]webhook.Result, len(events))
	}
	b := newBench(map[string]webhook.BatchHandler{"x": together, "y": together})
	b.Handle(t.Context(), []worker.Message{
		message(event("poison", "x"), 3), message(event("1", "x"), 1), message(event("2", "y"), 1), message(event("3", "x"), 2)})
	if got, want := fmt.Sprint(calls), "[[1 3] [2] [poison]]"; got != want {
		t.Errorf("calls %s, want %s: by type, a possible poison message alone and last", got, want)
	}
}

func TestHandleRetriesWithoutAResult(t *testing.T) {
	b := newBench(map[string]webhook.BatchHandler{"x": func(context.Context, []webhook.Event) []webhook.Result { return nil }})
	for _, v := range b.Handle(t.Context(), messages(1, "x", "x")) {
		if v.Ack {
			t.Errorf("acknowledged without a result: %+v", v)
		}
	}
}

func TestHandleRetriesTheRest(t *testing.T) {
	for name, end := range map[string]func(b *bench, cancel func()){
		"out_of_time":                  func(b *bench, _ func()) { b.now = b.now.Add(19 * time.Second) },
		"given_up_before_its_deadline": func(_ *bench, cancel func()) { cancel() },
	} {
		b := newBench(nil)
		b.now = time.Now()
		ctx, cancel := context.WithDeadline(t.Context(), b.now.Add(20*time.Second))
		b.Handlers = map[string]webhook.BatchHandler{
			"last": b.each(func(webhook.Event) ([]webhook.Event, error) { end(b, cancel); return nil, nil }),
			"next": b.each(func(webhook.Event) ([]webhook.Event, error) { return nil, nil }),
		}
		got := b.Handle(ctx, messages(1, "last", "next"))
		if !got[0].Ack || got[1].Ack || got[1].Outcome != "again" || !slices.Equal(b.handled, []string{"1"}) {
			t.Errorf("%s: verdicts %+v, handled %q", name, got, b.handled)
		}
		cancel()
	}
}

func FuzzHandle(f *testing.F) {
	f.Add([]byte("garbage"), event("1", "x").Encode())
	f.Add(event("1", "y").Encode(), []byte(`{"specversion":"1.0"}`))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		b := newBench(map[string]webhook.BatchHandler{"x": webhook.Each("handled", func(context.Context, webhook.Event) ([]webhook.Event, error) { return nil, nil })})
		got := b.Handle(t.Context(), []worker.Message{{ID: "1", Body: one, Receives: 1}, {ID: "2", Body: two, Receives: 1}})
		if len(got) != 2 || got[0].ID != "1" || got[1].ID != "2" {
			t.Fatalf("two messages in, verdicts %+v", got)
		}
		for _, v := range got {
			if v.Outcome == "" {
				t.Fatalf("a message ended nowhere: %+v", v)
			}
		}
	})
}
