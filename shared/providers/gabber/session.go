package gabber

import (
	"cmp"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/strict"
)

// StateChanged says that a session has moved on. It is the place to attach a
// human to a telephone call, or to change the session.
type StateChanged struct {
	envelope.Private
	Previous *Previous `json:"previous_realtime_session" strict:"typed"` // nil when the session is new
	Current  Session   `json:"current_realtime_session" strict:"required"`
}

// Previous is what a session was. Nothing but its state is read, and older forms
// may lack that as well.
type Previous struct {
	envelope.Private
	State string
}

// UnmarshalStrict reads the state.
func (p *Previous) UnmarshalStrict(raw []byte) error {
	var session struct {
		State string `json:"state"`
	}
	err := strict.Unmarshal(raw, &session)
	p.State = session.State
	return err
}

// Session is one conversation. Older forms have nothing but id and state.
type Session struct {
	envelope.Private
	ID        string        `json:"id" strict:"nonempty"`
	State     string        `json:"state" strict:"nonempty"` // "not_started", "in_progress", "ended"; older: "time_limit_exceeded"
	CreatedAt string        `json:"created_at"`              // RFC 3339, here and below
	EndedAt   string        `json:"ended_at"`
	Project   string        `json:"project"`
	Human     string        `json:"human" strict:"typed"`
	Simulated bool          `json:"simulated" strict:"typed"`
	Data      []SessionData `json:"data" strict:"typed"`
	Config    strict.Raw    `json:"config"` // models, voice, tools: deep, and different in every version
	Extra     strict.Raw    `json:"_extra"`
}

// SessionData is one fact about a telephone call. The value of any other fact may
// have any shape and is not read.
type SessionData struct {
	envelope.Private
	Type  string // "caller_phone_number", "agent_phone_number"
	Value string
}

// UnmarshalStrict reads a telephone number.
func (d *SessionData) UnmarshalStrict(raw []byte) error {
	var of struct {
		Type string `json:"type"`
	}
	if err := strict.Unmarshal(raw, &of); err != nil && string(raw) != "null" {
		return err
	}
	if d.Type = of.Type; d.Type != "caller_phone_number" && d.Type != "agent_phone_number" {
		return nil
	}
	var number struct {
		Value string `json:"value"`
	}
	err := strict.Unmarshal(raw, &number)
	d.Value = number.Value
	return err
}

// Check implements [envelope.Payload].
func (s StateChanged) Check() error {
	return cmp.Or(
		envelope.Text("payload.current_realtime_session.id", s.Current.ID, envelope.MaxID),
		envelope.Text("payload.current_realtime_session.state", s.Current.State, envelope.MaxType),
		envelope.Text("payload.previous_realtime_session.state", s.previousState(), envelope.MaxType),
	)
}

// Identity is the session and its move: states only go forward (inferred), so
// no move happens twice.
func (s StateChanged) Identity() []string {
	return []string{s.Current.ID, s.previousState(), s.Current.State}
}

// Group is the session.
func (s StateChanged) Group() string { return s.Current.ID }

func (s StateChanged) previousState() string {
	if s.Previous == nil {
		return ""
	}
	return s.Previous.State
}

// TimeLimitExceeded says that a session ran into its limit. Nothing but the
// session's id is known of it.
type TimeLimitExceeded struct {
	envelope.Private
	Session string `json:"session" strict:"nonempty"`
}

// Check implements [envelope.Payload].
func (t TimeLimitExceeded) Check() error {
	return envelope.Text("payload.session", t.Session, envelope.MaxID)
}

// Identity is the session: its limit is exceeded once (inferred).
func (t TimeLimitExceeded) Identity() []string { return []string{t.Session} }

// Group is the session.
func (t TimeLimitExceeded) Group() string { return t.Session }
