package handlers

import (
	"context"

	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// leads keeps what visitors left with a chatbot, one record per submission, and
// may have it forwarded to a service of your own. The same details again in one
// conversation are a retry; corrected ones are another lead.
type leads struct {
	Records records.Store
	Forward bool
}

var chatbasePlatform = platform{chatbaseReactions, []string{chatbase.LeadKind}, chatbaseVariables}

func chatbaseReactions(s Settings, store records.Store) map[string]webhook.BatchHandler {
	s.Leads.Records = store
	return map[string]webhook.BatchHandler{"chatbase.leads.submit": stored(chatbase.Decode, s.Leads.Keep)}
}

func chatbaseVariables(s *Settings) []config.Variable {
	return []config.Variable{{Name: "LEADS_FORWARD_URL", Set: func(url string) error { s.Leads.Forward = url != ""; return nil }}}
}

// Keep handles chatbase.leads.submit.
func (l *leads) Keep(ctx context.Context, e webhook.Event, lead chatbase.LeadsSubmit) ([]webhook.Event, error) {
	_, err := l.Records.Put(ctx, records.Record{Kind: chatbase.LeadKind, ID: e.ID, Version: records.Once, Time: e.Time, Data: e.Data})
	if err != nil || !l.Forward {
		return nil, err
	}
	return []webhook.Event{webhook.FollowUp("worker", followups.LeadForward, e, lead.ChatbotID, e.Data)}, nil
}
