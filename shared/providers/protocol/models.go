package protocol

import (
	"cmp"
	"errors"

	"github.com/webhook-functions/template/shared/providers/envelope"
)

// object is what every model has. The models that embed it differ in fields and
// in whom they concern.
type object struct {
	envelope.Private
	ID string `json:"id" strict:"typed"`
}

// Check asks for an id in the payload itself. Objects inside it are not asked.
func (o object) Check() error {
	if o.ID == "" {
		return errors.New("payload.id is missing")
	}
	return envelope.Text("payload.id", o.ID, envelope.MaxID)
}

// Identity is none: see the package comment.
func (object) Identity() []string { return nil }

// Group is the object itself.
func (o object) Group() string { return o.ID }

// contact is a person. The short form inside messages and groups has neither
// display name nor conversation.
type contact struct {
	object
	Username       string `json:"username"`
	PhoneNumber    string `json:"phone_number"` // free text
	AvatarURL      string `json:"avatar_url"`   // of the sender's choosing: never fetch it
	DisplayName    string `json:"display_name"`
	ConversationID string `json:"conversation_id"`
	LastActiveAt   int64  `json:"last_active_at"`
	CreatedAt      int64  `json:"created_at"`
}

// conversation is between one contact or one group and the account.
type conversation struct {
	object
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

// message is one message of a conversation.
type message struct {
	object
	ConversationID string                `json:"conversation_id"`
	Contact        *contact              `json:"contact"`
	Text           string                `json:"message"`
	Reactions      []map[string][]string `json:"reactions"` // by name of the reaction, who reacted so
	Attachments    []attachment          `json:"attachments"`
	ReadAt         int64                 `json:"read_at"`
	CreatedAt      int64                 `json:"created_at"`
	UpdatedAt      int64                 `json:"updated_at"`
}

// group is several contacts with one conversation.
type group struct {
	object
	Name           string    `json:"name"`
	Description    string    `json:"description"`
	AvatarURL      string    `json:"avatar_url"`
	ConversationID string    `json:"conversation_id"`
	Contacts       []contact `json:"contacts"`
	CreatedAt      int64     `json:"created_at"`
	ArchivedAt     int64     `json:"archived_at"`
}

// attachment is a file of a message.
type attachment struct {
	object
	MessageID string `json:"message_id"`
	Filename  string `json:"filename"`
	FileURL   string `json:"file_url"`
	FileType  string `json:"file_type"` // MIME type
	FileSize  int64  `json:"file_size"` // bytes
	CreatedAt int64  `json:"created_at"`
}

// Group is the conversation.
func (m message) Group() string { return cmp.Or(m.ConversationID, m.ID) }

// Group is the conversation.
func (g group) Group() string { return cmp.Or(g.ConversationID, g.ID) }

// Group is the message.
func (a attachment) Group() string { return cmp.Or(a.MessageID, a.ID) }
