// Package envelope is what the bodies of all platforms have in common: an
// object that names its event type and carries a payload.
//
// A platform exports one [Platform]. It writes one [Table], the literal that lists
// its event types, and one function that reads a body into a Go type.
// [Table.Decode] does the rest:
//
//	var events = envelope.Table{
//		"leads.submit": envelope.Whole[LeadsSubmit](),
//	}
//
// Bodies are checked once and read twice, first for the type and then for the
// payload: a dead letter names its type even where the payload is unusable. No
// error here quotes the body.
package envelope

import (
	"errors"
	"fmt"
	"time"
	"unicode"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Platform is all that is known of one platform: what ingest needs, and how it
// signs.
type Platform struct {
	webhook.Provider
	Scheme signature.Scheme
}

// Payload is an event with a Go type. It may report usage
// ([webhook.UsageReporter]) or latest state ([webhook.StateReporter]) as well.
type Payload interface {
	// Check says what is wrong with values whose JSON types are right.
	Check() error
	// Identity gives the signed values that tell this event from every other of
	// its type, nil when only the whole body does.
	Identity() []string
	// Group gives whom the event concerns, for fair queues; may be empty.
	Group() string
}

// Deprecating is a payload with members that its platform wants to drop.
type Deprecating interface {
	// Deprecated names those the body uses, by path.
	Deprecated() []string
}

// Reader reads one body and reports members that are unknown
// or of another type than documented; see [strict.Document.UnmarshalReporting].
type Reader func(body strict.Document, unknown func(path string)) (Payload, error)

// Read is the Reader of a type that maps the whole body.
func Read[P Payload](body strict.Document, unknown func(path string)) (Payload, error) {
	var p P
	if err := body.UnmarshalReporting(&p, unknown); err != nil {
		return nil, err
	}
	return p, p.Check()
}

// Event is one event type of a platform.
type Event struct {
	Zero Payload
	Read Reader
}

// Whole is the Event of a Go type that maps the whole body.
func Whole[P Payload]() Event { return Event{*new(P), Read[P]} }

// Table lists the event types of a platform that have a Go type.
type Table map[string]Event

// Zeros gives the zero payload of each event type.
func (t Table) Zeros() map[string]any {
	zeros := make(map[string]any, len(t))
	for eventType, event := range t {
		zeros[eventType] = event.Zero
	}
	return zeros
}

// Decode reads a body whose type is already known. The body of any other type
// must pass opaque, so that a broken envelope never counts as a new event type.
func (t Table) Decode(eventType string, body strict.Document, opaque Reader) (webhook.Parsed, error) {
	if err := Text("the event type", eventType, MaxType); err != nil {
		return webhook.Parsed{}, err
	}
	event, known := t[eventType]
	if !known {
		_, err := opaque(body, func(string) {}) // members of any shape: nothing is read
		return webhook.Parsed{Type: eventType}, err
	}
	var unknown []string
	payload, err := event.Read(body, func(path string) { unknown = append(unknown, path) })
	parsed := webhook.Parsed{Type: eventType, Unknown: unknown}
	if err != nil {
		return parsed, err
	}
	parsed.Known, parsed.Payload = true, payload
	parsed.Identity, parsed.Group = payload.Identity(), payload.Group()
	if old, ok := payload.(Deprecating); ok {
		parsed.Deprecated = old.Deprecated()
	}
	return parsed, nil
}

// As gives what a decoder found its Go type: envelope.As[Lead](Decode(body)).
func As[P Payload](parsed webhook.Parsed, err error) (P, error) {
	payload, ok := parsed.Payload.(P)
	if err == nil && !ok {
		err = errors.New("the body is of another event type")
	}
	return payload, err
}

// Limits in bytes, ours: no platform documents any.
const (
	MaxType = 128
	MaxID   = 256 // ids and names of accounts; they become keys of stores with limits of their own
)

// Text refuses what no id needs and what could forge a log line: control
// characters (C0, DEL, C1) and more than limit bytes.
func Text(name, value string, limit int) error {
	if len(value) > limit {
		return fmt.Errorf("%s is longer than %d bytes", name, limit)
	}
	for _, r := range value {
		if unicode.IsControl(r) {
			return fmt.Errorf("%s contains a control character", name)
		}
	}
	return nil
}

// Time reads an ISO 8601 time. One outside 1970 to 2200 is zero: no sender can
// mean it, and stores cannot order it.
func Time(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 1970 || at.Year() > 2200 {
		return time.Time{}
	}
	return at
}

// Opaque is the payload of an event type without a Go type: any object.
type Opaque struct{}

// Check finds nothing wrong: what would be right is not documented.
func (Opaque) Check() error { return nil }

// Identity is none: only the body tells such events apart.
func (Opaque) Identity() []string { return nil }

// Group is unknown.
func (Opaque) Group() string { return "" }
