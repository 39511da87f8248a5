package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/records"
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
			leads := &handlers.Leads{Records: records.NewMemory(), Forward: true}
			var got []string
			for range 3 {
				followUps, err := leads.Keep(t.Context(), received(t, "chatbase", lead, 0))
				if err != nil || len(followUps) != 1 {
					t.Fatalf("%d follow-ups, %v", len(followUps), err)
				}
				got = append(got, outcome(w.handle(t, followUps[0])))
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

func TestLeadsAreNotForwardedUnlessAsked(t *testing.T) {
	store := records.NewMemory()
	e := received(t, "chatbase", lead, 0)
	followUps, err := (&handlers.Leads{Records: store}).Keep(t.Context(), e)
	if err != nil || len(followUps) != 0 {
		t.Errorf("%d follow-ups, %v", len(followUps), err)
	}
	if _, ok, _ := store.Get(t.Context(), handlers.LeadKind, e.ID); !ok {
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
	w := newOutbound(t, nil)
	if got := outcome(w.handle(t, followUps[0])); got != "done" || len(w.State().Leads) != 1 {
		t.Errorf("%s, %d leads", got, len(w.State().Leads))
	}
}

// told notes the headers and the body of a call.
type told struct {
	header map[string]string
	body   string
}

func (c *told) Call(_ context.Context, _, _ string, header map[string]string, body []byte) ([]byte, error) {
	c.header, c.body = header, string(body)
	return nil, nil
}

// The id is the lead's for ever, the time in the headers that of the call, the
// time in the body that of the lead.
func TestForwardedHeaders(t *testing.T) {
	e := received(t, "chatbase", lead, 0)
	var call told
	forward := &handlers.Forward{Caller: &call, Now: func() time.Time { return time.Unix(1614265330, 999) }}
	if _, err := forward.Post(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if call.header["webhook-id"] != e.ID || call.header["webhook-timestamp"] != "1614265330" || !strings.Contains(call.body, `"timestamp":"2026-11-21T09:00:00Z"`) {
		t.Errorf("headers %v, body %s", call.header, call.body)
	}
}

func TestWhatIsNoLeadIsNotForwarded(t *testing.T) {
	w := newOutbound(t, nil)
	if got := outcome(w.handle(t, ours(t, handlers.LeadForward, "1", map[string]string{}))); !strings.HasPrefix(got, "dead: ") || w.calls != 0 {
		t.Errorf("%s after %d calls", got, w.calls)
	}
}

func TestATargetShowsNothing(t *testing.T) {
	target, err := handlers.ParseTarget("https://leads.test/", fakeapi.LeadsSecret)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", target, target, target, target); strings.Contains(text, "leads.test") || strings.Contains(text, fmt.Sprintf("%x", target.Secret)[:4]) {
		t.Errorf("the target shows itself: %s", text)
	}
}
