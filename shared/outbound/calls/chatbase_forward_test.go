package calls_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/webhook"
)

const lead = `{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c","customerEmail":"robin@example.com","customerName":"Robin <R>","customerPhone":null}}`

func TestLeadsAreForwarded(t *testing.T) {
	for _, row := range []struct {
		name  string
		fault func(int) fault
		want  string // outcomes of three deliveries
		leads int
	}{
		{"all is well", nil, "done, done, done", 1},
		{"the answer is lost: the receiver knows the id", once(fault{1, true}), "again, done, done", 1},
		{"the receiver is down", once(fault{503, false}), "again, done, done", 1},
		{"the receiver is busy", once(fault{429, false}), "again, done, done", 1},
		{"the receiver does not believe us", always(fault{401, false}), "again, again, again", 0},
		{"the receiver is not there", always(fault{404, false}), "again, again, again", 0},
		{"the receiver has moved", always(fault{301, false}), "again, again, again", 0},
		{"the receiver cannot use it", always(fault{422, false}), "dead: the API answered 422, dead: the API answered 422, dead: the API answered 422", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newOutbound(t, nil)
			w.fault = row.fault
			var got []string
			for range 3 {
				got = append(got, outcome(w.handle(t, forwarded(t, lead))))
			}
			if strings.Join(got, ", ") != row.want || len(w.State().Leads) != row.leads {
				t.Errorf("%q, %d leads; want %q, %d", got, len(w.State().Leads), row.want, row.leads)
			}
			for _, l := range w.State().Leads {
				const body = `{"type":"lead.submitted","timestamp":"2026-11-21T09:00:00Z","data":{"chatbot":"b","conversation":"c","name":"Robin <R>","email":"robin@example.com"}}`
				var got, want any
				if json.Unmarshal(l.Body, &got) != nil || json.Unmarshal([]byte(body), &want) != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("the receiver got %s, want %s", l.Body, body)
				}
			}
		})
	}
}

// told notes the headers and the body of a call.
type told struct {
	header map[string]string
	body   string
}

func (c *told) Do(_ context.Context, _, _ string, header map[string]string, body []byte) ([]byte, error) {
	c.header, c.body = header, string(body)
	return nil, nil
}

// The id is the lead's for ever, the time in the headers that of the call, the
// time in the body that of the lead.
func TestForwardedHeaders(t *testing.T) {
	e := received(t, "chatbase", lead, 0)
	var call told
	forward := &calls.Forward{Doer: &call, Now: func() time.Time { return time.Unix(1614265330, 999) }}
	if _, err := forward.Post(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if call.header["webhook-id"] != e.ID || call.header["webhook-timestamp"] != "1614265330" || !strings.Contains(call.body, `"timestamp":"2026-11-21T09:00:00Z"`) {
		t.Errorf("headers %v, body %s", call.header, call.body)
	}
}

func TestWhatIsNoLeadIsNotForwarded(t *testing.T) {
	w := newOutbound(t, nil)
	if got := outcome(w.handle(t, ours(t, followups.LeadForward, "1", map[string]string{}))); !strings.HasPrefix(got, "dead: ") || w.count != 0 {
		t.Errorf("%s after %d calls", got, w.count)
	}
}

func TestATargetShowsNothing(t *testing.T) {
	target, err := calls.ParseTarget("https://leads.test/", fakeapi.LeadsSecret)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", target, target, target, target); strings.Contains(text, "leads.test") || strings.Contains(text, fmt.Sprintf("%x", target.Secret)[:4]) {
		t.Errorf("the target shows itself: %s", text)
	}
}

// forwarded is the event that asks for a lead to be forwarded.
func forwarded(t *testing.T, body string) webhook.Event {
	t.Helper()
	e := received(t, "chatbase", body, 0)
	return webhook.FollowUp("worker", followups.LeadForward, e, "b", e.Data)
}

func TestALongLeadIsForwarded(t *testing.T) {
	w := newOutbound(t, nil)
	body := strings.Replace(lead, "Robin <R>", strings.Repeat("<\u2028", 10_000), 1)
	if got := outcome(w.handle(t, forwarded(t, body))); got != "done" || len(w.State().Leads) != 1 {
		t.Errorf("%s, %d leads", got, len(w.State().Leads))
	}
}
