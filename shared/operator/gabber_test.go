package operator_test

import (
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
)

// A session is listed; with its id what was said in it is shown.
func TestSessionsCmd(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	for _, r := range []records.Record{
		{Kind: gabber.SessionKind, ID: "s1", Data: []byte(`{"id":"s1","state":"ended"}`)},
		{Kind: handlers.MessagesOf(gabber.MessageKind, "s1"), ID: "m1", Data: []byte(`{"id":"m1","role":"user","content":[{"text":"good "},{"text":"morning"}]}`)},
	} {
		r.Time = nine
		if _, err := m.Records.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for session, want := range map[string]string{"": "ended", "s1": "good morning"} {
		out.Reset()
		if err := (&operator.SessionsCmd{Session: session, Max: 10}).Run(t.Context(), at); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("session %q: %v: %s", session, err, out)
		}
	}
}
