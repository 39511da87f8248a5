// Package gtateth reads the webhooks of G-Tateth: conversations, customers,
// messages, users and telephone calls.
//
// A body is {"event": ..., "timestamp": ..., "data": {...}}, without an id.
// Sources (docs.g-tateth.com), and how far to trust them:
//
//   - documented: header name, envelope, sixteen event names, retries, an
//     answer within five seconds, one example (conversation.created)
//   - inferred: conversation and customer, from the objects of the REST API
//   - guess: message, user and call, and the signature, see [Platform]
//
// Of the envelope event and data are required, of data nothing is. Where a guess
// about a field's type is wrong, the log names the field (DRIFT). Only if an
// identity or a charge depends on the field is the event a dead letter; it can be
// redriven after the correction.
package gtateth

import (
	"cmp"
	"net/http"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Platform answers with the documented statuses. The scheme is an assumption but
// for the header's name: the vendor's samples of the computation could not be
// read. If a real delivery is refused, change it by configuration
// (G_TATETH_SIGNATURE, docs/schemes.md), never by leaving the check out.
var Platform = envelope.Platform{
	Scheme: signature.Scheme{Header: header, Algorithm: signature.SHA256, Encoding: signature.Hex, Prefix: "sha256="},
	Provider: webhook.Provider{
		Name:            "g-tateth",
		SignatureHeader: header,
		MissingStatus:   http.StatusUnauthorized,
		MismatchStatus:  http.StatusUnauthorized,
		Decode:          Decode,
		Events:          events.Zeros(),
		Conversation:    conversationOf,
	},
}

const header = "X-Webhook-Signature"

// events is the list of the vendor's guide. The API reference lists other ones
// (no call.ringing, no user events), so expect types that are not here.
var events = envelope.Table{
	"conversation.created":     envelope.Whole[event[conversation]](),
	"conversation.updated":     envelope.Whole[event[conversation]](),
	"conversation.assigned":    envelope.Whole[event[conversation]](),
	"conversation.closed":      envelope.Whole[event[conversation]](),
	"customer.created":         envelope.Whole[event[customer]](),
	"customer.updated":         envelope.Whole[event[customer]](),
	"message.sent":             envelope.Whole[messageEvent](),
	"message.received":         envelope.Whole[messageEvent](),
	"user.created":             envelope.Whole[event[user]](),
	"user.updated":             envelope.Whole[event[user]](),
	"call.initiated":           envelope.Whole[event[call]](),
	"call.ringing":             envelope.Whole[event[call]](),
	"call.answered":            envelope.Whole[event[call]](),
	"call.completed":           envelope.Whole[completedCall](),
	"call.failed":              envelope.Whole[event[call]](),
	"call.recording.available": envelope.Whole[recordingAvailable](),
}

// Decode is the [webhook.Decoder] of G-Tateth.
func Decode(body []byte) (webhook.Parsed, error) {
	var head struct {
		Type string `json:"event" strict:"nonempty"`
	}
	doc := strict.Parse(body)
	if err := doc.Unmarshal(&head); err != nil {
		return webhook.Parsed{}, err
	}
	return events.Decode(head.Type, doc, envelope.Read[other])
}

// other is an event of a type that is not in the list: an object with data.
type other struct {
	envelope.Opaque
	Data envelope.Opaque `json:"data" strict:"required"`
}

// event is the envelope around every model.
type event[M model] struct {
	envelope.Private
	Type      string `json:"event"`
	Timestamp string `json:"timestamp" strict:"typed"` // ISO 8601; of the event or of the sending is not documented
	Data      M      `json:"data" strict:"required"`
}

// model is what an event is about.
type model interface {
	id() string
	updated() string
	group() string
}

// Check implements [envelope.Payload].
func (e event[M]) Check() error {
	return cmp.Or(
		envelope.Text("data._id", e.Data.id(), envelope.MaxID),
		envelope.Text("data.updatedAt", e.Data.updated(), envelope.MaxID),
		envelope.Text("timestamp", e.Timestamp, envelope.MaxID),
	)
}

// Identity is the object and the moment it changed; the timestamp stands in for
// that moment, although it may be new in every retry. With either of the two
// unknown, only the body tells events apart.
func (e event[M]) Identity() []string {
	moment := cmp.Or(e.Data.updated(), e.Timestamp)
	if e.Data.id() == "" || moment == "" {
		return nil
	}
	return []string{e.Data.id(), moment}
}

// Group is the conversation, or the object itself.
func (e event[M]) Group() string { return cmp.Or(e.Data.group(), e.Data.id()) }
