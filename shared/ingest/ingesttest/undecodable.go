package ingesttest

import (
	"cmp"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/webhook"
)

// Undecodable gives a dead letter per platform: its body is a sample, which a former
// release could not read. UndecodableKinds are the records they become, one each; the
// one of Gabber charges member-20417 with 9 seconds.
func Undecodable(t testing.TB) (letters []webhook.Event) {
	t.Helper()
	for _, p := range providers.Table().Providers() {
		eventType := map[string]string{"gabber": "usage.tracked", "chatbase": "leads.submit", "g-tateth": "message.sent"}[p.Name]
		body, err := events.Body(p.Name, cmp.Or(eventType, "message.created"))
		if err != nil {
			t.Fatal(err)
		}
		letter := ingest.Identify(p, []byte("not read by "+p.Name), time.Now(), "1")
		letter.Data = body
		letters = append(letters, letter)
	}
	return letters
}

// UndecodableKinds: see [Undecodable].
var UndecodableKinds = []string{"chatbase.lead", "cribbly.message", "g-tateth.message", "oblic.message"}
