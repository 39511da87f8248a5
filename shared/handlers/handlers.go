// Package handlers is the business logic of the worker: one file per reaction, and
// one table.
//
// A handler gets verified events and may get each of them again, at any age and
// in any order; see webhook.Handler for what it owes in return. To add a
// reaction, write a file here and name its event types in [Table]. What it wants
// a platform to be told goes into an event of package followups; package calls, which
// the worker must not import, tells it.
package handlers

import (
	"context"
	"log/slog"
	"time"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
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
	for _, eventType := range followups.Types() {
		table[eventType] = webhook.Each("passed on", passOn)
	}
	if credits.pricesCalls() {
		calls := &Calls{Credits: credits, Latest: latest}
		table["g-tateth.call.completed"] = calls.Completed
	}
	return table
}

// passOn is for follow-up events, which are outbound's. The worker meets one when
// dead letters are redriven: where the cloud has one queue of them and sends all of
// it to one place, that place is the worker's.
func passOn(_ context.Context, e webhook.Event) ([]webhook.Event, error) {
	return []webhook.Event{e}, nil
}
