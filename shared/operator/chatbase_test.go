package operator_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/records"
)

// What strangers send must not steer the terminal it is shown on.
func TestLeadsCmd_printable(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	lead, err := json.Marshal(map[string]any{"eventType": "leads.submit", "chatbotId": "b",
		"payload": map[string]string{"customerName": "Robin\x1b[2J\n\u202e", "customerEmail": "r@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Records.Put(t.Context(), records.Record{Kind: chatbase.LeadKind, ID: "c", Time: nine, Data: lead}); err != nil {
		t.Fatal(err)
	}
	if err := (&operator.LeadsCmd{Max: 10}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e") || strings.Count(out.String(), "\n") != 2 || !strings.Contains(out.String(), "Robin") {
		t.Errorf("shown %q", out)
	}
}
