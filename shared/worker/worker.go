// Package worker is the second function: it takes messages from a queue, hands
// each event to its handler and tells the queue what to do with the message.
//
//	messages → events → handlers → follow-up events published → Verdict
//
// A message is acknowledged only when nothing is left to do for it: the handler
// succeeded and its follow-ups are stored, or the event is stored among the dead
// letters with a reason. Anything else comes back. Records do not touch one
// another: a panic, a poison message or a slow one costs its own try and
// nobody else's.
//
// The outbound function is the same worker with another table of handlers.
package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
)

const (
	// RecordBudget is how long the handler of a group may take for each of its
	// events, as far as the batch has time.
	RecordBudget = 10 * time.Second
	// margin is kept at the end of a batch to report what is done and what is not,
	// and reserve before it to publish what follows.
	margin  = 500 * time.Millisecond
	reserve = 1500 * time.Millisecond
	// suspect is the receive count from which a message is handled alone, after
	// the others, and at which a panic makes it a dead letter.
	suspect = 3
)

// Worker handles batches. It is safe for concurrent use.
type Worker struct {
	Handlers map[string]webhook.BatchHandler // by event type
	// Unknown handles platforms' events whose type is not in Handlers. If nil they
	// are dead letters: outbound gets none, unless one is redriven to the wrong
	// queue.
	Unknown     webhook.BatchHandler
	FollowUps   webhook.Publisher
	DeadLetters webhook.Publisher
	// Redecode identifies an event anew that could not be read when it arrived;
	// see ingest.Redecode. Its error is the reason it is still a dead letter.
	Redecode func(webhook.Event) (webhook.Event, error)
	Now      func() time.Time
	Log      *slog.Logger
}

// record is one message on its way through a batch.
type record struct {
	message Message
	event   webhook.Event
	verdict *Verdict
}

// Handle gives one verdict per message, in their order. It does not fail as a
// whole: what could not be handled comes back.
func (w *Worker) Handle(ctx context.Context, messages []Message) []Verdict {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-margin))
		defer cancel()
	}
	verdicts := make([]Verdict, len(messages))
	var records []record
	for i, m := range messages {
		verdicts[i] = Verdict{ID: m.ID, Outcome: "again", Reason: "not reached in time"}
		r := record{message: m, verdict: &verdicts[i]}
		if err := w.open(&r); err != nil {
			w.settle(ctx, r, webhook.Result{Err: err})
			continue
		}
		records = append(records, r)
	}
	left := len(records)
	for _, group := range groups(records) {
		if w.outOfTime(ctx) {
			break // the rest keeps its first verdict: again
		}
		left -= len(group)
		w.handleGroup(ctx, group, left)
	}
	return verdicts
}

// open makes the event of a message. A dead letter that was redriven loses its
// reason and, if it could not be read before, is identified anew.
func (w *Worker) open(r *record) error {
	event, err := webhook.DecodeEvent(r.message.Body)
	if errors.Is(err, webhook.ErrNewer) {
		return err
	}
	if err != nil {
		r.event = unreadable(r.message.Body, w.Now())
		return webhook.Permanent(err.Error())
	}
	r.event = event
	r.event.Reason = ""
	if event.Basis != webhook.Undecodable {
		return nil
	}
	if event.Type == unreadableType {
		return webhook.Permanent(webhook.ErrCorrupt.Error())
	}
	r.event, err = w.Redecode(r.event)
	return err
}

const unreadableType = "unreadable.message"

// unreadable wraps bytes that are not an event, so that they can be kept.
func unreadable(body []byte, now time.Time) webhook.Event {
	sum := sha256.Sum256(body)
	return webhook.Event{
		ID:     webhook.Identity("worker", unreadableType, hex.EncodeToString(sum[:])),
		Source: "/functions/worker",
		Type:   unreadableType,
		Time:   now,
		Data:   body,
		Basis:  webhook.Undecodable,
	}
}

// groups puts events of one type together, in order of first arrival, and each
// suspect alone at the end: if it takes the process with it, the others are done.
func groups(records []record) [][]record {
	var grouped, alone [][]record
	index := make(map[string]int)
	for _, r := range records {
		if r.message.Receives >= suspect {
			alone = append(alone, []record{r})
			continue
		}
		i, ok := index[r.event.Type]
		if !ok {
			i = len(grouped)
			index[r.event.Type] = i
			grouped = append(grouped, nil)
		}
		grouped[i] = append(grouped[i], r)
	}
	return append(grouped, alone...)
}

func (w *Worker) outOfTime(ctx context.Context) bool {
	if ctx.Err() != nil {
		return true
	}
	deadline, ok := ctx.Deadline()
	return ok && deadline.Sub(w.Now()) < reserve
}

// handleGroup runs the handler of one event type, while so many other records
// wait. If it panics with several events in hand, each is tried alone: only the
// guilty one pays.
func (w *Worker) handleGroup(ctx context.Context, group []record, waiting int) {
	handler, ok := w.Handlers[group[0].event.Type]
	if !ok {
		handler = w.unknown
	}
	results, err := w.run(ctx, handler, group, waiting)
	if err != nil && len(group) > 1 {
		for i := range group {
			w.handleGroup(ctx, group[i:i+1], waiting+len(group)-i-1)
		}
		return
	}
	for i, r := range group {
		if err != nil {
			w.settle(ctx, r, webhook.Result{Err: w.poison(r, err)})
			continue
		}
		w.settle(ctx, r, results[i])
	}
}

// unknown handles events that have no handler. One of our own is for a newer
// release, which may be on its way here.
func (w *Worker) unknown(ctx context.Context, events []webhook.Event) []webhook.Result {
	results := make([]webhook.Result, len(events))
	for i, e := range events {
		switch {
		case e.Provider() == "":
			results[i].Err = errNobody
		case w.Unknown == nil:
			results[i].Err = webhook.Permanent("a platform's event in a queue of our own: redrive it to the events queue")
		default:
			results[i] = w.Unknown(ctx, events[i:i+1])[0]
		}
	}
	return results
}

var (
	errNobody = errors.New("no handler of this release knows the type")
	errPanic  = errors.New("handler panicked")
)

// run calls a handler within its budget and turns a panic into an error. The
// panic's text stays out of it: it may quote the event.
func (w *Worker) run(ctx context.Context, handler webhook.BatchHandler, group []record, waiting int) (results []webhook.Result, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.budget(ctx, len(group), waiting))
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w (%T)", errPanic, p)
		}
	}()
	events := make([]webhook.Event, len(group))
	for i, r := range group {
		events[i] = r.event
	}
	results = handler(ctx, events)
	if len(results) != len(events) {
		return nil, fmt.Errorf("handler gave %d results for %d events", len(results), len(events))
	}
	return results, nil
}

// budget leaves those who wait their share, and what it takes to report the
// batch, however slow a group is.
func (w *Worker) budget(ctx context.Context, events, waiting int) time.Duration {
	budget := RecordBudget
	if deadline, ok := ctx.Deadline(); ok {
		budget = min(budget, (deadline.Sub(w.Now())-reserve)/time.Duration(events+waiting))
	}
	return time.Duration(events) * budget
}

// poison lets a panic come back twice, in case a neighbour or the moment was to
// blame, and then calls it permanent.
func (w *Worker) poison(r record, err error) error {
	if r.message.Receives < suspect {
		return err
	}
	return webhook.Permanent(fmt.Sprintf("%v, received %d times", err, r.message.Receives))
}

// settle ends one record: follow-ups first, those of a handler that failed as
// well, then the verdict.
func (w *Worker) settle(ctx context.Context, r record, result webhook.Result) {
	for _, followUp := range result.FollowUps {
		if err := w.FollowUps.Publish(ctx, followUp); err != nil {
			w.again(ctx, r, fmt.Errorf("publish %s: %w", followUp.Type, err))
			return
		}
	}
	if reason, permanent := webhook.PermanentReason(result.Err); permanent {
		w.bury(ctx, r, reason)
		return
	}
	if result.Err != nil {
		w.again(ctx, r, result.Err)
		return
	}
	*r.verdict = Verdict{ID: r.message.ID, Ack: true, Outcome: result.Outcome}
	w.log(ctx, slog.LevelInfo, r, "handled")
}

// bury acknowledges a message only once its event is stored among the dead letters.
func (w *Worker) bury(ctx context.Context, r record, reason string) {
	r.event.Reason = reason
	if err := w.DeadLetters.Publish(ctx, r.event); err != nil {
		w.again(ctx, r, fmt.Errorf("publish dead letter: %w", err))
		return
	}
	*r.verdict = Verdict{ID: r.message.ID, Ack: true, Outcome: "dead", Reason: reason}
	w.log(ctx, slog.LevelWarn, r, "dead letter", slog.String("code", webhook.CodeDeadLetter))
}

func (w *Worker) again(ctx context.Context, r record, err error) {
	*r.verdict = Verdict{ID: r.message.ID, After: webhook.RetryDelay(err), Outcome: "again", Reason: err.Error()}
	w.log(ctx, slog.LevelWarn, r, "comes back")
}

func (w *Worker) log(ctx context.Context, level slog.Level, r record, what string, more ...slog.Attr) {
	attrs := append([]slog.Attr{slog.String("type", r.event.LogType()), slog.String("id", webhook.ShortID(r.event.ID)),
		slog.String("message", r.message.ID), slog.Int("receives", r.message.Receives), slog.String("outcome", r.verdict.Outcome)}, more...)
	if r.verdict.Reason != "" {
		attrs = append(attrs, slog.String("reason", r.verdict.Reason))
	}
	w.Log.LogAttrs(ctx, level, what, attrs...)
}
