package worker

import (
	"log/slog"
	"time"
)

// Message is what a queue delivers. ID and Receives are the queue's and never part
// of an identity.
type Message struct {
	ID       string
	Body     []byte // an encoded webhook.Event
	Receives int    // deliveries so far, this one included; a hint
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
	After   time.Duration // least time before the retry; 0 leaves it to the queue's back-off
	Outcome string        // one word for the log and the counters: "charged", "duplicate", "dead" (letter), "again" (retry)
	Reason  string        // of a retry or a dead letter; quotes no data
}
