package gabber_test

import (
	"reflect"
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/webhook"
)

const session = "c7a1e0b2-6d55-4f0b-9a3e-2f86d1b4c310"

// samples says what every body in events/gabber is.
var samples = map[string]webhook.Parsed{
	"usage.tracked": {
		Type: "usage.tracked", Known: true, Group: "member-20417", Payload: gabber.UsageTracked{},
		Identity: []string{"0d8b2f46-3a1c-4e79-b5d2-6c90e4f7a113"},
	},
	"usage.tracked.human_id": {
		Type: "usage.tracked", Known: true, Group: "member-20417", Payload: gabber.UsageTracked{},
		Identity:   []string{"7f3e91aa-c4d8-4b06-8e25-d1b07c53f962"},
		Deprecated: []string{"payload.human_id"},
	},
	"usage.tracked.both": {
		Type: "usage.tracked", Known: true, Group: "member-20417", Payload: gabber.UsageTracked{},
		Identity:   []string{"b26d5c08-9e7f-4d31-a0c4-58f1e2937d6b"},
		Deprecated: []string{"payload.human_id"},
	},
	"usage.tracked.anonymous": {
		Type: "usage.tracked", Known: true, Group: "", Payload: gabber.UsageTracked{},
		Identity: []string{"c83b6e51-2f9d-4a07-95e8-7d1f40ac2b96"},
	},
	"usage.tracked.voice_synthesis_seconds": {
		Type: "usage.tracked", Known: true, Group: "member-20417", Payload: gabber.UsageTracked{},
		Identity: []string{"4ac07e9d-18b2-4f5c-9d63-e70b5a2c81f4"},
	},
	"usage.tracked.token_cnt": {
		Type: "usage.tracked", Known: true, Group: "member-77803", Payload: gabber.UsageTracked{},
		Identity: []string{"91e5d3b7-6f40-42ac-8b1e-03c7f9d2645a"},
	},
	"usage.tracked.memory_message_cnt": {
		Type: "usage.tracked", Known: true, Group: "member-77803", Payload: gabber.UsageTracked{},
		Identity: []string{"f05a8c12-d7e9-4361-b24d-9a6e1c70b8f3"},
	},
	"tool.calls_started": {
		Type: "tool.calls_started", Known: true, Group: session, Payload: gabber.ToolCallsStarted{},
		Identity: []string{"a94c03de-5f17-4b28-9d60-1e7b8c2f4a35"},
	},
	"tool.calls_finished": {
		Type: "tool.calls_finished", Known: true, Group: session, Payload: gabber.ToolCallsFinished{},
		Identity: []string{"a94c03de-5f17-4b28-9d60-1e7b8c2f4a35"},
	},
	"tool.calls_finished.no_session": {
		Type: "tool.calls_finished", Known: true, Group: "", Payload: gabber.ToolCallsFinished{},
		Identity: []string{"6e19d4f8-b0a3-4c57-8f2d-c5a7e1903b64"},
	},
	"realtime_session.state_changed.first": {
		Type: "realtime_session.state_changed", Known: true, Group: session, Payload: gabber.StateChanged{},
		Identity: []string{session, "", "not_started"},
	},
	"realtime_session.state_changed": {
		Type: "realtime_session.state_changed", Known: true, Group: session, Payload: gabber.StateChanged{},
		Identity: []string{session, "not_started", "in_progress"},
	},
	"realtime_session.state_changed.ended": {
		Type: "realtime_session.state_changed", Known: true, Group: session, Payload: gabber.StateChanged{},
		Identity: []string{session, "in_progress", "ended"},
	},
	"realtime_session.state_changed.minimal": {
		Type: "realtime_session.state_changed", Known: true, Group: session, Payload: gabber.StateChanged{},
		Identity: []string{session, "in_progress", "ended"},
	},
	"realtime_session.message_committed": {
		Type: "realtime_session.message_committed", Known: true, Group: session, Payload: gabber.MessageCommitted{},
		Identity: []string{"2ab9f61d-0c84-4e73-9b56-d8e3a7f0c142"},
	},
	"realtime_session.message_committed.tool_calls": {
		Type: "realtime_session.message_committed", Known: true, Group: session, Payload: gabber.MessageCommitted{},
		Identity: []string{"d47e05c3-b91f-4268-8ea0-61c2f9b8d573"},
	},
	"realtime_session.time_limit_exceeded": {
		Type: "realtime_session.time_limit_exceeded", Known: true, Group: session, Payload: gabber.TimeLimitExceeded{},
		Identity: []string{session},
	},
	"unknown.event": {Type: "voice.clone_ready"},
}

func TestSamples(t *testing.T) {
	for _, name := range events.Names("gabber") {
		t.Run(name, func(t *testing.T) {
			want, ok := samples[name]
			if !ok {
				t.Fatal("this sample is not described here")
			}
			got, err := gabber.Decode(sample(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if reflect.TypeOf(got.Payload) != reflect.TypeOf(want.Payload) {
				t.Errorf("payload is a %T, want a %T", got.Payload, want.Payload)
			}
			got.Payload, want.Payload = nil, nil
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
	if n := len(events.Names("gabber")); n != len(samples) {
		t.Errorf("%d samples, %d described", n, len(samples))
	}
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	body, err := events.Body("gabber", name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestFieldsOfToolCallsFinished(t *testing.T) {
	got, err := gabber.ParseToolCallsFinished(sample(t, "tool.calls_finished"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Session != session || len(got.Calls) != 2 || len(got.Results) != 2 {
		t.Fatalf("session, calls or results are missing: %d calls, %d results", len(got.Calls), len(got.Results))
	}
	call, failed := got.Calls[1], got.Results[1]
	if call.ID != "call-91fb24" || call.Function.Name != "check_schedule" || failed.CallID != call.ID {
		t.Error("the second call or its result was misread")
	}
	if got.Results[0].Response != `{"free":true,"note":"room <B> & lobby"}` {
		t.Error("the response is not what the tool said")
	}
	if failed.Code != 503 || failed.Error != "upstream unavailable" || failed.Response != "" {
		t.Error("the failed result was misread")
	}
}

func TestFieldsOfStateChanged(t *testing.T) {
	got, err := gabber.ParseStateChanged(sample(t, "realtime_session.state_changed.ended"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Previous == nil || got.Previous.State != "in_progress" || got.Current.EndedAt == "" {
		t.Error("the move was misread")
	}
	if d := got.Current.Data; len(d) != 2 || d[0].Type != "caller_phone_number" || d[0].Value != "+12025550143" {
		t.Error("the telephone numbers were misread")
	}
	if got.Current.Human != "member-20417" || got.Current.Simulated || got.Current.Config[0] != '{' {
		t.Error("human, simulated or config was misread")
	}
}

func TestFieldsOfMessageCommitted(t *testing.T) {
	got, err := gabber.ParseMessageCommitted(sample(t, "realtime_session.message_committed"))
	if err != nil {
		t.Fatal(err)
	}
	m := got.Message
	if m.Role != "user" || len(m.Content) != 1 || m.Content[0].Text != "Is there a table for two at half past three? — près de la fenêtre" {
		t.Error("the message was misread")
	}
}

func TestSessionOfAMessageHasTwoPlaces(t *testing.T) {
	for _, body := range []string{
		`{"type":"realtime_session.message_committed","payload":{"realtime_session_id":"s","message":{"id":"m"}}}`,
		`{"type":"realtime_session.message_committed","payload":{"message":{"id":"m","realtime_session":"s"}}}`,
	} {
		got, err := gabber.ParseMessageCommitted([]byte(body))
		if err != nil || got.Session() != "s" {
			t.Errorf("session not found, error %v", err)
		}
	}
}

func TestParseRefusesAnotherEvent(t *testing.T) {
	if _, err := gabber.ParseTimeLimitExceeded(sample(t, "usage.tracked")); err == nil {
		t.Error("usage.tracked was read as another event")
	}
}
