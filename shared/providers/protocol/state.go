package protocol

import (
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// State implements [webhook.StateReporter]. Nothing says what a deletion carries,
// so of one only the id is read. No model but a message says when it changed.
func (o object) State(body []byte) (webhook.State, error) {
	var whole struct {
		Type    string     `json:"type"`
		Payload strict.Raw `json:"payload" strict:"required"`
	}
	err := strict.Unmarshal(body, &whole)
	_, verb, _ := strings.Cut(whole.Type, ".")
	state := webhook.State{ID: o.ID, Stage: 1, Deleted: verb == deleted, Data: whole.Payload}
	if verb == created {
		state.Stage = 0
	}
	return state, err
}

// State adds the conversation of a message and its times.
func (m message) State(body []byte) (webhook.State, error) {
	state, err := m.object.State(body)
	if err != nil || state.Deleted {
		return state, err
	}
	var read struct {
		Conversation string `json:"conversation_id"`
		CreatedAt    int64  `json:"created_at"`
		ReadAt       int64  `json:"read_at"`
		UpdatedAt    int64  `json:"updated_at"`
	}
	err = strict.Unmarshal(state.Data, &read)
	state.Conversation, state.Created = read.Conversation, fromUnix(read.CreatedAt)
	state.Changed = fromUnix(max(read.CreatedAt, read.ReadAt, read.UpdatedAt))
	return state, err
}

// conversationOf names the conversation of a message.
func conversationOf(data []byte) string {
	var message struct {
		Conversation string `json:"conversation_id"`
	}
	_ = strict.Unmarshal(data, &message) // then it names none
	return message.Conversation
}

// fromUnix gives zero for a time after 2200: no sender can mean it, and stores cannot order it.
func fromUnix(seconds int64) time.Time {
	if at := time.Unix(seconds, 0); seconds > 0 && at.Year() <= 2200 {
		return at
	}
	return time.Time{}
}
