// Package gtateth reads the webhooks of G-Tateth: conversations, customers,
// messages, users and telephone calls.
//
// A body is {"event": ..., "timestamp": ..., "data": {...}}, without an id.
// Sources (docs.g-tateth.com), and how far to trust them:
//
//   - documented: header name, envelope, sixteen event names, retries, an
//     answer within five seconds, one example (conversation.created)
//   - inferred: conversation and customer, from the objects of the REST API
//   - guess: message, user and call, and the signature, see [Scheme]
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

// Scheme is an assumption but for the header's name: the vendor's samples of
// the computation could not be read. If a real delivery is refused, change it by
// configuration (G_TATETH_SIGNATURE_ALGORITHM, _ENCODING, _PREFIX), never by
// leaving the check out.
var Scheme = signature.Scheme{
	Header:    "X-Webhook-Signature",
	Algorithm: signature.SHA256,
	Encoding:  signature.Hex,
	Prefix:    "sha256=",
}

// Provider answers with the documented statuses.
var Provider = webhook.Provider{
	Name:            "g-tateth",
	SignatureHeader: Scheme.Header,
	MissingStatus:   http.StatusUnauthorized,
	MismatchStatus:  http.StatusUnauthorized,
	Decode:          Decode,
}

// events is the list of the vendor's guide. The API reference lists other ones
// (no call.ringing, no user events), so expect types that are not here.
var events = envelope.Table{
	"conversation.created":     envelope.Read[Event[Conversation]],
	"conversation.updated":     envelope.Read[Event[Conversation]],
	"conversation.assigned":    envelope.Read[Event[Conversation]],
	"conversation.closed":      envelope.Read[Event[Conversation]],
	"customer.created":         envelope.Read[Event[Customer]],
	"customer.updated":         envelope.Read[Event[Customer]],
	"message.sent":             envelope.Read[Event[Message]],
	"message.received":         envelope.Read[Event[Message]],
	"user.created":             envelope.Read[Event[User]],
	"user.updated":             envelope.Read[Event[User]],
	"call.initiated":           envelope.Read[Event[Call]],
	"call.ringing":             envelope.Read[Event[Call]],
	"call.answered":            envelope.Read[Event[Call]],
	"call.completed":           envelope.Read[Event[Call]],
	"call.failed":              envelope.Read[Event[Call]],
	"call.recording.available": envelope.Read[Event[Call]],
}

// Decode is the [webhook.Decoder] of G-Tateth.
func Decode(body []byte) (webhook.Parsed, error) {
	var head struct {
		Type string `json:"event" strict:"nonempty"`
	}
	if err := strict.Unmarshal(body, &head); err != nil {
		return webhook.Parsed{}, err
	}
	return events.Decode(head.Type, body, envelope.Read[other])
}

// other is an event of a type that is not in the list: an object with data.
type other struct {
	envelope.Opaque
	Data envelope.Opaque `json:"data" strict:"required"`
}

// Event is the envelope around every model.
type Event[M Model] struct {
	envelope.Private
	Type      string `json:"event"`
	Timestamp string `json:"timestamp" strict:"typed"` // ISO 8601; of the event or of the sending is not documented
	Data      M      `json:"data" strict:"required"`
}

// Model is what an event is about.
type Model interface {
	id() string
	updated() string
	group() string
}

// Check implements [envelope.Payload].
func (e Event[M]) Check() error {
	return cmp.Or(
		envelope.Text("data._id", e.Data.id(), envelope.MaxID),
		envelope.Text("data.updatedAt", e.Data.updated(), envelope.MaxID),
		envelope.Text("timestamp", e.Timestamp, envelope.MaxID),
	)
}

// Identity is the object and the moment it changed; the timestamp stands in for
// that moment, although it may be new in every retry. With either of the two
// unknown, only the body tells events apart.
func (e Event[M]) Identity() []string {
	moment := cmp.Or(e.Data.updated(), e.Timestamp)
	if e.Data.id() == "" || moment == "" {
		return nil
	}
	return []string{e.Data.id(), moment}
}

// Group is the conversation, or the object itself.
func (e Event[M]) Group() string { return cmp.Or(e.Data.group(), e.Data.id()) }
