// Package gabber reads the webhooks of Gabber's API v1 (2025): voice sessions,
// the usage they cause, the tools they call.
//
// A body is {"type": ..., "payload": {...}} and nothing else: no event id, no
// timestamp. A handler reads a body with envelope.As[StateChanged](Decode(body)).
// Sources, and how far to trust them:
//
//   - documented: signature header, algorithm and encoding, three retries
//     (docs.gabber.dev/webhooks); how seconds are counted (docs.gabber.dev/metering)
//   - in the vendor's generated clients (TypeScript, Python, Swift): the six
//     event types, their fields, which of them are required
//   - inferred: which fields identify an event; that a retry repeats the bytes
//
// The engine Gabber published in July 2025 sends none of these events, and no
// source says whether today's cloud still does. Since December 2025 that engine
// calls tools by POST, {"tool_name": ..., "parameters": {...}} with a header
// x-run-id and without a signature: at this route such a call is refused as any
// unsigned delivery is. Answer it in a service of your own, where you know the
// caller by other means.
//
// The clients require more fields than this package. A rule in a field's tag says
// that an identity or a reaction depends on it; any other field takes any value,
// because a member that is not read must not cost an event.
package gabber

import (
	"net/http"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Platform answers with the statuses of Gabber's example app. The scheme is
// documented. The secret is the API key chosen for the webhook in Gabber's
// dashboard, so it is a full API credential as well. G-Tateth uses the same
// header name: a header never tells who sent a request.
var Platform = envelope.Platform{
	Scheme: signature.Scheme{Header: header, Algorithm: signature.SHA256, Encoding: signature.Hex},
	Provider: webhook.Provider{
		Name:            "gabber",
		SignatureHeader: header,
		MissingStatus:   http.StatusBadRequest,
		MismatchStatus:  http.StatusForbidden,
		Decode:          Decode,
		Events:          events.Zeros(),
	},
}

const header = "X-Webhook-Signature"

// events is every event type of the newest known API description (April 2025).
var events = envelope.Table{
	"usage.tracked":                        event[usageTracked](),
	"tool.calls_started":                   event[ToolCallsStarted](),
	"tool.calls_finished":                  event[ToolCallsFinished](),
	"realtime_session.state_changed":       event[StateChanged](),
	"realtime_session.message_committed":   event[MessageCommitted](),
	"realtime_session.time_limit_exceeded": event[TimeLimitExceeded](),
}

// Decode is the [webhook.Decoder] of Gabber.
func Decode(body []byte) (webhook.Parsed, error) {
	var head struct {
		Type string `json:"type" strict:"nonempty"`
	}
	doc := strict.Parse(body)
	if err := doc.Unmarshal(&head); err != nil {
		return webhook.Parsed{}, err
	}
	return events.Decode(head.Type, doc, read[envelope.Opaque])
}

func event[P envelope.Payload]() envelope.Event {
	return envelope.Event{Zero: *new(P), Read: read[P]}
}

func read[P envelope.Payload](body strict.Document, unknown func(path string)) (envelope.Payload, error) {
	var whole struct {
		Type    string `json:"type"`
		Payload P      `json:"payload" strict:"required"`
	}
	if err := body.UnmarshalReporting(&whole, unknown); err != nil {
		return nil, err
	}
	return whole.Payload, whole.Payload.Check()
}

// Payload gives the payload of a body, as sent.
func Payload(body []byte) (strict.Raw, error) {
	var whole struct {
		Payload strict.Raw `json:"payload" strict:"required"`
	}
	err := strict.Unmarshal(body, &whole)
	return whole.Payload, err
}
