package handlers_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
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

func TestLeadsKeepsEveryLead(t *testing.T) {
	store := newLatest(t)
	lead := func(email, phone string) string {
		return fmt.Sprintf(`{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c","customerEmail":%q,"customerPhone":%q}}`, email, phone)
	}
	wrong, corrected, other := lead("a@exmaple.com", "1"), lead("a@example.com", "1"), lead("a@example.com", "")
	for i, body := range []string{wrong, corrected, other, wrong, strings.Replace(corrected, "a@", "A@", 1)} {
		if err := store.handle(t, "chatbase", body, time.Duration(i)*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	page, _, err := store.List(t.Context(), chatbase.LeadKind, "", 10)
	if err != nil || len(page) != 3 {
		t.Errorf("%d leads (%v), want the wrong one, the corrected one and the one without a number", len(page), err)
	}
	for _, r := range page {
		if !strings.Contains(string(r.Data), `"chatbotId":"b"`) {
			t.Errorf("nobody can tell whose lead %s is", r.Data)
		}
	}
}

func TestLeadsComeBackWhileTheStoreIsDown(t *testing.T) {
	down := errors.New("store is down")
	for _, forward := range []bool{false, true} {
		leads := &handlers.Leads{Records: brokenRecords{down}, Forward: forward}
		e := received(t, "chatbase", `{"eventType":"leads.submit","chatbotId":"b","payload":{}}`, 0)
		_, err := leads.Keep(t.Context(), e)
		if _, permanent := webhook.PermanentReason(err); !errors.Is(err, down) || permanent {
			t.Errorf("forwarded %t: error %v, want one that comes back", forward, err)
		}
	}
}
