package webhook

import (
	"log/slog"
	"time"
)

// UsageReporter is implemented by a payload that reports usage. It is asked of the
// Go type in [Provider.Events]: every event of that type is charged.
type UsageReporter interface {
	// Usage gives what was used. The event is a dead letter if it fails; Type is
	// filled even then.
	Usage() (Usage, error)
}

// Usage is what was used and by whom.
type Usage struct {
	ID        string // the platform's own id of the usage, may be empty
	Whom      string // whom to charge, byte for byte; empty: the platform does not say
	Project   string // empty where the platform has no projects
	Session   string // the conversation it belongs to, may be empty
	Type      string // as the price list names it: "conversational_seconds"
	Value     string // an exact decimal as the platform wrote it, never negative
	Simulated bool   // the event calls itself simulated

	// Key makes the identity of the entry in the ledger: [Identity] of the platform and
	// Key. Empty: the entry has the event's own identity.
	Key []string
	// Meaning are the values that must be the same whenever the identity is; the
	// entry's fingerprint is made of them. Numbers are in their canonical form.
	Meaning []string
}

// StateReporter is implemented by a payload that is the latest state of one
// object. Its event type is "<model>.<verb>"; the record's kind is the
// platform's name and the model.
type StateReporter interface {
	// State reads the body that the payload was decoded from. The event is a dead
	// letter if it fails.
	State(body []byte) (State, error)
}

// State is the latest state of one object.
type State struct {
	ID           string    // of the object; empty: the event's identity stands for it
	Stage        int       // 0 to 100: how far the object has come; an earlier stage never replaces a later one
	Changed      time.Time // when the object changed; zero: the time of arrival counts
	Deleted      bool      // for good
	Conversation string    // of a message: the conversation it belongs to
	Created      time.Time // of a message: when it was written; zero: the time of arrival counts
	Data         []byte    // JSON, as sent
}

// String shows no person.
func (Usage) String() string { return "[usage]" }

// GoString is String.
func (u Usage) GoString() string { return u.String() }

// LogValue is String.
func (u Usage) LogValue() slog.Value { return slog.StringValue(u.String()) }

// String shows no data.
func (State) String() string { return "[state]" }

// GoString is String.
func (s State) GoString() string { return s.String() }

// LogValue is String.
func (s State) LogValue() slog.Value { return slog.StringValue(s.String()) }
