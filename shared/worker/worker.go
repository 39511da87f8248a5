// Package worker is the second function: it decodes the messages of a queue, calls
// the handlers of their events and gives the queue a verdict per message.
//
//	messages → events → handlers → follow-up events published → Verdict
//
// A message is acknowledged when the handler succeeded and its follow-ups are
// stored, or when the event is stored as a dead letter with a reason. Any other
// message is retried. A panic, a poison message or a slow event costs its own try
// only.
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
	// RecordBudget is the time of a handler for each event, as far as the batch has time.
	RecordBudget = 10 * time.Second

	shutdownMargin = 500 * time.Millisecond  // end of a batch, to report the verdicts
	publishReserve = 1500 * time.Millisecond // before the margin, to publish follow-ups

	// poisonThreshold is the receive count from which a message is handled alone,
	// after the others, and a panic makes it a dead letter.
	poisonThreshold = 3
)

// Worker handles batches. It is safe for concurrent use.
type Worker struct {
	Handlers map[string]webhook.BatchHandler // by event type
	// Unknown handles platforms' events whose type is not in Handlers; nil makes
	// them dead letters. Outbound has nil: only a redrive to the wrong queue brings one.
	Unknown     webhook.BatchHandler
	FollowUps   webhook.Publisher
	DeadLetters webhook.Publisher
	// Redecode identifies an undecodable event anew, see ingest.Redecode. Its error is
	// the reason of the next dead letter.
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

// Handle gives one verdict per message, in their order. A message that is not
// handled in time is retried.
func (w *Worker) Handle(ctx context.Context, messages []Message) []Verdict {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-shutdownMargin))
		defer cancel()
	}
	verdicts := make([]Verdict, len(messages))
	var records []record
	for i, m := range messages {
		verdicts[i] = Verdict{ID: m.ID, Outcome: "again", Reason: "not reached in time"}
		r := record{message: m, verdict: &verdicts[i]}
		if err := w.decode(&r); err != nil {
			w.finish(ctx, r, webhook.Result{Err: err})
			continue
		}
		records = append(records, r)
	}
	left := len(records)
	for _, group := range groups(records) {
		if w.outOfTime(ctx) {
			break // the verdict of the others stays: retry
		}
		left -= len(group)
		w.handleGroup(ctx, group, left)
	}
	return verdicts
}

// decode makes the event of a message. A redriven dead letter loses its reason; an
// undecodable one is identified anew.
func (w *Worker) decode(r *record) error {
	event, err := webhook.DecodeEvent(r.message.Body)
	if errors.Is(err, webhook.ErrNewer) {
		return err
	}
	if err != nil {
		r.event = undecodable(r.message.Body, w.Now())
		return webhook.Permanent(err.Error())
	}
	r.event = event
	r.event.Reason = ""
	if event.Basis != webhook.Undecodable {
		return nil
	}
	if event.Type == undecodableType {
		return webhook.Permanent(webhook.ErrCorrupt.Error())
	}
	r.event, err = w.Redecode(r.event)
	return err
}

const undecodableType = "unreadable.message"

// undecodable wraps a message that is not an event, so that it becomes a dead letter.
func undecodable(body []byte, now time.Time) webhook.Event {
	sum := sha256.Sum256(body)
	return webhook.Event{
		ID:     webhook.Identity("worker", undecodableType, hex.EncodeToString(sum[:])),
		Source: "/functions/worker",
		Type:   undecodableType,
		Time:   now,
		Data:   body,
		Basis:  webhook.Undecodable,
	}
}

// groups puts events of one type together, in order of first arrival, and each
// message at the poison threshold alone at the end: it may crash the process.
func groups(records []record) [][]record {
	var grouped, alone [][]record
	index := make(map[string]int)
	for _, r := range records {
		if r.message.Receives >= poisonThreshold {
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
	return ok && deadline.Sub(w.Now()) < publishReserve
}

// handleGroup calls the handler of one event type while other records wait. If it
// panics with several events, each is tried alone.
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
			w.finish(ctx, r, webhook.Result{Err: w.poison(r, err)})
			continue
		}
		w.finish(ctx, r, results[i])
	}
}

// unknown handles events without a handler. A follow-up without one is retried: a
// newer release, which knows its type, may be on its way.
func (w *Worker) unknown(ctx context.Context, events []webhook.Event) []webhook.Result {
	results := make([]webhook.Result, len(events))
	for i, e := range events {
		switch {
		case e.Provider() == "":
			results[i].Err = errNoHandler
		case w.Unknown == nil:
			results[i].Err = webhook.Permanent("a platform's event in a queue of our own: redrive it to the events queue")
		default:
			results[i] = w.Unknown(ctx, events[i:i+1])[0]
		}
	}
	return results
}

var (
	errNoHandler = errors.New("no handler of this release knows the type")
	errPanic     = errors.New("handler panicked")
)

// run calls a handler within its budget and turns a panic into an error, without
// the panic's text: it may quote the event.
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

// budget divides the remaining time evenly among the unhandled events and keeps
// the publish reserve.
func (w *Worker) budget(ctx context.Context, events, waiting int) time.Duration {
	budget := RecordBudget
	if deadline, ok := ctx.Deadline(); ok {
		budget = min(budget, (deadline.Sub(w.Now())-publishReserve)/time.Duration(events+waiting))
	}
	return time.Duration(events) * budget
}

// poison makes a panic permanent at the poison threshold.
func (w *Worker) poison(r record, err error) error {
	if r.message.Receives < poisonThreshold {
		return err
	}
	return webhook.Permanent(fmt.Sprintf("%v, received %d times", err, r.message.Receives))
}

// finish publishes the follow-ups, also those of a handler that failed, then
// acknowledges, retries or dead-letters the message.
func (w *Worker) finish(ctx context.Context, r record, result webhook.Result) {
	for _, followUp := range result.FollowUps {
		if err := w.FollowUps.Publish(ctx, followUp); err != nil {
			w.retry(ctx, r, webhook.NoSooner(fmt.Errorf("publish %s: %w", followUp.Type, err), result.Err))
			return
		}
	}
	if reason, permanent := webhook.PermanentReason(result.Err); permanent {
		w.deadLetter(ctx, r, reason)
		return
	}
	if result.Err != nil {
		w.retry(ctx, r, result.Err)
		return
	}
	*r.verdict = Verdict{ID: r.message.ID, Ack: true, Outcome: result.Outcome}
	w.log(ctx, slog.LevelInfo, r, "handled")
}

// deadLetter acknowledges a message once its event is stored as a dead letter.
func (w *Worker) deadLetter(ctx context.Context, r record, reason string) {
	r.event.Reason = reason
	if err := w.DeadLetters.Publish(ctx, r.event); err != nil {
		w.retry(ctx, r, fmt.Errorf("publish dead letter: %w", err))
		return
	}
	*r.verdict = Verdict{ID: r.message.ID, Ack: true, Outcome: "dead", Reason: reason}
	w.log(ctx, slog.LevelWarn, r, "dead letter", slog.String("code", webhook.CodeDeadLetter))
}

func (w *Worker) retry(ctx context.Context, r record, err error) {
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
