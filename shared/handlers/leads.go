package handlers

import (
	"context"

	"github.com/webhook-functions/template/shared/providers/chatbase"
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
// forwarded. Its data is the body of leads.submit as sent: what is made of it
// could be too long for a queue that the body did fit.
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
	return []webhook.Event{webhook.FollowUp("worker", LeadForward, e, lead.ChatbotID, e.Data)}, nil
}
