package calls

import (
	"context"
	"log/slog"
	"strconv"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// crossings tells when a balance has reached zero and when it is above zero
// again, each time once, for a fork's own reaction: suspend, send a mail.
//
// The crossings of an account are numbered; odd ones exhaust it, even ones
// restore it. [crossings.Watch] compares the last number on record with the
// balance and, if they disagree, publishes the next one: the same event however
// often it looks. Only when that event is handled, and so cannot get lost any
// more, [crossings.Note] puts its number on record and looks again.
type crossings struct {
	Ledger  ledger.LimitMarks
	Records records.Store
	End     func(ctx context.Context, of followups.Balance) error // ends the live sessions of a human with nothing left; may be nil
	Log     *slog.Logger
}

type crossingNote struct {
	Exhausted bool `json:"exhausted"`
}

// Watch handles credits.balance.changed before [limits.Push], which may take all
// the time there is: an exhausted balance is to be told although the
// platform's API is down, hangs, or refuses a limit of nothing.
func (c *crossings) Watch(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	b, err := followups.ReadBalance(e)
	if err != nil {
		return nil, err
	}
	followUps, _, err := c.look(ctx, e, b)
	return followUps, err
}

// Note handles credits.exhausted and credits.restored. A fork's own reaction
// goes here; it may run more than once for one crossing.
func (c *crossings) Note(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	var crossing followups.Crossing
	if err := strict.Unmarshal(e.Data, &crossing); err != nil || crossing.Account == "" || crossing.Human == "" || crossing.Number < 1 {
		return nil, webhook.Permanent("not a crossing")
	}
	_, err := c.Records.Put(ctx, records.Record{Kind: accounts.CrossingKind, ID: crossing.Account, Version: crossing.Number,
		Time: e.Time, Data: webhook.JSON(crossingNote{crossing.Number%2 == 1})})
	if err != nil {
		return nil, err
	}
	followUps, exhausted, err := c.look(ctx, e, crossing.Balance)
	if err == nil && exhausted && c.End != nil {
		err = c.End(ctx, crossing.Balance)
	}
	return followUps, err
}

// look publishes the next crossing if there has been one.
func (c *crossings) look(ctx context.Context, e webhook.Event, b followups.Balance) (followUps []webhook.Event, exhausted bool, err error) {
	last, _, err := c.Records.Get(ctx, accounts.CrossingKind, b.Account)
	if err != nil {
		return nil, false, err
	}
	account, err := readValid(ctx, c.Ledger, b.Account, c.Log)
	if err != nil {
		return nil, false, err
	}
	exhausted = account.Balance <= 0
	number, crossed := last.Version, account.Seq > 0 && exhausted != (last.Version%2 == 1)
	if crossed {
		number++
	}
	if account.Balance < 0 {
		if err := c.alarm(ctx, e, b.Account, number); err != nil {
			return nil, exhausted, err
		}
	}
	if !crossed {
		return nil, exhausted, nil
	}
	eventType := followups.Restored
	if exhausted {
		eventType = followups.Exhausted
	}
	cause := webhook.Event{ID: strconv.FormatInt(number, 10), Time: e.Time} // the same event, however it is found
	return []webhook.Event{followups.New("outbound", eventType, cause, b.Account, followups.Crossing{Balance: b, Number: number})}, exhausted, nil
}

// alarm logs, once per crossing, that a balance fell below zero. It logs first and
// notes it afterwards: a lost alarm would never be repeated.
func (c *crossings) alarm(ctx context.Context, e webhook.Event, account string, number int64) error {
	told, _, err := c.Records.Get(ctx, accounts.NegativeKind, account)
	if err != nil || told.Version >= number {
		return err
	}
	c.Log.WarnContext(ctx, "balance fell below zero", "code", webhook.CodeNegative, "id", webhook.ShortID(e.ID))
	_, err = c.Records.Put(ctx, records.Record{Kind: accounts.NegativeKind, ID: account, Version: number, Time: e.Time, Data: webhook.JSON(crossingNote{true})})
	return err
}
