// Package chatbase reads the one webhook of Chatbase: a visitor has left their
// details with a chatbot.
//
// A body is {"eventType": ..., "chatbotId": ..., "payload": {...}}, without an
// id or a timestamp. Documented (docs.chatbase.co): header, HMAC over the raw
// body, the event and its four fields. Inferred: that a form may leave fields
// out, as "", null or nothing. Not documented: retries, and where the secret
// comes from (other people's receivers have one per chatbot).
package chatbase

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Platform answers as the sample in Chatbase's docs does. The scheme uses SHA-1
// because Chatbase offers nothing else. SHA-1 is weak; as an HMAC it is not known
// to be forgeable, so with a long secret it will do.
var Platform = envelope.Platform{
	Scheme: signature.Scheme{Header: header, Algorithm: signature.SHA1, Encoding: signature.Hex},
	Provider: webhook.Provider{
		Name:            "chatbase",
		SignatureHeader: header,
		MissingStatus:   http.StatusBadRequest,
		MismatchStatus:  http.StatusBadRequest,
		Decode:          Decode,
		Tenant:          Tenant,
		Events:          events.Zeros(),
	},
}

const header = "x-chatbase-signature"

// maxTenant in bytes; the ids seen so far have 16 or 21.
const maxTenant = 64

// Tenant is the chatbot whose secret a body claims to be signed with. An id that
// could not be part of a variable's name stands for none.
func Tenant(body []byte) string {
	var head struct {
		ChatbotID string `json:"chatbotId"`
	}
	if strict.Unmarshal(body, &head) != nil || len(head.ChatbotID) > maxTenant || strings.ContainsFunc(head.ChatbotID, notInTenant) {
		return ""
	}
	return head.ChatbotID
}

func notInTenant(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-')
}

// events is all that Chatbase documents. Other people's code also expects
// "message.received" and "conversation.completed", whose payloads are unknown.
var events = envelope.Table{
	"leads.submit": envelope.Whole[LeadsSubmit](),
}

// Decode is the [webhook.Decoder] of Chatbase.
func Decode(body []byte) (webhook.Parsed, error) {
	var head struct {
		Type string `json:"eventType" strict:"nonempty"`
	}
	doc := strict.Parse(body)
	if err := doc.Unmarshal(&head); err != nil {
		return webhook.Parsed{}, err
	}
	return events.Decode(head.Type, doc, envelope.Read[unknown])
}

// unknown is the envelope around any other event.
type unknown struct {
	envelope.Opaque
	ChatbotID string   `json:"chatbotId" strict:"nonempty"`
	Payload   struct{} `json:"payload" strict:"required"`
}

// LeadsSubmit says that a lead form was filled in.
type LeadsSubmit struct {
	envelope.Private
	Type      string `json:"eventType"`
	ChatbotID string `json:"chatbotId" strict:"nonempty"`
	Lead      Lead   `json:"payload" strict:"required"`
}

// Lead is what the visitor typed. A field the form did not ask for is empty.
type Lead struct {
	envelope.Private
	ConversationID string `json:"conversationId" strict:"typed"`
	Email          string `json:"customerEmail" strict:"typed"`
	Name           string `json:"customerName" strict:"typed"`
	Phone          string `json:"customerPhone" strict:"typed"`
}

// Check implements [envelope.Payload]. What people type is not checked.
func (l LeadsSubmit) Check() error {
	return cmp.Or(
		envelope.Text("chatbotId", l.ChatbotID, envelope.MaxID),
		envelope.Text("payload.conversationId", l.Lead.ConversationID, envelope.MaxID),
	)
}

// Identity is the conversation and a hash of the details: the same details again
// are a retry, corrected ones are a new event. The case of an e-mail address is
// no correction. Without a conversation only the body tells leads apart.
func (l LeadsSubmit) Identity() []string {
	if l.Lead.ConversationID == "" {
		return nil
	}
	details := webhook.Identity("chatbase", "lead", strings.ToLower(l.Lead.Email), l.Lead.Name, l.Lead.Phone)
	return []string{l.ChatbotID, l.Lead.ConversationID, details}
}

// Group is the chatbot.
func (l LeadsSubmit) Group() string { return l.ChatbotID }

// LeadKind is the kind of record that holds the body of leads.submit as sent, by
// the event's identity.
const LeadKind = "chatbase.lead"
