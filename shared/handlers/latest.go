package handlers

import (
	"cmp"
	"context"
	"math"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Latest keeps what platforms report about contacts, conversations, messages,
// customers and calls as latest state: late, repeated and reordered events end in
// the same records.
type Latest struct {
	Records records.Store
}

// Mirror handles the events of Cribbly, Oblic and G-Tateth that report the state
// of one object: "<provider>.<model>.<verb>".
func (l *Latest) Mirror(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	read := readProtocol
	if e.Provider() == "g-tateth" {
		read = readGTateth
	}
	object, err := read(e.Data)
	if err != nil {
		return nil, webhook.Permanent(err.Error())
	}
	model, verb := cutLast(e.Type)
	record := records.Record{
		Kind:    model,
		ID:      cmp.Or(object.id, e.ID),
		Version: object.changed.UnixMicro(),
		Time:    e.Time,
		Data:    object.data,
	}
	if object.changed.IsZero() {
		record.Version = e.Time.UnixMicro()
	}
	if verb == "deleted" { // for good: no later update brings it back
		record.Version, record.Deleted, record.Data = math.MaxInt64, true, nil
	}
	return nil, l.put(ctx, record)
}

func (l *Latest) put(ctx context.Context, r records.Record) error {
	_, err := l.Records.Put(ctx, r) // an older state that was not stored is as good as stored
	return err
}

// object is what every mirrored model has.
type object struct {
	id      string
	changed time.Time // zero where the platform does not say
	data    strict.Raw
}

// readProtocol reads the dialect of Cribbly and Oblic: Unix seconds, and only
// messages say when they changed.
func readProtocol(body []byte) (object, error) {
	var whole struct {
		Payload strict.Raw `json:"payload" strict:"required"`
	}
	var payload struct {
		ID        string `json:"id" strict:"nonempty"`
		UpdatedAt int64  `json:"updated_at"`
	}
	if err := strict.Unmarshal(body, &whole); err != nil {
		return object{}, err
	}
	if err := strict.Unmarshal(whole.Payload, &payload); err != nil {
		return object{}, err
	}
	o := object{id: payload.ID, data: whole.Payload}
	if payload.UpdatedAt > 0 {
		o.changed = time.Unix(payload.UpdatedAt, 0)
	}
	return o, nil
}

// readGTateth reads G-Tateth's envelope: ISO 8601 times, calls with an id of
// their own. A time that cannot be read counts as not given.
func readGTateth(body []byte) (object, error) {
	var whole struct {
		Timestamp string     `json:"timestamp"`
		Data      strict.Raw `json:"data" strict:"required"`
	}
	var data struct {
		ID        string `json:"_id"`
		CallID    string `json:"callId"`
		UpdatedAt string `json:"updatedAt"`
	}
	if err := strict.Unmarshal(body, &whole); err != nil {
		return object{}, err
	}
	if err := strict.Unmarshal(whole.Data, &data); err != nil {
		return object{}, err
	}
	changed, err := time.Parse(time.RFC3339, cmp.Or(data.UpdatedAt, whole.Timestamp))
	if err != nil {
		changed = time.Time{}
	}
	return object{id: cmp.Or(data.CallID, data.ID), changed: changed, data: whole.Data}, nil
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
