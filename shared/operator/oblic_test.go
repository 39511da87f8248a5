package operator_test

import (
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/webhook"
)

// A conversation is shown as it was written and as it is now.
func TestMessagesCmd(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	platform, _ := providers.Table().Named("oblic")
	latest := &handlers.Latest{Records: m.Records, Decode: platform.Decode}
	for i, body := range []string{
		`{"type":"message.created","payload":{"id":"m2","conversation_id":"c1","message":"second","created_at":200}}`,
		`{"type":"message.created","payload":{"id":"m1",
			"conversation_id":"c1","message":"first","created_at":100}}`,
		`{"type":"message.created","payload":{"id":"m3","conversation_id":"c1","message":"taken back","created_at":300}}`,
		`{"type":"message.deleted","payload":{"id":"m3"}}`,
	} {
		verb := map[bool]string{true: "deleted", false: "created"}[i == 3]
		e := webhook.Event{ID: body, Source: "/webhooks/oblic", Type: "oblic.message." + verb, Time: nine, Data: []byte(body)}
		if _, err := latest.Mirror(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := (&operator.MessagesCmd{Platform: "oblic", Conversation: "c1"}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	first, second := strings.Index(out.String(), "first"), strings.Index(out.String(), "second")
	if first < 0 || second < first || strings.Contains(out.String(), "taken back") || strings.Count(out.String(), "\n") != 3 {
		t.Errorf("shown %s", out)
	}
}
