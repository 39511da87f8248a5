package gabber

import "github.com/webhook-functions/template/shared/providers/envelope"

// The kinds of records that are kept of Gabber.
const (
	SessionKind   = "gabber.session"          // a [SessionRecord], by session
	SnapshotKind  = "gabber.session_snapshot" // a [SessionRecord], by session and stage
	MessageKind   = "gabber.message"          // messages as sent; each session has a kind of its own
	TimeLimitKind = "gabber.time_limit"       // {"session"}, by session
	ToolsKind     = "gabber.tool_calls"       // the payload as sent, by batch
	SpeechKind    = "gabber.speech"           // {"state"}, by the event's identity
	DebitKind     = "gabber.debit"            // {"amount"}, by credit, human and key
)

// InProgress is the state of a session that is live.
const InProgress = "in_progress"

// SessionRecord is what is known of one session.
type SessionRecord struct {
	envelope.Private
	ID        string `json:"id"`
	State     string `json:"state"`
	Human     string `json:"human,omitempty"`
	Project   string `json:"project,omitempty"`
	Caller    string `json:"caller,omitempty"` // telephone numbers
	Agent     string `json:"agent,omitempty"`
	CreatedAt string `json:"created_at,omitempty"` // RFC 3339, as sent
	EndedAt   string `json:"ended_at,omitempty"`
	Simulated bool   `json:"simulated,omitempty"`
}
