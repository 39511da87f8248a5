// Package envelope is what the bodies of all platforms have in common: an
// object that names its event type and carries a payload.
//
// A platform writes one [Table], the literal that lists its event types, and
// one function that reads a body into a Go type. [Table.Decode] does the rest:
//
//	var events = envelope.Table{
//		"leads.submit": envelope.Read[LeadsSubmit],
//	}
//
// Bodies are read twice, first for the type and then for the payload. That is
// cheaper than it sounds and it lets a dead letter name its type even where the
// payload is unusable. No error here quotes the body.
package envelope

import (
	"errors"
	"fmt"
	"unicode"

	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Payload is an event with a Go type.
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

// Reader reads the exact bytes of one body and reports members that are unknown
// or of another type than documented; see [strict.UnmarshalReporting].
type Reader func(body []byte, unknown func(path string)) (Payload, error)

// Read is the Reader of a type that maps the whole body.
func Read[P Payload](body []byte, unknown func(path string)) (Payload, error) {
	var p P
	if err := strict.UnmarshalReporting(body, &p, unknown); err != nil {
		return nil, err
	}
	return p, p.Check()
}

// Table lists every event type of a platform that has a Go type.
type Table map[string]Reader

// Decode reads a body whose type is already known. The body of any other type
// must pass opaque, so that a broken envelope never counts as a new event type.
func (t Table) Decode(eventType string, body []byte, opaque Reader) (webhook.Parsed, error) {
	if err := Text("the event type", eventType, MaxType); err != nil {
		return webhook.Parsed{}, err
	}
	parsed := webhook.Parsed{Type: eventType}
	read, known := t[eventType]
	if !known {
		_, err := opaque(body, func(string) {}) // members of any shape: nothing is read
		return parsed, err
	}
	payload, err := read(body, func(path string) { parsed.Unknown = append(parsed.Unknown, path) })
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

// Opaque is the payload of an event type without a Go type: any object.
type Opaque struct{}

// Check finds nothing wrong: nobody knows what would be right.
func (Opaque) Check() error { return nil }

// Identity is none: only the body tells such events apart.
func (Opaque) Identity() []string { return nil }

// Group is nobody we know of.
func (Opaque) Group() string { return "" }
