package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/providers/chatbase"
)

func chatbaseLeads(t *testing.T, s *site) {
	eventually(t, "the leads are forwarded", func() bool { return len(s.fake.State().Leads) == 3 })
	var leads []struct{ Conversation, Email string }
	hooksJSON(t, s.dir, &leads, "leads")
	if len(leads) != 3 || leads[0].Conversation == "" || leads[0].Email == "" {
		t.Errorf("leads: %+v", leads)
	}
}

// A chatbot's own secret is enough, and stands before the platform's.
func TestServeWithAChatbotsOwnSecret(t *testing.T) {
	const own = "CHATBASE_WEBHOOK_SECRET_BOT_kT9vQx2LmZr7BdEo=secret-of-the-bot-alone"
	for name, platform := range map[string]string{"alone": "CHATBASE_WEBHOOK_SECRET=", "beside the platform's": "CHATBASE_WEBHOOK_SECRET=secret-of-the-platform"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := start(t, dir, own, platform)
			cmd := exec.CommandContext(t.Context(), os.Args[0], "send", "chatbase", "leads.submit", "--url", s.url)
			cmd.Dir, cmd.Env = dir, testEnv(own, platform)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
			s.stop(t)
		})
	}
}

func TestEnvironmentKnowsAChatbotsSecret(t *testing.T) {
	checkDotEnv(t, "CHATBASE_WEBHOOK_SECRET_BOT_kT9_x", "")
	checkDotEnv(t, "CHATBASE_API_KEY", "")
	checkDotEnv(t, "LEADS_FORWARD_SECRET", "")
}

// chatbaseScript is a lead, which must be kept and forwarded once.
var chatbaseScript = act{
	deliveries: func(t *testing.T) []eventstest.Sample {
		return []eventstest.Sample{eventstest.Signed(t, "chatbase", "a lead", []byte(`{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c","customerName":"Robin"}}`))}
	},
	check: func(t *testing.T, db *local.DB, fake *fakeapi.API, _ map[string]bool) {
		if leads, _, err := db.Records().List(t.Context(), chatbase.LeadKind, "", 10); len(leads) != 1 || err != nil {
			t.Errorf("%d leads (%v), want one", len(leads), err)
		}
		if leads := fake.State().Leads; len(leads) != 1 {
			t.Errorf("the lead arrived %d times", len(leads))
		}
	},
}
