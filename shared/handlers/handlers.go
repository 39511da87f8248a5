// Package handlers is the business logic: one file per reaction, one table for
// the worker and one for outbound.
//
// A handler gets verified events and may get each of them again, at any age and
// in any order; see webhook.Handler for what it owes in return. To add a
// reaction, write a file here and name its event types in [Table]. What it wants
// a platform to be told goes into a follow-up event; who tells it stands in
// [Outbound].
package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// Table says which handler of the worker reacts to which event. An event that
// is not in it is acknowledged and counted as ignored.
func Table(s Settings, books ledger.Store, store records.Store, now func() time.Time, log *slog.Logger) map[string]webhook.BatchHandler {
	credits := s.Credits
	credits.Ledger, credits.Records, credits.Now, credits.Log = books, store, now, log
	latest := &Latest{Records: store}
	leads := &Leads{Records: store, Forward: s.ForwardLeads}
	sessions := &Sessions{Records: store, Credits: &credits}
	tools := &Tools{Records: store, Phrases: s.Phrases}

	table := map[string]webhook.BatchHandler{
		"gabber.usage.tracked":                        credits.Deduct,
		"gabber.tool.calls_started":                   webhook.Each("stored", tools.Started),
		"gabber.tool.calls_finished":                  webhook.Each("stored", tools.Finished),
		"gabber.realtime_session.state_changed":       webhook.Each("stored", sessions.StateChanged),
		"gabber.realtime_session.message_committed":   webhook.Each("stored", sessions.MessageCommitted),
		"gabber.realtime_session.time_limit_exceeded": webhook.Each("stored", sessions.TimeLimitExceeded),
		"chatbase.leads.submit":                       webhook.Each("stored", leads.Keep),
	}
	for _, eventType := range mirrored {
		table[eventType] = webhook.Each("stored", latest.Mirror)
	}
	for _, eventType := range followUps {
		table[eventType] = webhook.Each("passed on", passOn)
	}
	if credits.pricesCalls() {
		calls := &Calls{Credits: credits, Latest: latest}
		table["g-tateth.call.completed"] = calls.Completed
	}
	return table
}

// followUps are for outbound. The worker meets one when dead letters are
// redriven: where the cloud has one queue of them and sends all of it to one
// place, that place is the worker's.
var followUps = []string{BalanceChanged, Exhausted, Restored, SpeechRequested, HumanFound, VendorDebit, LeadForward}

func passOn(_ context.Context, e webhook.Event) ([]webhook.Event, error) {
	return []webhook.Event{e}, nil
}

// Ports are what outbound's handlers work with.
type Ports struct {
	Ledger  ledger.LimitMarks
	Records records.Store
	Caller  gabber.Caller
	Now     func() time.Time
	Jitter  func() time.Duration // at random, less than a second
}

// Outbound says which handler calls a platform for which follow-up event. What
// cannot be called for want of a key is acknowledged all the same, or it would
// pile up; the log says so once, at the start. A debit is money: it waits for the
// key, and people are told.
func Outbound(s OutboundSettings, to Ports, log *slog.Logger) map[string]webhook.BatchHandler {
	api := s.Gabber
	api.Caller = to.Caller
	limits := &Limits{Ledger: to.Ledger, API: api, Price: s.Price, Log: log}
	crossings := &Crossings{Ledger: to.Ledger, Records: to.Records, API: api, End: s.EndExhausted && api.Key != "", Log: log}
	speech := &Speech{API: api, Records: to.Records, Now: to.Now, Jitter: to.Jitter}
	attach := &Attach{API: api}
	debits := &VendorDebits{API: api, Records: to.Records}
	forward := &Forward{Target: s.Leads, Caller: to.Caller, Now: to.Now}

	table := map[string]webhook.BatchHandler{
		BalanceChanged:  inTurn(together(named("watched", crossings.Watch)), together(limits.Push)),
		Exhausted:       webhook.Each("noted", crossings.Note),
		Restored:        webhook.Each("noted", crossings.Note),
		SpeechRequested: each(speech.Say),
		HumanFound:      each(attach.Human),
		VendorDebit:     webhook.Each("debited", debits.Post),
		LeadForward:     webhook.Each("forwarded", forward.Post),
	}
	if api.Key == "" {
		log.Warn("GABBER_API_KEY is not set: Gabber is never called") // without a code: whoever does not use Gabber is not to be woken
		table[BalanceChanged] = together(named("no key", crossings.Watch))
		table[SpeechRequested], table[HumanFound] = skip("no key"), skip("no key")
		table[VendorDebit] = webhook.Each("debited", func(context.Context, webhook.Event) ([]webhook.Event, error) { return nil, errNoKey })
	}
	if api.Key != "" && s.Price.Sign() <= 0 {
		log.Warn("TARIFF has no price for conversational_seconds: no limit is pushed", "code", webhook.CodeConfig)
		table[BalanceChanged] = together(named("no price", crossings.Watch))
	}
	if s.Leads.URL == "" {
		table[LeadForward] = skip("no url")
	}
	for eventType, handler := range table {
		table[eventType] = alarming(log, handler)
	}
	return table
}

var errNoKey = fmt.Errorf("%w: GABBER_API_KEY is not set", outbound.ErrRefused)

// alarming tells people of every call that a platform refuses: only they can
// mend a key or an address, and until then the events wait.
func alarming(log *slog.Logger, h webhook.BatchHandler) webhook.BatchHandler {
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

// inTurn runs two handlers on the same batch, the second whatever came of the
// first: what one of them finds out about the last event must not wait for the
// API that the other one calls for the first.
func inTurn(first, second webhook.BatchHandler) webhook.BatchHandler {
	return func(ctx context.Context, events []webhook.Event) []webhook.Result {
		seen, results := first(ctx, events), second(ctx, events)
		for i, s := range seen {
			results[i].FollowUps = append(s.FollowUps, results[i].FollowUps...)
			results[i].Err = undone(s.Err, results[i].Err)
		}
		return results
	}
}

// undone is the error of an event with which two things were done: one may have
// failed for good, but as long as the other one is not done the event comes back.
func undone(first, second error) error {
	if _, permanent := webhook.PermanentReason(first); first != nil && !permanent || second == nil {
		return first
	}
	return second
}

// reaction is a [webhook.Handler] whose successes are of several kinds: the
// outcome says what happened.
type reaction func(ctx context.Context, e webhook.Event) webhook.Result

// named gives every success of h the same outcome.
func named(outcome string, h webhook.Handler) reaction {
	return func(ctx context.Context, e webhook.Event) webhook.Result {
		return webhook.Each(outcome, h)(ctx, []webhook.Event{e})[0]
	}
}

// each is [webhook.Each] for a reaction.
func each(react reaction) webhook.BatchHandler {
	return func(ctx context.Context, events []webhook.Event) []webhook.Result {
		results := make([]webhook.Result, len(events))
		for i, e := range events {
			results[i] = react(ctx, e)
		}
		return results
	}
}

// together is each for events that only say "look again": those of a batch that
// say the same are handled once.
func together(react reaction) webhook.BatchHandler {
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

// followUp makes an event of our own about something. Its data is v as JSON.
func followUp(function, eventType string, cause webhook.Event, about string, v any) webhook.Event {
	return webhook.FollowUp(function, eventType, cause, about, encode(v))
}

// encode is for values of this package only: they always marshal.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("handlers: encode %T: %v", v, err))
	}
	return data
}
