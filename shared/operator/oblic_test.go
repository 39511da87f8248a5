package operator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/records"
)

// A conversation is shown as it was written and as it is now.
func TestMessagesCmd(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	for i, r := range []records.Record{
		{ID: "m2", Data: []byte(`{"id":"m2","message":"second"}`)},
		{ID: "m1", Data: []byte("{\"id\":\"m1\",\n\"message\":\"first\"}")},
		{ID: "m3", Deleted: true},
	} {
		r.Kind, r.Time = "oblic.message", nine
		noted := records.Record{Kind: handlers.MessagesOf(r.Kind, "c1"), ID: r.ID, Time: nine.Add(-time.Duration(i) * time.Minute), Data: []byte("{}")}
		for _, put := range []records.Record{r, noted} {
			if _, err := m.Records.Put(t.Context(), put); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := (&operator.MessagesCmd{Platform: "oblic", Conversation: "c1"}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	first, second := strings.Index(out.String(), "first"), strings.Index(out.String(), "second")
	if first < 0 || second < first || strings.Contains(out.String(), "m3") || strings.Count(out.String(), "\n") != 3 {
		t.Errorf("shown %s", out)
	}
}
