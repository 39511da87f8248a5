// Package protocol reads the webhooks of platforms whose documentation is made
// from the "Protocol" docs template: Cribbly and Oblic. One dialect, so one
// implementation; [Platform] makes a platform of a name and a header.
//
// A body is {"id": ..., "type": "<model>.<verb>", "payload": {...}}: five models,
// three verbs. The header names are documented by each vendor, and so are the
// fields of conversation and message (Oblic) and of message and group (Cribbly);
// the other fields stand in the template only. Both webhook pages are the
// template's demo text with another name in it, and nothing proves that either
// vendor sends what they say. Check a real delivery before relying on this.
//
// The envelope's id identifies nothing one could rely on: both vendors print the
// same one on two different events. Events are told apart by their bytes.
//
// Only payload.id is required, because nothing says what a *.deleted carries.
// Null, absent and a value of another type read as the zero value. Times are Unix seconds, 0 for none.
package protocol

import (
	"net/http"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Platform makes a platform that speaks the dialect. SHA-256 and hex are
// documented. That the whole body is signed is inferred; the docs say "request
// payload".
func Platform(name, header string) envelope.Platform {
	return envelope.Platform{
		Scheme: signature.Scheme{Header: header, Algorithm: signature.SHA256, Encoding: signature.Hex},
		Provider: webhook.Provider{
			Name:            name,
			SignatureHeader: header,
			MissingStatus:   http.StatusUnauthorized,
			MismatchStatus:  http.StatusUnauthorized,
			Decode:          Decode,
			Events:          events.Zeros(),
			Conversation:    conversationOf,
		},
	}
}

// events is every event type of the dialect.
var events = func() envelope.Table {
	table := envelope.Table{}
	for model, event := range map[string]envelope.Event{
		"contact":      event[contact](),
		"conversation": event[conversation](),
		"message":      event[message](),
		"group":        event[group](),
		"attachment":   event[attachment](),
	} {
		for _, verb := range []string{created, updated, deleted} {
			table[model+"."+verb] = event
		}
	}
	return table
}()

const created, updated, deleted = "created", "updated", "deleted"

// Decode is the [webhook.Decoder] of the dialect.
func Decode(body []byte) (webhook.Parsed, error) {
	var head struct {
		Type string `json:"type" strict:"nonempty"`
	}
	doc := strict.Parse(body)
	if err := doc.Unmarshal(&head); err != nil {
		return webhook.Parsed{}, err
	}
	return events.Decode(head.Type, doc, read[object])
}

func event[P envelope.Payload]() envelope.Event {
	return envelope.Event{Zero: *new(P), Read: read[P]}
}

func read[P envelope.Payload](body strict.Document, unknown func(path string)) (envelope.Payload, error) {
	var whole struct {
		ID      string `json:"id"` // nothing depends on it
		Type    string `json:"type"`
		Payload P      `json:"payload" strict:"required"`
	}
	if err := body.UnmarshalReporting(&whole, unknown); err != nil {
		return nil, err
	}
	return whole.Payload, whole.Payload.Check()
}
