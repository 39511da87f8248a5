package main

import (
	"strings"
	"testing"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/outbound/outboundtest"
)

// gabberCaller has a telephone call begin whose caller is known.
func gabberCaller(t *testing.T, s *site) {
	for _, command := range []string{"caller +1-202-555-0143 " + outboundtest.Human, "grant " + outboundtest.Human + " 600 --key k"} {
		if _, err := hooks(t, s.dir, strings.Fields(command)...); err != nil {
			t.Fatal(err)
		}
	}
	s.deliver(t, eventstest.Of(t, "gabber", "realtime_session.state_changed"))
	eventually(t, "the caller is attached", func() bool { return s.fake.State().Attached[outboundtest.Session] == outboundtest.Human })
}

func gabberReactions(t *testing.T, s *site) {
	eventually(t, "the limit is the balance", func() bool {
		var balance balanceFacts
		hooksJSON(t, s.dir, &balance, "balance", outboundtest.Human)
		limit, ok := s.fake.Limit(outboundtest.Human, "conversational_seconds")
		return ok && balance.Balance == "575" && limit == 575 // 600 less 9, 4 and 12 seconds and one unpriced entry
	})
	var sessions []struct {
		State, Human, Caller, Agent string
		EndedAt                     string `json:"ended_at"`
	}
	hooksJSON(t, s.dir, &sessions, "sessions")
	if len(sessions) != 1 || sessions[0].State != "ended" || sessions[0].Human != outboundtest.Human ||
		sessions[0].Caller != "+12025550143" || sessions[0].Agent != "+12025550178" || sessions[0].EndedAt != "2025-11-21T15:09:47.015Z" {
		t.Errorf("%d sessions, or not what the samples say", len(sessions))
	}
	var messages []struct{ ID, Text string }
	hooksJSON(t, s.dir, &messages, "sessions", outboundtest.Session)
	if len(messages) != 2 {
		t.Errorf("%d messages, want 2", len(messages))
	}
}

func TestServeWithFakeAPIsPushesLimits(t *testing.T) {
	dir := t.TempDir()
	s := startWith(t, dir, nil, "--fake-apis")
	if _, err := hooks(t, dir, "grant", "u1", "5", "--key", "k"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the limit is pushed", func() bool { return strings.Contains(s.log.String(), `"outcome":"pushed"`) })
	s.stop(t)
}

func TestEnvironmentKnowsGabbersVariables(t *testing.T) {
	checkDotEnv(t, "GABER_WEBHOOK_SECRET", "GABBER_WEBHOOK_SECRET")
	checkDotEnv(t, "GABBER_API_KEYS", "GABBER_API_KEY")
	checkDotEnv(t, "GABBER_USAGE_TOKEN", "")
	checkDotEnv(t, "GABBER_SECRET", "")
}

const maybeSpoken = "it may have been spoken already"

// gabberScript is usage without an id and the result of a tool. The limits must be
// the balances in the end, and the text spoken once, unless a dead letter says that
// it is not known.
var gabberScript = act{
	deliveries: func(t *testing.T) []eventstest.Sample {
		return []eventstest.Sample{
			eventstest.Signed(t, "gabber", "no id", []byte(`{"type":"usage.tracked","payload":{"type":"conversational_seconds","value":4,"human":"u3"}}`)),
			eventstest.Signed(t, "gabber", "a result", []byte(`{"type":"tool.calls_finished","payload":{"realtime_session":"s","group":"g","tool_calls":[],"tool_call_results":[{"tool_call_id":"t","tool_definition_id":"d","code":200,"response_string":"yes"}]}}`)),
		}
	},
	check: func(t *testing.T, _ *local.DB, fake *fakeapi.API, reasons map[string]bool) {
		for human, want := range map[string]int64{"u1": 70, "u2": 0, "u3": 0} {
			if limit, ok := fake.Limit(human, "conversational_seconds"); !ok || limit != want {
				t.Errorf("limit of %s is %d (put: %v), want %d", human, limit, ok, want)
			}
		}
		if spoken := len(fake.State().Spoken["s"]); spoken > 1 || spoken == 0 && !reasons[maybeSpoken] {
			t.Errorf("spoken %d times, dead letters for %v", spoken, reasons)
		}
		delete(reasons, maybeSpoken)
	},
}
