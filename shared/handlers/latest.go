package handlers

import (
	"cmp"
	"context"
	"math"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// Latest keeps what platforms report about contacts, conversations, messages,
// customers and calls as latest state, one record per object:
//
//   - a state never replaces one that has come further: created comes before
//     everything else, a call rings before it is answered;
//   - of two as far, the later change counts. G-Tateth and messages say when
//     they changed; of everything else the event counts that arrived later, the
//     first time it did: a retry is not news;
//   - deleted is for good.
//
// What nobody can tell apart stays undecided: changes within one tick of the
// platform's clock, and events without a time that overtake one another on their
// way here.
//
// A message is also noted with its conversation, see [MessagesOf].
type Latest struct {
	Records records.Store
}

// Mirror handles every event whose payload is a [webhook.StateReporter]:
// "<provider>.<model>.<verb>".
func (l *Latest) Mirror(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	state, err := stateOf(e)
	if err != nil {
		return nil, err
	}
	model, _ := cutLast(e.Type)
	record := records.Record{Kind: model, ID: cmp.Or(state.ID, e.ID), Time: e.Time, Data: state.Data}
	if state.Deleted {
		record.Version, record.Deleted, record.Data = math.MaxInt64, true, nil
	} else if record.Version, err = l.version(ctx, e, state); err != nil {
		return nil, err
	}
	if err := l.put(ctx, record); err != nil || state.Conversation == "" {
		return nil, err
	}
	return nil, l.put(ctx, records.Record{Kind: MessagesOf(model, state.Conversation), ID: record.ID, Version: 1,
		Time: cmp.Or(state.Created, e.Time), Data: []byte("{}")})
}

func stateOf(e webhook.Event) (webhook.State, error) {
	parsed, err := providers.Decode(e)
	if err != nil {
		return webhook.State{}, err
	}
	reporter, ok := parsed.Payload.(webhook.StateReporter)
	if !ok {
		return webhook.State{}, webhook.Permanent("the event reports no latest state")
	}
	state, err := reporter.State(e.Data)
	if err != nil {
		err = webhook.Permanent(err.Error())
	}
	return state, err
}

func (l *Latest) put(ctx context.Context, r records.Record) error {
	_, err := l.Records.Put(ctx, r) // an older state that was not stored is as good as stored
	return err
}

// MessagesOf is the kind of the records that say which messages a conversation
// has, listed by when they were written: MessagesOf("cribbly.message", id). They
// hold no text, so that a deleted message is gone; the record of that kind
// without the conversation does. For [MessageKind] they are the messages.
func MessagesOf(model, conversation string) string { return model + "/" + conversation }

func isMessage(model string) bool { return strings.HasSuffix(model, ".message") }

// version is stage and time in one number: Unix microseconds need 51 bits for
// some decades to come.
func (l *Latest) version(ctx context.Context, e webhook.Event, state webhook.State) (int64, error) {
	at, err := state.Changed, error(nil)
	if at.IsZero() {
		at, err = l.arrival(ctx, e)
	}
	return int64(state.Stage)<<56 + at.UnixMicro(), err
}

// arrival is when an event was received for the first time. After [DefaultWindow]
// the same bytes are news again: something was changed and changed back.
func (l *Latest) arrival(ctx context.Context, e webhook.Event) (time.Time, error) {
	first := records.Record{Kind: e.Provider() + ".arrival", ID: e.ID, Version: e.Time.UnixMicro(), Time: e.Time,
		Deleted: true} // a tombstone: nobody lists arrivals, so no store needs to index them
	known, ok, err := l.Records.Get(ctx, first.Kind, first.ID)
	if err != nil || ok && e.Time.Sub(known.Time).Abs() <= DefaultWindow {
		return known.Time, err
	}
	return e.Time, l.put(ctx, first)
}

// cutLast splits "cribbly.contact.updated" into "cribbly.contact" and "updated".
func cutLast(eventType string) (model, verb string) {
	dot := strings.LastIndexByte(eventType, '.')
	return eventType[:dot], eventType[dot+1:]
}

// mirrored lists the events Mirror handles.
var mirrored = func() (types []string) {
	for _, platform := range providers.Table() {
		for eventType, zero := range platform.Events {
			if _, ok := zero.(webhook.StateReporter); ok {
				types = append(types, platform.Name+"."+eventType)
			}
		}
	}
	return types
}()
