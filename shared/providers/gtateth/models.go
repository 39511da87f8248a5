package gtateth

import (
	"cmp"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/strict"
)

// object is what every model has.
type object struct {
	envelope.Private
	ID        string `json:"_id" strict:"typed"`
	CreatedAt string `json:"createdAt"` // ISO 8601, as is every time here
	UpdatedAt string `json:"updatedAt" strict:"typed"`
}

func (o object) id() string      { return o.ID }
func (o object) updated() string { return o.UpdatedAt }
func (o object) group() string   { return o.ID }

// conversation is partly documented: the fields up to CustomerID stand in the
// vendor's example, the others in the REST reference.
type conversation struct {
	object
	Subject    string   `json:"subject"`
	Status     string   `json:"status"`  // "open", "closed", "pending"
	Channel    string   `json:"channel"` // "email", …
	CustomerID ref      `json:"customerId"`
	AssignedTo ref      `json:"assignedTo"`
	InboxID    ref      `json:"inboxId"`
	Priority   string   `json:"priority"` // "low", "medium", "high", "urgent"
	Labels     []string `json:"labels"`
}

// customer is inferred from the REST reference.
type customer struct {
	object
	Profile      profile    `json:"profile"`
	Tier         string     `json:"tier"`   // "bronze", "silver", "gold", "platinum"
	Status       string     `json:"status"` // "active", "inactive", "archived"
	Tags         []string   `json:"tags"`
	CustomFields strict.Raw `json:"customFields"` // your own
}

// profile says who a customer is.
type profile struct {
	envelope.Private
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Email     string `json:"email"`
	Phone     string `json:"phone"`
	Company   string `json:"company"`
	JobTitle  string `json:"jobTitle"`
}

// message is a guess from the widget API.
type message struct {
	object
	ConversationID ref        `json:"conversationId" strict:"typed"`
	CustomerID     ref        `json:"customerId"`
	SenderID       ref        `json:"senderId"`
	Text           string     `json:"text"`
	Direction      string     `json:"direction"` // "inbound", "outbound"
	Channel        string     `json:"channel"`
	Status         string     `json:"status"`
	Attachments    strict.Raw `json:"attachments"` // shape unknown
}

// user is a guess: a member of your own team.
type user struct {
	object
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Email     string `json:"email"`
	Role      string `json:"role"`
	IsActive  bool   `json:"isActive"`
}

// call is a guess from the API that starts calls.
type call struct {
	object
	CallID           string        `json:"callId" strict:"typed"`
	ConversationID   ref           `json:"conversationId"`
	CustomerID       ref           `json:"customerId" strict:"typed"`
	AgentID          ref           `json:"agentId"`
	CustomerPhone    string        `json:"customerPhone"` // E.164
	Status           string        `json:"status"`
	Reason           string        `json:"reason"`   // of a failed call
	Duration         strict.Number `json:"duration"` // seconds
	RecordingEnabled bool          `json:"recordingEnabled"`
	RecordingURL     string        `json:"recordingUrl"` // a secret while it is valid
	AnsweredAt       string        `json:"answeredAt"`
	EndedAt          string        `json:"endedAt"`
}

func (m message) group() string { return m.ConversationID.ID }
func (c call) group() string    { return c.ConversationID.ID }
func (c call) id() string       { return cmp.Or(c.CallID, c.ID) }
