package handlers

import (
	"context"
	"time"

	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// Leads keeps what visitors left with a chatbot, one record per submission, and
// may have it forwarded to a service of your own. The same details again in one
// conversation are a retry; corrected ones are another lead.
type Leads struct {
	Records records.Store
	Forward bool
}

// LeadKind holds the body of leads.submit as sent, by the event's identity.
const LeadKind = "chatbase.lead"

// LeadForward is the type of the follow-up event that asks for a lead to be
// forwarded. Its data is the body of the request, see [Forward].
const LeadForward = "lead.forward"

// Keep handles chatbase.leads.submit.
func (l *Leads) Keep(ctx context.Context, e webhook.Event) ([]webhook.Event, error) {
	lead, err := chatbase.ParseLeadsSubmit(e.Data)
	if err != nil {
		return nil, webhook.Permanent(err.Error())
	}
	_, err = l.Records.Put(ctx, records.Record{Kind: LeadKind, ID: e.ID, Version: 1, Time: e.Time, Data: e.Data})
	if err != nil || !l.Forward {
		return nil, err
	}
	return []webhook.Event{followUp("worker", LeadForward, e, lead.ChatbotID, forwarded(lead, e.Time))}, nil
}

// leadSubmitted is what your service receives.
type leadSubmitted struct {
	envelope.Private
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      struct {
		Chatbot      string `json:"chatbot"`
		Conversation string `json:"conversation,omitempty"`
		Name         string `json:"name,omitempty"`
		Email        string `json:"email,omitempty"`
		Phone        string `json:"phone,omitempty"`
	} `json:"data"`
}

func forwarded(lead chatbase.LeadsSubmit, received time.Time) leadSubmitted {
	s := leadSubmitted{Type: "lead.submitted", Timestamp: received.UTC()}
	s.Data.Chatbot, s.Data.Conversation = lead.ChatbotID, lead.Lead.ConversationID
	s.Data.Name, s.Data.Email, s.Data.Phone = lead.Lead.Name, lead.Lead.Email, lead.Lead.Phone
	return s
}
