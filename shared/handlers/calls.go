package handlers

import (
	"cmp"
	"context"
	"errors"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers/gtateth"
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

// maxCallSeconds is what one call may last; more is taken for a fault of the
// sender and goes to the dead letters.
const maxCallSeconds = 7 * 24 * 60 * 60

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

// call reads what a finished call costs its customer. A call ends once, so its
// id makes the entry's identity: the event's own rests on a timestamp that may
// be new in every retry, so a call without an id could be charged for each.
func (c *Calls) call(e webhook.Event) (charge, error) {
	event, err := gtateth.ParseCall(e.Data)
	if err != nil {
		return charge{}, err
	}
	call := event.Data
	id := cmp.Or(call.CallID, call.ID)
	if id == "" {
		return charge{}, errors.New("data.callId and data._id are missing")
	}
	seconds, err := callLength(call)
	if err != nil {
		return charge{}, err
	}
	ch := charge{entry: ledger.Entry{
		ID:          webhook.Identity(e.Provider(), "call.completed", "call", id),
		Kind:        ledger.Charge,
		Fingerprint: webhook.Identity(e.Provider(), "call.completed fingerprint", call.CustomerID.ID, seconds.String()),
		Time:        e.Time,
		Usage:       callSeconds,
		Value:       string(call.Duration),
		Source:      e.Source,
	}}
	ch.of = c.account(e.Provider(), "", call.CustomerID.ID)
	return ch, c.price(&ch, seconds)
}

func callLength(call gtateth.Call) (strict.Decimal, error) {
	if call.Duration == "" {
		return strict.Decimal{}, errors.New("data.duration is missing or not a number")
	}
	seconds, err := call.Duration.Decimal()
	switch {
	case err != nil:
		return seconds, err
	case seconds.Sign() < 0:
		return seconds, errors.New("data.duration is negative")
	case seconds.Cmp(strict.NewDecimal(maxCallSeconds)) > 0:
		return seconds, errors.New("data.duration is above the limit of one call")
	}
	return seconds, nil
}
