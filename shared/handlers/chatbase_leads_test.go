package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/webhook"
)

// Every lead is kept: the same details again are a retry, corrected ones are another
// lead. It is forwarded if asked for, in the bytes it came in.
func TestLeadsKeep(t *testing.T) {
	lead := func(name, email string, after time.Duration) webhook.Event {
		return receivedFrom(t, "chatbase", fmt.Sprintf(`{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c","customerName":%q,"customerEmail":%q}}`, name, email), after)
	}
	for url, forwards := range map[string]int{"": 0, "https://leads.test": 1} {
		w := newWorld(t, map[string]string{"LEADS_FORWARD_URL": url})
		for i, e := range []webhook.Event{lead("Robin", "a@exmaple.com", 0), lead("Robin", "a@example.com", time.Minute), lead("Robin", "A@EXAMPLE.com", time.Hour),
			lead(strings.Repeat("<\u2028", 10_000), "a@example.com", 0)} {
			first, again := w.handle(t, e), w.handle(t, e)
			if got := of(followups.LeadForward, first); outcome(first) != "stored" || len(got) != forwards || ids(first) != ids(again) || forwards == 1 && got[0] != string(e.Data) {
				t.Errorf("lead %d: %s, follow-ups %v", i, outcome(first), first.FollowUps)
			}
			if r, ok, _ := w.Get(t.Context(), chatbase.LeadKind, e.ID); !ok || len(r.Data) == 0 {
				t.Errorf("lead %d is not kept", i)
			}
		}
		if page, _, err := w.List(t.Context(), chatbase.LeadKind, "", 10); len(page) != 3 || err != nil {
			t.Errorf("%d leads are kept (%v)", len(page), err)
		}
		comesBack(t, w, lead("Robin", "", 0), &failing{put: chatbase.LeadKind})
	}
}
