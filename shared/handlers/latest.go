package handlers

import (
	"cmp"
	"context"
	"math"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/providers/gtateth"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
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

// Mirror handles the events of Cribbly, Oblic and G-Tateth that report the state
// of one object: "<provider>.<model>.<verb>".
func (l *Latest) Mirror(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	model, verb := cutLast(e.Type)
	read := readProtocol
	if e.Provider() == "g-tateth" {
		read = readGTateth
	}
	object, err := read(e.Data, model, verb)
	if err != nil {
		return nil, webhook.Permanent(err.Error())
	}
	record := records.Record{Kind: model, ID: cmp.Or(object.id, e.ID), Time: e.Time, Data: object.data}
	if verb == "deleted" {
		record.Version, record.Deleted, record.Data = math.MaxInt64, true, nil
	} else if record.Version, err = l.version(ctx, e, verb, object.changed); err != nil {
		return nil, err
	}
	if err := l.put(ctx, record); err != nil || object.conversation == "" {
		return nil, err
	}
	return nil, l.put(ctx, records.Record{Kind: MessagesOf(model, object.conversation), ID: record.ID, Version: 1,
		Time: cmp.Or(object.created, e.Time), Data: []byte("{}")})
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

// stage says how far an object has come; what is not here is 1.
var stage = map[string]int64{"created": 0, "initiated": 0, "ringing": 1, "answered": 2, "completed": 3, "failed": 3}

// version is stage and time in one number: Unix microseconds need 51 bits for
// some decades to come.
func (l *Latest) version(ctx context.Context, e webhook.Event, verb string, changed time.Time) (int64, error) {
	at, err := changed, error(nil)
	if at.IsZero() {
		at, err = l.arrival(ctx, e)
	}
	far, known := stage[verb]
	if !known {
		far = 1
	}
	return far<<56 + at.UnixMicro(), err
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

// object is what every mirrored model has.
type object struct {
	id               string
	changed, created time.Time // zero where the platform does not say
	conversation     string    // of a message, where it says
	data             strict.Raw
}

// readProtocol reads the dialect of Cribbly and Oblic: Unix seconds. Only
// messages have times that say when they changed. Nothing says what a deletion
// carries, so of one only the id is read.
func readProtocol(body []byte, model, verb string) (object, error) {
	var payload struct {
		ID string `json:"id" strict:"nonempty"`
	}
	var message struct {
		Conversation string `json:"conversation_id"`
		CreatedAt    int64  `json:"created_at"`
		ReadAt       int64  `json:"read_at"`
		UpdatedAt    int64  `json:"updated_at"`
	}
	raw, err := payloadOf(body)
	if err != nil {
		return object{}, err
	}
	err = strict.Unmarshal(raw, &payload)
	if isMessage(model) && verb != "deleted" {
		err = cmp.Or(err, strict.Unmarshal(raw, &message))
	}
	return object{
		id: payload.ID, data: raw, conversation: message.Conversation, created: fromUnix(message.CreatedAt),
		changed: fromUnix(max(message.CreatedAt, message.ReadAt, message.UpdatedAt)),
	}, err
}

// fromUnix takes a time that nobody can mean for one that is not given: after
// 2200 it would pass for the next stage, or not fit into a store.
func fromUnix(seconds int64) time.Time {
	if at := time.Unix(seconds, 0); seconds > 0 && at.Year() <= 2200 {
		return at
	}
	return time.Time{}
}

// readGTateth reads G-Tateth's envelope: ISO 8601 times, calls with an id of
// their own. What names a call elsewhere, a message about it, is no other's id.
func readGTateth(body []byte, model, _ string) (object, error) {
	var whole struct {
		Timestamp string     `json:"timestamp"`
		Data      strict.Raw `json:"data" strict:"required"`
	}
	var data struct {
		ID        string `json:"_id"`
		UpdatedAt string `json:"updatedAt"`
	}
	var call struct {
		ID string `json:"callId"`
	}
	var message struct {
		Conversation gtateth.Ref `json:"conversationId"`
		CreatedAt    string      `json:"createdAt"`
	}
	if err := strict.Unmarshal(body, &whole); err != nil {
		return object{}, err
	}
	err := strict.Unmarshal(whole.Data, &data)
	o := object{changed: parseTime(cmp.Or(data.UpdatedAt, whole.Timestamp)), data: whole.Data}
	switch {
	case model == "g-tateth.call":
		err = cmp.Or(err, strict.Unmarshal(whole.Data, &call))
	case isMessage(model):
		err = cmp.Or(err, strict.Unmarshal(whole.Data, &message))
		o.conversation, o.created = message.Conversation.ID, parseTime(cmp.Or(message.CreatedAt, whole.Timestamp))
	}
	o.id = cmp.Or(call.ID, data.ID)
	return o, err
}

// parseTime does the same for a time that is a text.
func parseTime(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 1970 || at.Year() > 2200 {
		return time.Time{}
	}
	return at
}

// cutLast splits "cribbly.contact.updated" into "cribbly.contact" and "updated".
func cutLast(eventType string) (model, verb string) {
	dot := strings.LastIndexByte(eventType, '.')
	return eventType[:dot], eventType[dot+1:]
}

// mirrored lists the events Mirror handles.
var mirrored = func() (types []string) {
	for _, provider := range []string{"cribbly", "oblic"} {
		for _, model := range []string{"contact", "conversation", "message", "group", "attachment"} {
			for _, verb := range []string{"created", "updated", "deleted"} {
				types = append(types, provider+"."+model+"."+verb)
			}
		}
	}
	for _, event := range []string{
		"conversation.created", "conversation.updated", "conversation.assigned", "conversation.closed",
		"customer.created", "customer.updated", "message.sent", "message.received", "user.created", "user.updated",
		"call.initiated", "call.ringing", "call.answered", "call.completed", "call.failed", "call.recording.available",
	} {
		types = append(types, "g-tateth."+event)
	}
	return types
}()
