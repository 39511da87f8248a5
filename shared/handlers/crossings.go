package handlers

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Crossings tells when a balance has reached zero and when it is above zero
// again, each time once, for a fork's own reaction: suspend, send a mail.
//
// The crossings of an account are numbered; odd ones exhaust it, even ones
// restore it. [Crossings.Watch] compares the last number on record with the
// balance and, if they disagree, publishes the next one: the same event however
// often it looks. Only when that event is handled, and so cannot get lost any
// more, [Crossings.Note] puts its number on record and looks again.
type Crossings struct {
	Ledger  ledger.LimitMarks
	Records records.Store
	API     gabber.API
	End     bool // end the live sessions of a human who has nothing left
	Log     *slog.Logger
}

// Exhausted and Restored are the types of the follow-up events. Their data is a
// [Crossing].
const (
	Exhausted = "credits.exhausted"
	Restored  = "credits.restored"
)

// Crossing says whose balance crossed zero and which crossing it is.
type Crossing struct {
	Balance
	Number int64 `json:"number"`
}

// crossingKind holds the last crossing of an account; its version is the number.
const crossingKind = "credits.state"

type crossingNote struct {
	Exhausted bool `json:"exhausted"`
}

// negativeKind holds the last crossing after which a balance was below zero; its
// version is the number. A balance of zero is exhausted and no alarm.
const negativeKind = "credits.negative"

// Watch handles credits.balance.changed before [Limits.Push], which may take all
// the time there is: somebody who has run out is to be told of although the
// platform's API is down, hangs, or refuses a limit of nothing.
func (c *Crossings) Watch(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	b, err := readBalance(e)
	if err != nil {
		return nil, err
	}
	followUps, _, err := c.look(ctx, e, b)
	return followUps, err
}

// Note handles credits.exhausted and credits.restored. A fork's own reaction
// goes here; it may run more than once for one crossing.
func (c *Crossings) Note(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	var crossing Crossing
	if err := strict.Unmarshal(e.Data, &crossing); err != nil || crossing.Account == "" || crossing.Human == "" || crossing.Number < 1 {
		return nil, webhook.Permanent("not a crossing")
	}
	_, err := c.Records.Put(ctx, records.Record{Kind: crossingKind, ID: crossing.Account, Version: crossing.Number,
		Time: e.Time, Data: encode(crossingNote{crossing.Number%2 == 1})})
	if err != nil {
		return nil, err
	}
	followUps, exhausted, err := c.look(ctx, e, crossing.Balance)
	if err == nil && exhausted && c.End {
		err = c.endSessions(ctx, crossing.Balance)
	}
	return followUps, err
}

// look publishes the next crossing if there has been one.
func (c *Crossings) look(ctx context.Context, e webhook.Event, b Balance) (followUps []webhook.Event, exhausted bool, err error) {
	last, _, err := c.Records.Get(ctx, crossingKind, b.Account)
	if err != nil {
		return nil, false, err
	}
	account, err := readSane(ctx, c.Ledger, b.Account, c.Log)
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
	eventType := Restored
	if exhausted {
		eventType = Exhausted
	}
	cause := webhook.Event{ID: strconv.FormatInt(number, 10), Time: e.Time} // whoever finds it, it is the same event
	return []webhook.Event{followUp("outbound", eventType, cause, b.Account, Crossing{Balance: b, Number: number})}, exhausted, nil
}

// alarm tells people, once per crossing, that a balance fell below zero. It tells
// them first and notes it afterwards: of an alarm that is lost nobody ever hears.
func (c *Crossings) alarm(ctx context.Context, e webhook.Event, account string, number int64) error {
	told, _, err := c.Records.Get(ctx, negativeKind, account)
	if err != nil || told.Version >= number {
		return err
	}
	c.Log.WarnContext(ctx, "balance fell below zero", "code", webhook.CodeNegative, "id", webhook.ShortID(e.ID))
	_, err = c.Records.Put(ctx, records.Record{Kind: negativeKind, ID: account, Version: number, Time: e.Time, Data: encode(crossingNote{true})})
	return err
}

// maxSessions bounds the search for live sessions, newest first.
const maxSessions = 1000

// endSessions ends what a human has under way. To end a session that is over is
// an error nobody needs to hear of.
func (c *Crossings) endSessions(ctx context.Context, of Balance) error {
	cursor := ""
	for range maxSessions / 100 {
		page, next, err := c.Records.List(ctx, SessionKind, cursor, 100)
		if err != nil {
			return err
		}
		for _, record := range page {
			if err := c.endSession(ctx, of, record); err != nil {
				return err
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	return nil
}

func (c *Crossings) endSession(ctx context.Context, of Balance, record records.Record) error {
	var session Session
	if err := strict.Unmarshal(record.Data, &session); err != nil {
		return err
	}
	if session.State != inProgress || of.Project != "" && session.Project != of.Project {
		return nil
	}
	owner, err := humanOf(ctx, c.Records, session)
	if err != nil || owner != of.Human {
		return err
	}
	err = c.API.End(ctx, session.ID)
	if _, wrong := webhook.PermanentReason(err); wrong || errors.Is(err, outbound.ErrNotFound) {
		return nil
	}
	return err
}
