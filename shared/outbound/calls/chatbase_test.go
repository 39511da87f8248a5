package calls

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/webhook"
)

var chatbaseSamples = []webhook.Event{forwarded(`{"eventType":"leads.submit","chatbotId":"canary","payload":{"conversationId":"canary","customerEmail":"canary"}}`)}

const lead = `{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c","customerEmail":"robin@example.com","customerName":"Robin <R>","customerPhone":null}}`

// forwarded is the event that asks for a lead to be forwarded.
func forwarded(body string) webhook.Event {
	return webhook.FollowUp("worker", followups.LeadForward, webhook.Event{ID: body, Time: nine}, "b", []byte(body))
}

func TestForwardPost(t *testing.T) {
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
		{"the receiver cannot use it", once(fault{422, false}), "dead: the API answered 422, done, done", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.fault = row.fault
			var got []string
			for range 3 {
				got = append(got, outcome(w.handle(t, forwarded(lead))))
			}
			if strings.Join(got, ", ") != row.want || len(w.State().Leads) != row.leads {
				t.Errorf("%q, %d leads; want %q, %d", got, len(w.State().Leads), row.want, row.leads)
			}
			for _, l := range w.State().Leads { // the time in the body is the lead's
				const body = `{"type":"lead.submitted","timestamp":"2026-11-21T09:00:00Z","data":{"chatbot":"b","conversation":"c","name":"Robin <R>","email":"robin@example.com"}}`
				var got, want any
				if json.Unmarshal(l.Body, &got) != nil || json.Unmarshal([]byte(body), &want) != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("the receiver got %s, want %s", l.Body, body)
				}
			}
			if alarm := strings.Contains(w.log.String(), "code=API"); alarm != strings.HasPrefix(row.want, "again, again") {
				t.Errorf("alarm %t", alarm)
			}
		})
	}
	w := newWorld(t, nil)
	if got := outcome(w.handle(t, forwarded(strings.Replace(lead, "Robin <R>", strings.Repeat("<\u2028", 10_000), 1)))); got != "done" || len(w.State().Leads) != 1 {
		t.Errorf("a long lead: %s", got)
	}
	w = newWorld(t, map[string]string{"LEADS_FORWARD_URL": "", "LEADS_FORWARD_SECRET": ""})
	if r := w.handle(t, forwarded(lead)); r.Err != nil || r.Outcome != "no url" || w.count != 0 {
		t.Errorf("to nowhere: %+v", r)
	}
}

// The known answer is the one the reference libraries of Standard Webhooks test
// themselves with.
func TestChatbaseSettingsSign(t *testing.T) {
	s := chatbaseSettings{URL: "https://leads.test/"}
	if err := s.setSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"); err != nil {
		t.Fatal(err)
	}
	got := s.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestSettingsFromEnv_chatbase(t *testing.T) {
	const leads = "https://leads.test/"
	for name, row := range map[string][3]string{
		"leads to nowhere":                {"LEADS_FORWARD_URL", "canary", fakeapi.LeadsSecret},
		"a secret in quotes":              {"LEADS_FORWARD_SECRET", leads, "'" + fakeapi.LeadsSecret + "'"},
		"a secret with a line break":      {"LEADS_FORWARD_SECRET", leads, fakeapi.LeadsSecret[:20] + "\n" + fakeapi.LeadsSecret[20:]}, // base64 would leave it out
		"no secret":                       {"LEADS_FORWARD_SECRET", leads, ""},
		"a secret without its prefix":     {"LEADS_FORWARD_SECRET", leads, "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"},
		"a secret that is not base64":     {"LEADS_FORWARD_SECRET", leads, "whsec_canary!"},
		"a secret of 23 bytes, one short": {"LEADS_FORWARD_SECRET", leads, "whsec_Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXI="},
	} {
		t.Run(name, func(t *testing.T) {
			expectFault(t, row[0], map[string]string{"LEADS_FORWARD_URL": row[1], "LEADS_FORWARD_SECRET": row[2]})
		})
	}
}
