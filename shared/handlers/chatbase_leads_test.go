package handlers_test

import (
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/records"
)

const lead = `{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c","customerEmail":"robin@example.com","customerName":"Robin <R>","customerPhone":null}}`

func TestLeadsAreNotForwardedUnlessAsked(t *testing.T) {
	store := records.NewMemory()
	e := received(t, "chatbase", lead, 0)
	followUps, err := (&handlers.Leads{Records: store}).Keep(t.Context(), e)
	if err != nil || len(followUps) != 0 {
		t.Errorf("%d follow-ups, %v", len(followUps), err)
	}
	if _, ok, _ := store.Get(t.Context(), chatbase.LeadKind, e.ID); !ok {
		t.Error("the lead is not kept")
	}
}

// Whatever fits into ingest's queue fits into outbound's: JSON may write a
// character of the body as six.
func TestALeadDoesNotGrowOnItsWay(t *testing.T) {
	body := strings.Replace(lead, "Robin <R>", strings.Repeat("<\u2028", 10_000), 1)
	e := received(t, "chatbase", body, 0)
	followUps, err := (&handlers.Leads{Records: records.NewMemory(), Forward: true}).Keep(t.Context(), e)
	if err != nil || len(followUps) != 1 || len(followUps[0].Data) > len(body) {
		t.Fatalf("%d bytes became %d (%v)", len(body), len(followUps[0].Data), err)
	}
}
