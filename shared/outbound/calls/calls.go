// Package calls is what outbound does with each follow-up event: it tells the
// platforms. A file named after a platform holds its API client and its calls;
// [Table] is the table.
//
// A handler may get an event again, at any age and in any order; see
// webhook.Handler for what it owes in return. The worker never imports this
// package.
package calls

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// Ports are what the handlers work with.
type Ports struct {
	Ledger  ledger.LimitMarks
	Records records.Store
	Doer    outbound.Doer
	Now     func() time.Time
	Jitter  func() time.Duration // at random, less than a second
}

// table is outbound's table and what platforms contribute to the generic rows.
type table struct {
	rows    map[string]webhook.BatchHandler
	limits  *limits                                               // nil: no limit is pushed
	watched string                                                // the outcome of a change of balance then
	end     func(ctx context.Context, of followups.Balance) error // nil: no session is ended
}

// Table says which handler reacts to which follow-up event. What cannot be called
// for want of a key is acknowledged all the same, or it would pile up; the log
// says so once, at the start. A debit is money: it waits for the key, with an alarm.
func Table(s Settings, to Ports, log *slog.Logger) map[string]webhook.BatchHandler {
	t := &table{rows: map[string]webhook.BatchHandler{}, watched: "watched"}
	t.gabber(s.Gabber, to, log)
	t.chatbase(s.Chatbase, to)
	return t.complete(to, log)
}

// complete adds the generic rows.
func (t *table) complete(to Ports, log *slog.Logger) map[string]webhook.BatchHandler {
	c := &crossings{Ledger: to.Ledger, Records: to.Records, End: t.end, Log: log}
	t.rows[followups.Exhausted] = webhook.Each("noted", c.Note)
	t.rows[followups.Restored] = webhook.Each("noted", c.Note)
	t.rows[followups.BalanceChanged] = onceEach(webhook.Handler(c.Watch).As(t.watched))
	if t.limits != nil {
		t.rows[followups.BalanceChanged] = webhook.Both(t.rows[followups.BalanceChanged], onceEach(t.limits.Push))
	}
	for eventType, handler := range t.rows {
		t.rows[eventType] = logRefused(log, handler)
	}
	return t.rows
}

// logRefused logs every call that a platform refuses as an alarm: until the key
// or the address is fixed, the events wait.
func logRefused(log *slog.Logger, h webhook.BatchHandler) webhook.BatchHandler {
	return func(ctx context.Context, events []webhook.Event) []webhook.Result {
		results := h(ctx, events)
		for i, r := range results {
			if errors.Is(r.Err, outbound.ErrRefused) {
				log.ErrorContext(ctx, "a call is refused", "code", webhook.CodeAPI,
					"type", events[i].Type, "id", webhook.ShortID(events[i].ID), "cause", r.Err.Error())
			}
		}
		return results
	}
}

// skip acknowledges events that nothing can be done about.
func skip(why string) webhook.BatchHandler {
	return webhook.Each(why, func(context.Context, webhook.Event) ([]webhook.Event, error) { return nil, nil })
}

// onceEach is [webhook.Reaction.Each] for events that only say "look again": those of a batch that
// say the same are handled once.
func onceEach(react webhook.Reaction) webhook.BatchHandler {
	return func(ctx context.Context, events []webhook.Event) []webhook.Result {
		results := make([]webhook.Result, len(events))
		first := make(map[string]int, len(events))
		for i, e := range events {
			if j, ok := first[string(e.Data)]; ok {
				results[i] = webhook.Result{Outcome: results[j].Outcome, Err: results[j].Err}
				continue
			}
			first[string(e.Data)] = i
			results[i] = react(ctx, e)
		}
		return results
	}
}
