package protocol

import (
	"cmp"
	"errors"
	"log/slog"

	"github.com/webhook-functions/template/shared/providers/envelope"
)

// Object is what every model has. The models that embed it differ in fields and
// in whom they concern.
type Object struct {
	envelope.Private
	ID string `json:"id" strict:"typed"`
}

// Check asks for an id in the payload itself. Objects inside it are not asked.
func (o Object) Check() error {
	if o.ID == "" {
		return errors.New("payload.id is missing")
	}
	return envelope.Text("payload.id", o.ID, envelope.MaxID)
}

// Identity is none: see the package comment.
func (Object) Identity() []string { return nil }

// Group is the object itself.
func (o Object) Group() string { return o.ID }

// unknown is the payload of any other event.
type unknown struct{ Object }

// Contact is a person. The short form inside messages and groups has neither
// display name nor conversation.
type Contact struct {
	Object
	Username       string `json:"username"`
	PhoneNumber    string `json:"phone_number"` // free text
	AvatarURL      string `json:"avatar_url"`   // of the sender's choosing: never fetch it
	DisplayName    string `json:"display_name"`
	ConversationID string `json:"conversation_id"`
	LastActiveAt   int64  `json:"last_active_at"`
	CreatedAt      int64  `json:"created_at"`
}

// Conversation is between one contact or one group and the account.
type Conversation struct {
	Object
	ContactID       string `json:"contact_id"`
	GroupID         string `json:"group_id"`
	PinnedMessageID string `json:"pinned_message_id"`
	IsPinned        bool   `json:"is_pinned"`
	IsMuted         bool   `json:"is_muted"`
	LastActiveAt    int64  `json:"last_active_at"`
	LastOpenedAt    int64  `json:"last_opened_at"`
	CreatedAt       int64  `json:"created_at"`
	ArchivedAt      int64  `json:"archived_at"`
}

// Message is one message of a conversation.
type Message struct {
	Object
	ConversationID string       `json:"conversation_id"`
	Contact        *Contact     `json:"contact"`
	Text           string       `json:"message"`
	Reactions      []Reaction   `json:"reactions"`
	Attachments    []Attachment `json:"attachments"`
	ReadAt         int64        `json:"read_at"`
	CreatedAt      int64        `json:"created_at"`
	UpdatedAt      int64        `json:"updated_at"`
}

// Reaction maps the name of one reaction to the usernames that reacted so.
type Reaction map[string][]string

// String shows nobody.
func (Reaction) String() string { return envelope.Private{}.String() }

// GoString shows nobody.
func (Reaction) GoString() string { return envelope.Private{}.String() }

// LogValue shows nobody.
func (Reaction) LogValue() slog.Value { return envelope.Private{}.LogValue() }

// Group is several contacts with one conversation.
type Group struct {
	Object
	Name           string    `json:"name"`
	Description    string    `json:"description"`
	AvatarURL      string    `json:"avatar_url"`
	ConversationID string    `json:"conversation_id"`
	Contacts       []Contact `json:"contacts"`
	CreatedAt      int64     `json:"created_at"`
	ArchivedAt     int64     `json:"archived_at"`
}

// Attachment is a file of a message.
type Attachment struct {
	Object
	MessageID string `json:"message_id"`
	Filename  string `json:"filename"`
	FileURL   string `json:"file_url"`
	FileType  string `json:"file_type"` // MIME type
	FileSize  int64  `json:"file_size"` // bytes
	CreatedAt int64  `json:"created_at"`
}

// ParseContact reads the body of any contact event; the event's type has the verb.
func ParseContact(body []byte) (Contact, error) { return envelope.As[Contact](Decode(body)) }

// ParseConversation reads the body of any conversation event.
func ParseConversation(body []byte) (Conversation, error) {
	return envelope.As[Conversation](Decode(body))
}

// ParseMessage reads the body of any message event.
func ParseMessage(body []byte) (Message, error) { return envelope.As[Message](Decode(body)) }

// ParseGroup reads the body of any group event.
func ParseGroup(body []byte) (Group, error) { return envelope.As[Group](Decode(body)) }

// ParseAttachment reads the body of any attachment event.
func ParseAttachment(body []byte) (Attachment, error) { return envelope.As[Attachment](Decode(body)) }

// Group is the conversation.
func (m Message) Group() string { return cmp.Or(m.ConversationID, m.ID) }

// Group is the conversation.
func (g Group) Group() string { return cmp.Or(g.ConversationID, g.ID) }

// Group is the message.
func (a Attachment) Group() string { return cmp.Or(a.MessageID, a.ID) }
