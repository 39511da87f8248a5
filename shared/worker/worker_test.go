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
	return webhook.Event{ID: id, Source: "/webhooks/gabber", Type: eventType, Data: []byte("canary-body-" + id), Basis: webhook.ByID}
}

func message(e webhook.Event, receives int) worker.Message {
	return worker.Message{ID: "m-" + e.ID, Body: e.Encode(), Receives: receives}
}

func TestVerdicts(t *testing.T) {
	down := errors.New("database is down")
	for name, row := range map[string]struct {
		handler  func(e webhook.Event) ([]webhook.Event, error)
		receives int
		want     worker.Verdict
		dead     int
	}{
		"handled": {
			func(webhook.Event) ([]webhook.Event, error) { return nil, nil }, 1,
			worker.Verdict{Ack: true, Outcome: "handled"}, 0},
		"permanent error is a dead letter, then acknowledged": {
			func(webhook.Event) ([]webhook.Event, error) { return nil, webhook.Permanent("conflict") }, 1,
			worker.Verdict{Ack: true, Outcome: "dead", Reason: "conflict"}, 1},
		"any other error comes back": {
			func(webhook.Event) ([]webhook.Event, error) { return nil, down }, 1,
			worker.Verdict{Outcome: "again", Reason: "database is down"}, 0},
		"an error with a delay comes back no sooner": {
			func(webhook.Event) ([]webhook.Event, error) { return nil, webhook.RetryAfter(time.Minute, down) }, 1,
			worker.Verdict{Outcome: "again", After: time.Minute, Reason: "database is down"}, 0},
		"a panic comes back": {
			func(webhook.Event) ([]webhook.Event, error) { panic("canary-panic") }, 2,
			worker.Verdict{Outcome: "again", Reason: "handler panicked (string)"}, 0},
		"the third panic is a dead letter": {
			func(webhook.Event) ([]webhook.Event, error) { panic("canary-panic") }, 3,
			worker.Verdict{Ack: true, Outcome: "dead", Reason: "handler panicked (string), received 3 times"}, 1},
		"an ordinary error never becomes a dead letter here, however often": {
			func(webhook.Event) ([]webhook.Event, error) { return nil, down }, 9,
			worker.Verdict{Outcome: "again", Reason: "database is down"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(nil)
			b.Handlers = map[string]webhook.BatchHandler{"gabber.usage.tracked": b.each(row.handler)}
			row.want.ID = "m-1"
			got := b.Handle(t.Context(), []worker.Message{message(event("1", "gabber.usage.tracked"), row.receives)})
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

func TestFollowUpsArePublishedBeforeTheAcknowledgement(t *testing.T) {
	b := newBench(nil)
	next, last := event("follow", "credits.balance.changed"), event("last", "lead.forward")
	b.Handlers = map[string]webhook.BatchHandler{"x": b.each(func(webhook.Event) ([]webhook.Event, error) { return []webhook.Event{next, last}, nil })}
	messages := []worker.Message{message(event("1", "x"), 1)}

	b.followUps.refuse = errors.New("queue is down")
	if got := b.Handle(t.Context(), messages); got[0].Ack {
		t.Error("acknowledged although the follow-up is not stored")
	}
	b.followUps.refuse = nil
	if got := b.Handle(t.Context(), messages); !got[0].Ack || len(b.followUps.events) != 2 {
		t.Errorf("verdict %+v with %d follow-ups", got[0], len(b.followUps.events))
	}
}

// What a handler has found out is told, even if it failed at something else.
func TestFollowUpsOfAHandlerThatFailed(t *testing.T) {
	next := event("follow", "credits.exhausted")
	for name, row := range map[string]struct {
		err  error
		done bool
		dead int
	}{
		"for now":  {errors.New("the API is down"), false, 0},
		"for good": {webhook.Permanent("no"), true, 1},
	} {
		b := newBench(nil)
		b.Handlers = map[string]webhook.BatchHandler{"x": b.each(func(webhook.Event) ([]webhook.Event, error) { return []webhook.Event{next}, row.err })}
		got := b.Handle(t.Context(), []worker.Message{message(event("1", "x"), 1)})
		if got[0].Ack != row.done || len(b.followUps.events) != 1 || len(b.dead.events) != row.dead {
			t.Errorf("%s: %+v with %d follow-ups and %d dead letters", name, got[0], len(b.followUps.events), len(b.dead.events))
		}
		b.followUps.refuse = errors.New("queue is down")
		if got := b.Handle(t.Context(), []worker.Message{message(event("1", "x"), 1)}); got[0].Ack {
			t.Errorf("%s: acknowledged although the follow-up is not stored", name)
		}
	}
}

// A queue of our own gets no platform's events, unless somebody redrives them to
// it: acknowledged there, nobody would ever charge them.
func TestAPlatformsEventInAQueueOfOurOwnIsKept(t *testing.T) {
	b := newBench(map[string]webhook.BatchHandler{})
	got := b.Handle(t.Context(), []worker.Message{message(event("1", "gabber.usage.tracked"), 1)})
	if !got[0].Ack || len(b.dead.events) != 1 || b.dead.events[0].Reason == "" {
		t.Errorf("verdict %+v, dead letters %+v", got[0], b.dead.events)
	}
}

// An API that hangs costs its own events their try, not those of others in the
// batch.
func TestASlowGroupLeavesOthersTheirShare(t *testing.T) {
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
			var messages []worker.Message
			for i, eventType := range []string{"hangs", "hangs", "hangs", "next"} {
				messages = append(messages, message(event(fmt.Sprint(i), eventType), receives))
			}
			start := time.Now()
			got := b.Handle(ctx, messages)
			if !got[3].Ack || got[0].Ack || time.Since(start) > 28*time.Second {
				t.Errorf("received %d times: %+v after %v", receives, got, time.Since(start))
			}
			cancel()
		}
	})
}

// A queue that hangs must not take the report of what is done with it.
func TestTheReportComesBeforeTheEnd(t *testing.T) {
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
		got := b.Handle(ctx, []worker.Message{message(event("1", "first"), 1), message(event("2", "asking"), 1), message(event("3", "asking"), 1)})
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

// However many events a group has, its handler leaves what it takes to report
// the batch.
func TestAGroupLeavesTimeToReport(t *testing.T) {
	end := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	for _, row := range []struct {
		events     int
		left, want time.Duration
	}{
		{1, time.Hour, worker.RecordBudget},
		{3, time.Hour, 3 * worker.RecordBudget},
		{3, 12 * time.Second, 10 * time.Second},
		{1, 5 * time.Second, 3 * time.Second},
	} {
		b := newBench(nil)
		b.Now = func() time.Time { return end.Add(-row.left) }
		var got time.Duration
		b.Handlers = map[string]webhook.BatchHandler{"x": func(ctx context.Context, events []webhook.Event) []webhook.Result {
			deadline, _ := ctx.Deadline()
			got = time.Until(deadline).Round(time.Second)
			return make([]webhook.Result, len(events))
		}}
		var messages []worker.Message
		for i := range row.events {
			messages = append(messages, message(event(fmt.Sprint(i), "x"), 1))
		}
		b.Handle(ctx, messages)
		if got != row.want {
			t.Errorf("%d events, %v left: the handler has %v, want %v", row.events, row.left, got, row.want)
		}
	}
}

func TestADeadLetterThatCannotBeStoredComesBack(t *testing.T) {
	b := newBench(nil)
	b.dead.refuse = errors.New("queue is down")
	b.Handlers = map[string]webhook.BatchHandler{"x": b.each(func(webhook.Event) ([]webhook.Event, error) { return nil, webhook.Permanent("no") })}
	if got := b.Handle(t.Context(), []worker.Message{message(event("1", "x"), 1)}); got[0].Ack {
		t.Error("acknowledged although the dead letter is not stored")
	}
}

func TestMessagesThatAreNotEvents(t *testing.T) {
	unread := event("1", "gabber.usage.tracked")
	unread.Basis, unread.Reason = webhook.Undecodable, "value is missing"
	newer := bytes.Replace(event("1", "x").Encode(), []byte(`"v1"`), []byte(`"v2"`), 1)
	ours := webhook.FollowUp("worker", "new.thing", event("1", "x"), "u1", nil)
	for name, row := range map[string]struct {
		body []byte
		done bool
		dead string // type
	}{
		"garbage is kept as a dead letter":                             {[]byte("garbage"), true, "unreadable.message"},
		"an event of a newer version waits for the rollout":            {newer, false, ""},
		"an unread event that still cannot be read stays dead":         {unread.Encode(), true, "gabber.usage.tracked"},
		"an event nobody handles is acknowledged":                      {event("1", "gabber.new.thing").Encode(), true, ""},
		"one of our own that nobody handles waits for a newer release": {ours.Encode(), false, ""},
		"redriven garbage is still garbage, and still not lost":        {deadGarbage(t), true, "unreadable.message"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(nil)
			b.Unknown = webhook.Each("ignored", func(context.Context, webhook.Event) ([]webhook.Event, error) { return nil, nil })
			got := b.Handle(t.Context(), []worker.Message{{ID: "m", Body: row.body, Receives: 1}})
			if got[0].Ack != row.done {
				t.Errorf("verdict %+v", got[0])
			}
			if row.dead == "" && len(b.dead.events) > 0 || row.dead != "" && (len(b.dead.events) != 1 || b.dead.events[0].Type != row.dead || b.dead.events[0].Reason == "") {
				t.Errorf("dead letters %+v", b.dead.events)
			}
			if row.dead == "unreadable.message" && b.dead.events[0].Reason == "value is missing" {
				t.Error("what is no event was read anew")
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

func TestARedrivenEventIsReadAnew(t *testing.T) {
	b := newBench(nil)
	b.Handlers = map[string]webhook.BatchHandler{"gabber.usage.tracked": b.each(func(e webhook.Event) ([]webhook.Event, error) {
		if e.Reason != "" {
			t.Errorf("still carries the reason %q", e.Reason)
		}
		return nil, nil
	})}
	b.Redecode = func(e webhook.Event) (webhook.Event, error) { // the decoder was mended
		e.ID, e.Type, e.Basis = "read", "gabber.usage.tracked", webhook.ByID
		return e, nil
	}
	unread := event("provisional", "gabber.unreadable")
	unread.Basis, unread.Reason = webhook.Undecodable, "not JSON"
	b.Handle(t.Context(), []worker.Message{message(unread, 1)})
	if !slices.Equal(b.handled, []string{"read"}) {
		t.Errorf("handled %q, want the identity of the second reading", b.handled)
	}
}

func TestRecordsDoNotTouchOneAnother(t *testing.T) {
	b := newBench(nil)
	b.Handlers = map[string]webhook.BatchHandler{"x": b.each(func(e webhook.Event) ([]webhook.Event, error) {
		if e.ID == "poison" {
			panic("boom")
		}
		return nil, nil
	})}
	var messages []worker.Message
	for _, id := range []string{"1", "poison", "2"} {
		messages = append(messages, message(event(id, "x"), 1))
	}
	messages = append(messages, worker.Message{ID: "m-garbage", Body: []byte("garbage"), Receives: 1})
	var got []string
	for _, v := range b.Handle(t.Context(), messages) {
		got = append(got, fmt.Sprint(v.ID, " ", v.Ack))
	}
	if want := []string{"m-1 true", "m-poison false", "m-2 true", "m-garbage true"}; !slices.Equal(got, want) {
		t.Errorf("verdicts %q, want %q", got, want)
	}
}

// However few share a batch with an event that panics, only that one comes back.
func TestAPanicCostsItsOwnEventOnly(t *testing.T) {
	for neighbours := range 4 {
		for place := range neighbours + 1 {
			t.Run(fmt.Sprint(neighbours, " neighbours, in place ", place), func(t *testing.T) {
				b := newBench(nil)
				b.Handlers = map[string]webhook.BatchHandler{"x": b.each(func(e webhook.Event) ([]webhook.Event, error) {
					if e.ID == fmt.Sprint(place) {
						panic("boom")
					}
					return nil, nil
				})}
				var messages []worker.Message
				for i := range neighbours + 1 {
					messages = append(messages, message(event(fmt.Sprint(i), "x"), 1))
				}
				for i, v := range b.Handle(t.Context(), messages) {
					if v.Ack != (i != place) {
						t.Errorf("event %d: %+v", i, v)
					}
				}
			})
		}
	}
}

func TestEventsOfOneTypeAreHandledTogether(t *testing.T) {
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
		message(event("suspect", "x"), 3), message(event("1", "x"), 1), message(event("2", "y"), 1), message(event("3", "x"), 2)})
	if got, want := fmt.Sprint(calls), "[[1 3] [2] [suspect]]"; got != want {
		t.Errorf("calls %s, want %s: by type, a suspect alone and last", got, want)
	}
}

func TestAHandlerThatForgetsAResultLosesNothing(t *testing.T) {
	b := newBench(map[string]webhook.BatchHandler{"x": func(context.Context, []webhook.Event) []webhook.Result { return nil }})
	for _, v := range b.Handle(t.Context(), []worker.Message{message(event("1", "x"), 1), message(event("2", "x"), 1)}) {
		if v.Ack {
			t.Errorf("acknowledged without a result: %+v", v)
		}
	}
}

func TestNearlyOutOfTimeTheRestComesBack(t *testing.T) {
	b := newBench(nil)
	b.now = time.Now()
	ctx, cancel := context.WithDeadline(t.Context(), b.now.Add(20*time.Second))
	defer cancel()
	b.Handlers = map[string]webhook.BatchHandler{
		"slow": b.each(func(webhook.Event) ([]webhook.Event, error) {
			b.now = b.now.Add(19 * time.Second)
			return nil, nil
		}),
		"next": b.each(func(webhook.Event) ([]webhook.Event, error) { return nil, nil }),
	}
	got := b.Handle(ctx, []worker.Message{message(event("1", "slow"), 1), message(event("2", "next"), 1)})
	if !got[0].Ack || got[1].Ack || got[1].Outcome != "again" || !slices.Equal(b.handled, []string{"1"}) {
		t.Errorf("verdicts %+v, handled %q", got, b.handled)
	}
}

// An invocation may be given up without having had a deadline.
func TestGivenUpTheRestComesBack(t *testing.T) {
	b := newBench(nil)
	ctx, cancel := context.WithCancel(t.Context())
	b.Handlers = map[string]webhook.BatchHandler{
		"last": b.each(func(webhook.Event) ([]webhook.Event, error) { cancel(); return nil, nil }),
		"next": b.each(func(webhook.Event) ([]webhook.Event, error) { return nil, nil }),
	}
	got := b.Handle(ctx, []worker.Message{message(event("1", "last"), 1), message(event("2", "next"), 1)})
	if !got[0].Ack || got[1].Ack || !slices.Equal(b.handled, []string{"1"}) {
		t.Errorf("verdicts %+v, handled %q", got, b.handled)
	}
}

// Every event has its budget; where a batch has one handler for several, it has
// theirs together.
func TestAHandlerHasTheBudgetOfItsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var budgets []time.Duration
		b := newBench(map[string]webhook.BatchHandler{"x": func(ctx context.Context, events []webhook.Event) []webhook.Result {
			deadline, _ := ctx.Deadline()
			budgets = append(budgets, time.Until(deadline))
			return make([]webhook.Result, len(events))
		}})
		b.Handle(t.Context(), []worker.Message{message(event("1", "x"), 1), message(event("2", "x"), 1), message(event("3", "x"), 3)})
		if want := []time.Duration{2 * worker.RecordBudget, worker.RecordBudget}; !slices.Equal(budgets, want) {
			t.Errorf("budgets %v, want %v", budgets, want)
		}
	})
}

func TestNoMessagesNoVerdicts(t *testing.T) {
	if got := newBench(nil).Handle(t.Context(), nil); len(got) != 0 {
		t.Errorf("verdicts %+v", got)
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
