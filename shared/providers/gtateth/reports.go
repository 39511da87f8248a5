package gtateth

import (
	"cmp"
	"errors"
	"strings"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// stages say how far an object has come; a verb that is not here is stage 1.
var stages = map[string]int{"created": 0, "initiated": 0, "ringing": 1, "answered": 2, "completed": 3, "failed": 3}

// State implements [webhook.StateReporter].
func (e event[M]) State(body []byte) (webhook.State, error) {
	var whole struct {
		Data strict.Raw `json:"data" strict:"required"`
	}
	err := strict.Unmarshal(body, &whole)
	stage, known := stages[e.Type[strings.LastIndexByte(e.Type, '.')+1:]]
	if !known {
		stage = 1
	}
	changed := envelope.Time(cmp.Or(e.Data.updated(), e.Timestamp))
	return webhook.State{ID: e.Data.id(), Stage: stage, Changed: changed, Data: whole.Data}, err
}

// messageEvent is of a message, which belongs to a conversation.
type messageEvent struct{ event[message] }

// State adds the conversation and the time of writing.
func (e messageEvent) State(body []byte) (webhook.State, error) {
	state, err := e.event.State(body)
	if err != nil {
		return state, err
	}
	var read struct {
		CreatedAt string `json:"createdAt"`
	}
	err = strict.Unmarshal(state.Data, &read)
	state.Conversation = e.Data.ConversationID.ID
	state.Created = envelope.Time(cmp.Or(read.CreatedAt, e.Timestamp))
	return state, err
}

// conversationOf names the conversation of a message.
func conversationOf(data []byte) string {
	var message struct {
		Conversation ref `json:"conversationId"`
	}
	_ = strict.Unmarshal(data, &message) // then it names none
	return message.Conversation.ID
}

// recordingAvailable is of a recording. The call's id is not the recording's.
type recordingAvailable struct{ event[call] }

// State has the recording's own id.
func (e recordingAvailable) State(body []byte) (webhook.State, error) {
	state, err := e.event.State(body)
	state.ID = e.Data.ID
	return state, err
}

// completedCall is of a call that is over and can be charged.
type completedCall struct{ event[call] }

// maxCallSeconds is ours: a longer call is taken for a fault of the sender and
// goes to the dead letters, where an operator decides.
const maxCallSeconds = 7 * 24 * 60 * 60

// Usage charges the call's seconds to the customer. A call ends once, so its id
// makes the entry's identity: the event's own rests on a timestamp that may be
// new in every retry, so a call without an id could be charged for each.
func (e completedCall) Usage() (webhook.Usage, error) {
	usage := webhook.Usage{ID: e.Data.id(), Whom: e.Data.CustomerID.ID, Type: "call_seconds", Value: string(e.Data.Duration)}
	if usage.ID == "" {
		return usage, errors.New("data.callId and data._id are missing")
	}
	seconds, err := e.Data.seconds()
	usage.Key = []string{"call.completed", "call", usage.ID}
	usage.Meaning = []string{usage.Whom, seconds.String()}
	return usage, err
}

func (c call) seconds() (strict.Decimal, error) {
	if c.Duration == "" {
		return strict.Decimal{}, errors.New("data.duration is missing or not a number")
	}
	seconds, err := c.Duration.Decimal()
	switch {
	case err != nil:
		return seconds, err
	case seconds.Sign() < 0:
		return seconds, errors.New("data.duration is negative")
	case seconds.Cmp(strict.NewDecimal(maxCallSeconds)) > 0:
		return seconds, errors.New("data.duration is above the limit of one call")
	}
	return seconds, nil
}
