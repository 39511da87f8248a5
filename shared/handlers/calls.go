package handlers

import (
	"context"
	"errors"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Calls charges telephone calls by their duration, if the tariff has a price for
// them, into the same ledger as every other usage.
type Calls struct {
	Credits
	Latest *Latest
}

// callSeconds is the usage type of calls in the tariff.
const callSeconds = "call_seconds"

func (c *Credits) pricesCalls() bool {
	_, priced := c.Tariff[callSeconds]
	return priced
}

// Completed handles g-tateth.call.completed: the call's latest state is kept as
// it is without a price, and the call is charged. If one of the two fails the
// event comes back for both; done again, neither changes anything.
func (c *Calls) Completed(ctx context.Context, events []webhook.Event) []webhook.Result {
	kept := webhook.Each("stored", c.Latest.Mirror)(ctx, events)
	results := c.deduct(ctx, events, c.call)
	for i := range results {
		results[i].Err = webhook.Undone(kept[i].Err, results[i].Err)
	}
	return results
}

// call reads what a finished call costs its customer.
func (c *Calls) call(e webhook.Event) (charge, error) {
	parsed, err := providers.Decode(e)
	if err != nil {
		return charge{}, err
	}
	reporter, ok := parsed.Payload.(webhook.UsageReporter)
	if !ok {
		return charge{}, errors.New("the event reports no usage")
	}
	usage, err := reporter.Usage()
	if err != nil {
		return charge{}, err
	}
	seconds, err := strict.ParseDecimal(usage.Value)
	if err != nil {
		return charge{}, err
	}
	ch := charge{entry: ledger.Entry{
		ID:          webhook.Identity(e.Provider(), usage.Key[0], usage.Key[1:]...),
		Kind:        ledger.Charge,
		Fingerprint: webhook.Identity(e.Provider(), "call.completed fingerprint", usage.Meaning...),
		Time:        e.Time,
		Usage:       usage.Type,
		Value:       usage.Value,
		Source:      e.Source,
	}}
	ch.of = c.account(e.Provider(), usage.Project, usage.Whom)
	return ch, c.price(&ch, seconds)
}
