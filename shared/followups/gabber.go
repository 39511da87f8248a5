package followups

import "github.com/webhook-functions/template/shared/providers/envelope"

// The types of events about sessions.
const (
	SpeechRequested = "session.speech.requested" // data: [SpeechRequest]; a text is to be spoken into a session
	HumanFound      = "session.human.found"      // data: [SessionHuman]; the human of a session is known
)

var gabberTypes = []string{SpeechRequested, HumanFound}

// SpeechRequest is one text for one session.
type SpeechRequest struct {
	envelope.Private
	Session string `json:"session"`
	Text    string `json:"text"`
	Group   string `json:"group"` // the batch of tool calls it is about
}

// SessionHuman says whose session it is.
type SessionHuman struct {
	envelope.Private
	Session string `json:"session"`
	Human   string `json:"human"`
}
