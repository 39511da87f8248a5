package handlers

import (
	"cmp"
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// latest keeps what platforms report about contacts, conversations, messages,
// customers and calls as latest state, one record per object:
//
//   - a state never replaces one that has come further: created comes before
//     everything else, a call rings before it is answered;
//   - of two as far, the later change counts. G-Tateth and messages say when
//     they changed; of everything else the event counts that arrived later, the
//     first time it did: a retry is not news;
//   - deleted is for good.
//
// Two cases stay undecided: changes within one tick of the
// platform's clock, and events without a time that overtake one another on their
// way here.
//
// A message is also noted with its conversation, see [MessagesOf].
type latest struct {
	Records records.Store
	Decode  webhook.Decoder // of the platform that reports
}

// Mirror handles an event whose payload is a [webhook.StateReporter].
func (l *latest) Mirror(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	state, err := l.read(e)
	if err != nil {
		return nil, webhook.Permanent(err.Error())
	}
	record := records.Record{Kind: model(e.Type), ID: cmp.Or(state.ID, e.ID), Time: e.Time, Data: state.Data}
	if state.Deleted {
		record.Version, record.Deleted, record.Data = deleted, true, nil
	} else if record.Version, err = l.version(ctx, e, state); err != nil {
		return nil, err
	}
	if err := l.put(ctx, record); err != nil || state.Conversation == "" {
		return nil, err
	}
	return nil, l.put(ctx, records.Record{Kind: MessagesOf(record.Kind, state.Conversation), ID: record.ID, Version: records.Once,
		Time: cmp.Or(state.Created, e.Time), Data: []byte("{}")})
}

func (l *latest) read(e webhook.Event) (webhook.State, error) {
	parsed, err := l.Decode(e.Data)
	if err != nil {
		return webhook.State{}, err
	}
	reporter, ok := parsed.Payload.(webhook.StateReporter)
	if !ok {
		return webhook.State{}, errors.New("the body reports no state")
	}
	return reporter.State(e.Data)
}

func (l *latest) put(ctx context.Context, r records.Record) error {
	_, err := l.Records.Put(ctx, r) // an older state that was not stored is as good as stored
	return err
}

// MessagesOf is the kind of the records that say which messages a conversation
// has, listed by when they were written: MessagesOf("cribbly.message", id). They
// hold no text, so that a deleted message is gone; the record of that kind
// without the conversation does.
func MessagesOf(model, conversation string) string { return model + "/" + conversation }

// deleted is the version of a deleted object.
const deleted = math.MaxInt64

// version is stage and time in one number: Unix microseconds need 51 bits for
// some decades to come.
func (l *latest) version(ctx context.Context, e webhook.Event, state webhook.State) (int64, error) {
	at, err := state.Changed, error(nil)
	if at.IsZero() {
		at, err = l.arrival(ctx, e)
	}
	return int64(state.Stage)<<56 + at.UnixMicro(), err
}

// arrival is when an event was received for the first time. After [DefaultWindow]
// the same bytes are news again: something was changed and changed back.
func (l *latest) arrival(ctx context.Context, e webhook.Event) (time.Time, error) {
	first := records.Record{Kind: e.Provider() + ".arrival", ID: e.ID, Version: e.Time.UnixMicro(), Time: e.Time,
		Deleted: true} // a tombstone: arrivals are not listed, so no store needs to index them
	known, ok, err := l.Records.Get(ctx, first.Kind, first.ID)
	if err != nil || ok && e.Time.Sub(known.Time).Abs() <= DefaultWindow {
		return known.Time, err
	}
	return e.Time, l.put(ctx, first)
}

// model is the type of an event without its verb: "cribbly.contact" of
// "cribbly.contact.updated".
func model(eventType string) string { return eventType[:max(0, strings.LastIndexByte(eventType, '.'))] }
