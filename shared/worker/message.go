package worker

import (
	"log/slog"
	"time"
)

// Message is what a queue hands over. Only Body is ours; ID and Receives are
// the queue's and never part of an identity.
type Message struct {
	ID       string
	Body     []byte // an encoded webhook.Event
	Receives int    // how often it was handed over, this time included; a hint
}

// String shows no body.
func (m Message) String() string { return "message " + m.ID }

// GoString is String.
func (m Message) GoString() string { return m.String() }

// LogValue is String.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.String()) }

// Verdict says what the queue should do with one message.
type Verdict struct {
	ID      string        // of the Message
	Ack     bool          // true: acknowledge it; false: retry it
	After   time.Duration // least time before it comes back; 0 leaves it to the queue's back-off
	Outcome string        // one word for people and counters: "charged", "duplicate", "dead", "again"
	Reason  string        // why it is not simply done; quotes no data
}
