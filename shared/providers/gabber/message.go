package gabber

import (
	"cmp"

	"github.com/webhook-functions/template/shared/providers/envelope"
)

// MessageCommitted says that a person or a model has finished a message.
type MessageCommitted struct {
	envelope.Private
	SessionID string  `json:"realtime_session_id" strict:"typed"` // read Session instead
	Message   Message `json:"message" strict:"required"`
}

// Message is one entry of a session's context.
type Message struct {
	envelope.Private
	ID              string        `json:"id" strict:"nonempty"`
	Role            string        `json:"role"`                      // "assistant", "system", "user", "tool"
	CreatedAt       string        `json:"created_at" strict:"typed"` // RFC 3339, here and below
	SpeakingStarted string        `json:"speaking_started_at"`
	SpeakingEnded   string        `json:"speaking_ended_at"`
	Session         string        `json:"realtime_session" strict:"typed"`
	Content         []Content     `json:"content"` // empty for a turn that only calls tools
	ToolCalls       []MessageCall `json:"tool_calls"`
}

// Content is one part of a message.
type Content struct {
	envelope.Private
	Type string `json:"type"` // "text"
	Text string `json:"text"`
}

// MessageCall is a tool call inside a message; the tool events describe it better.
type MessageCall struct {
	envelope.Private
	ID       string   `json:"id"`
	Type     string   `json:"type"` // "function", "gabber_tool"
	Function Function `json:"function"`
}

// Session is the session's id, whichever of its two optional places has it.
func (m MessageCommitted) Session() string { return cmp.Or(m.SessionID, m.Message.Session) }

// Check implements [envelope.Payload].
func (m MessageCommitted) Check() error {
	return cmp.Or(
		envelope.Text("payload.message.id", m.Message.ID, envelope.MaxID),
		envelope.Text("payload.realtime_session_id", m.SessionID, envelope.MaxID),
		envelope.Text("payload.message.realtime_session", m.Message.Session, envelope.MaxID),
	)
}

// Identity is the message's id.
func (m MessageCommitted) Identity() []string { return []string{m.Message.ID} }

// Group is the session.
func (m MessageCommitted) Group() string { return m.Session() }
