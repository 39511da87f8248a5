package e2e_test

import (
	"fmt"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/signature"
)

// chatbaseLead is a lead, which is kept.
var chatbaseLead = extra{
	deliver: func(s *system, _ *expectation, n int) { s.deliver(lead(s, n)) },
	check: func(s *system, rounds int) {
		for n := range rounds {
			e := ingest.Identify(chatbase.Platform.Provider, lead(s, n).Body, time.Time{}, signature.Verified{KeyID: "1"})
			if _, ok, err := s.client.Records("webhooks").Get(s.Context(), chatbase.LeadKind, e.ID); err != nil || !ok {
				s.Errorf("lead %d is lost (%v)", n, err)
			}
		}
	},
}

func lead(s *system, n int) eventstest.Sample {
	body := fmt.Appendf(nil, `{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c%d","customerName":"Robin"}}`, n)
	return eventstest.Signed(s, "chatbase", "a lead", body)
}
