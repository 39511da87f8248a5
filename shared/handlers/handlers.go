// Package handlers is the business logic of the worker: one file per reaction, and
// one table.
//
// A handler gets verified events and may get each of them again, at any age and
// in any order; see [webhook.Handler] for what it owes in return. [Table] charges
// every event whose payload reports usage and keeps every latest state, of any
// platform. Any other reaction is a file here, named after its platform, and a
// line in Table. What a platform is to be told goes into an event of package
// followups; outbound tells it, the worker never sees an API client.
package handlers

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// platform is what one adds to usage and latest state.
type platform struct {
	reactions func(Settings, records.Store) map[string]webhook.BatchHandler // by event type
	kinds     []string                                                      // of records; see [Kinds]
	variables func(*Settings) []config.Variable
}

var platforms = []platform{
	gabberPlatform,
	chatbasePlatform,
}

// Table says which handler of the worker reacts to which event. An event that
// is not in it is acknowledged and counted as ignored.
func Table(s Settings, books ledger.Store, store records.Store, now func() time.Time, log *slog.Logger) map[string]webhook.BatchHandler {
	credits := &s.Credits
	credits.Ledger, credits.Records, credits.Now, credits.Log = books, store, now, log
	table := map[string]webhook.BatchHandler{}
	for _, platform := range providers.Table().Providers() {
		maps.Copy(table, reports(platform, *credits, store))
	}
	for _, of := range platforms {
		maps.Copy(table, of.reactions(s, store))
	}
	for _, eventType := range followups.Types() {
		table[eventType] = webhook.Each("passed on", passOn)
	}
	return table
}

// reports are the handlers of the events of a platform that report usage or
// latest state. Where the payload reports both, usage is charged only if the
// price list has a price.
func reports(platform webhook.Provider, credits Credits, store records.Store) map[string]webhook.BatchHandler {
	credits.Decode = platform.Decode
	latest := &latest{store, platform.Decode}
	table := map[string]webhook.BatchHandler{}
	for name, zero := range platform.Events {
		_, hasState := zero.(webhook.StateReporter)
		usage, hasUsage := zero.(webhook.UsageReporter)
		switch eventType := platform.Name + "." + name; {
		case hasState && hasUsage && credits.prices(usage):
			table[eventType] = webhook.Both(webhook.Each("stored", latest.Mirror), credits.Deduct)
		case hasState:
			table[eventType] = webhook.Each("stored", latest.Mirror)
		case hasUsage:
			table[eventType] = credits.Deduct
		}
	}
	return table
}

// stored makes a handler of one that stores what a payload of one type says. A body
// of another type is permanently unusable.
func stored[P envelope.Payload](decode webhook.Decoder, keep func(context.Context, webhook.Event, P) ([]webhook.Event, error)) webhook.BatchHandler {
	return webhook.Each("stored", func(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
		payload, err := envelope.As[P](decode(e.Data))
		if err != nil {
			return nil, webhook.Permanent(err.Error())
		}
		return keep(ctx, e, payload)
	})
}

// passOn is for follow-up events, which are outbound's. The worker meets one when
// dead letters are redriven: where the cloud has one queue of them and sends all of
// it to one place, that place is the worker's.
func passOn(_ context.Context, e webhook.Event) ([]webhook.Event, error) {
	return []webhook.Event{e}, nil
}
