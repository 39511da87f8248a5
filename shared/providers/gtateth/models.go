package gtateth

import (
	"cmp"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/strict"
)

// Object is what every model has.
type Object struct {
	envelope.Private
	ID        string `json:"_id" strict:"typed"`
	CreatedAt string `json:"createdAt"` // ISO 8601, as is every time here
	UpdatedAt string `json:"updatedAt" strict:"typed"`
}

func (o Object) id() string      { return o.ID }
func (o Object) updated() string { return o.UpdatedAt }
func (o Object) group() string   { return o.ID }

// Conversation is partly documented: the fields up to CustomerID stand in the
// vendor's example, the others in the REST reference.
type Conversation struct {
	Object
	Subject    string   `json:"subject"`
	Status     string   `json:"status"`  // "open", "closed", "pending"
	Channel    string   `json:"channel"` // "email", …
	CustomerID Ref      `json:"customerId"`
	AssignedTo Ref      `json:"assignedTo"` // nobody: empty
	InboxID    Ref      `json:"inboxId"`
	Priority   string   `json:"priority"` // "low", "medium", "high", "urgent"
	Labels     []string `json:"labels"`
}

// Customer is inferred from the REST reference.
type Customer struct {
	Object
	Profile      Profile    `json:"profile"`
	Tier         string     `json:"tier"`   // "bronze", "silver", "gold", "platinum"
	Status       string     `json:"status"` // "active", "inactive", "archived"
	Tags         []string   `json:"tags"`
	CustomFields strict.Raw `json:"customFields"` // your own
}

// Profile says who a customer is.
type Profile struct {
	envelope.Private
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Email     string `json:"email"`
	Phone     string `json:"phone"`
	Company   string `json:"company"`
	JobTitle  string `json:"jobTitle"`
}

// Message is a guess from the widget API.
type Message struct {
	Object
	ConversationID Ref        `json:"conversationId" strict:"typed"`
	CustomerID     Ref        `json:"customerId"`
	SenderID       Ref        `json:"senderId"`
	Text           string     `json:"text"`
	Direction      string     `json:"direction"` // "inbound", "outbound"
	Channel        string     `json:"channel"`
	Status         string     `json:"status"`
	Attachments    strict.Raw `json:"attachments"` // shape unknown
}

// User is a guess: a member of your own team.
type User struct {
	Object
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Email     string `json:"email"`
	Role      string `json:"role"`
	IsActive  bool   `json:"isActive"`
}

// Call is a guess from the API that starts calls.
type Call struct {
	Object
	CallID           string        `json:"callId" strict:"typed"`
	ConversationID   Ref           `json:"conversationId"`
	CustomerID       Ref           `json:"customerId" strict:"typed"`
	AgentID          Ref           `json:"agentId"`
	CustomerPhone    string        `json:"customerPhone"` // E.164
	Status           string        `json:"status"`
	Reason           string        `json:"reason"`   // of a failed call
	Duration         strict.Number `json:"duration"` // seconds
	RecordingEnabled bool          `json:"recordingEnabled"`
	RecordingURL     string        `json:"recordingUrl"` // a secret while it is valid
	AnsweredAt       string        `json:"answeredAt"`
	EndedAt          string        `json:"endedAt"`
}

func (m Message) group() string { return m.ConversationID.ID }
func (c Call) group() string    { return c.ConversationID.ID }
func (c Call) id() string       { return cmp.Or(c.CallID, c.ID) }

// ParseConversation reads the body of any conversation event.
func ParseConversation(body []byte) (Event[Conversation], error) {
	return envelope.As[Event[Conversation]](Decode(body))
}

// ParseCustomer reads the body of any customer event.
func ParseCustomer(body []byte) (Event[Customer], error) {
	return envelope.As[Event[Customer]](Decode(body))
}

// ParseMessage reads the body of any message event.
func ParseMessage(body []byte) (Event[Message], error) {
	return envelope.As[Event[Message]](Decode(body))
}

// ParseUser reads the body of any user event.
func ParseUser(body []byte) (Event[User], error) {
	return envelope.As[Event[User]](Decode(body))
}

// ParseCall reads the body of any call event.
func ParseCall(body []byte) (Event[Call], error) {
	return envelope.As[Event[Call]](Decode(body))
}
