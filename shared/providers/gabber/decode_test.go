package gabber_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/providers/gabber"
)

// Bodies that were signed and are still no event. The reason goes to the dead
// letters, so it is part of what is tested.
func TestDecode_unusableBodies(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"empty object", `{}`, "type is missing"},
		{"Value", usage(`"Value":30`), "payload.value is missing"},
		{"NUL in the id", usage(`"value":1,"id":"a\u0000"`), "payload.id contains a control character"},
		{"NUL in the human", usage(`"value":1,"human":"a\u0000"`), "payload.human contains a control character"},
		{"payload missing", `{"type":"usage.tracked"}`, "payload is missing"},
		{"payload missing, unknown type", `{"type":"foo.bar"}`, "payload is missing"},
		{"batch of tool calls without a group", `{"type":"tool.calls_started","payload":{"tool_calls":[]}}`, "payload.group is missing"},
		{"message without an id", `{"type":"realtime_session.message_committed","payload":{"message":{}}}`, "payload.message.id is missing"},
		{"session without a state", `{"type":"realtime_session.state_changed","payload":{"current_realtime_session":{"id":"s"}}}`, "payload.current_realtime_session.state is missing"},
		{"newline in the batch", `{"type":"tool.calls_started","payload":{"group":"g\n"}}`, "payload.group contains a control character"},
		{"newline in the batch's session", `{"type":"tool.calls_finished","payload":{"group":"g","realtime_session":"s\n"}}`, "payload.realtime_session contains a control character"},
		{"newline in the message's id", `{"type":"realtime_session.message_committed","payload":{"message":{"id":"m\n"}}}`, "payload.message.id contains a control character"},
		{"newline in the message's session", `{"type":"realtime_session.message_committed","payload":{"realtime_session_id":"s\n","message":{"id":"m"}}}`, "payload.realtime_session_id contains a control character"},
		{"newline in the message's other session", `{"type":"realtime_session.message_committed","payload":{"message":{"id":"m","realtime_session":"s\n"}}}`, "payload.message.realtime_session contains a control character"},
		{"newline in the session's id", `{"type":"realtime_session.state_changed","payload":{"current_realtime_session":{"id":"s\n","state":"ended"}}}`, "payload.current_realtime_session.id contains a control character"},
		{"newline in the state", `{"type":"realtime_session.state_changed","payload":{"current_realtime_session":{"id":"s","state":"e\n"}}}`, "payload.current_realtime_session.state contains a control character"},
		{"newline in the state before", `{"type":"realtime_session.state_changed","payload":{"previous_realtime_session":{"id":"s","state":"e\n"},"current_realtime_session":{"id":"s","state":"ended"}}}`, "payload.previous_realtime_session.state contains a control character"},
		{"state before that is no text", `{"type":"realtime_session.state_changed","payload":{"previous_realtime_session":{"state":5},"current_realtime_session":{"id":"s","state":"ended"}}}`, "payload.previous_realtime_session.state is not a string"},
		{"telephone number that is no text", `{"type":"realtime_session.state_changed","payload":{"current_realtime_session":{"id":"s","state":"ended","data":[{"type":"caller_phone_number","value":5}]}}}`, "payload.current_realtime_session.data.value is not a string"},
		{"newline in the session of a time limit", `{"type":"realtime_session.time_limit_exceeded","payload":{"session":"s\n"}}`, "payload.session contains a control character"},
		{"time limit of no session", `{"type":"realtime_session.time_limit_exceeded","payload":{"session":""}}`, "payload.session is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := gabber.Decode([]byte(c.body))
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("reason is %q, want %q", err, c.want)
			}
			if parsed.Known || parsed.Payload != nil || parsed.Identity != nil {
				t.Error("an unusable body has a payload")
			}
		})
	}
}

// Older forms of a session before its move have a state and nothing else, or not
// even that.
func TestDecode_formsOfThePreviousSession(t *testing.T) {
	for previous, state := range map[string]string{
		`null`: "", `{}`: "", `{"state":null}`: "", `{"state":"not_started"}`: "not_started",
		`{"id":7,"state":"ended","created_at":{},"data":"x","config":[]}`: "ended",
	} {
		parsed, err := gabber.Decode([]byte(`{"type":"realtime_session.state_changed","payload":{"previous_realtime_session":` + previous +
			`,"current_realtime_session":{"id":"s","state":"ended"}}}`))
		if want := []string{"s", state, "ended"}; err != nil || !slices.Equal(parsed.Identity, want) {
			t.Errorf("%s: identity %q, error %v", previous, parsed.Identity, err)
		}
	}
}

// A session may know more than telephone numbers, and of any shape.
func TestParseStateChanged_otherFacts(t *testing.T) {
	const phone = `{"value":"+12025550143","type":"caller_phone_number"}`
	for _, other := range []string{`{"type":"latency","value":5}`, `{"type":"route","value":{"type":5}}`, `{"type":null,"value":[]}`, `{"value":{}}`, `null`} {
		got, err := gabber.ParseStateChanged([]byte(`{"type":"realtime_session.state_changed","payload":{"current_realtime_session":{"id":"s","state":"ended","data":[` +
			other + `,` + phone + `]}}}`))
		if err != nil || len(got.Current.Data) != 2 || got.Current.Data[0].Value != "" || got.Current.Data[1].Value != "+12025550143" {
			t.Errorf("%s: %v, error %v", other, len(got.Current.Data), err)
		}
	}
}

func TestDecode_keepsTheTypeOfAnUnusablePayload(t *testing.T) {
	for _, body := range []string{
		`{"type":"usage.tracked"}`,
		`{"payload":{"type":"token_cnt","value":-1},"type":"usage.tracked"}`,
	} {
		parsed, err := gabber.Decode([]byte(body))
		if err == nil || parsed.Type != "usage.tracked" {
			t.Errorf("type %q, error %v", parsed.Type, err)
		}
	}
}

func TestDecode_unknownTypes(t *testing.T) {
	for _, name := range []string{"foo.bar", "Usage.Tracked", "usage.tracked ", "uſage.tracked", "usage", "…", strings.Repeat("a", 128)} {
		parsed, err := gabber.Decode(fmt.Appendf(nil, `{"type":%q,"payload":{"value":-1}}`, name))
		if err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if parsed.Type != name || parsed.Known || parsed.Payload != nil || parsed.Identity != nil || parsed.Group != "" {
			t.Errorf("%q: got %+v", name, parsed)
		}
	}
}

// Unknown members change nothing.
func TestParseUsageTracked_extraMembers(t *testing.T) {
	for _, c := range []struct{ name, body string }{
		{"TYPE beside type", `{"TYPE":"foo.bar","type":"usage.tracked","payload":{"type":"t","value":30}}`},
		{"Kelvin sign in a key", usage(`"value":30,"toKen":1`)},
		{"future fields", usage(`"value":30,"rate":{"per":"minute"}`)},
		{"credits, balance, amount", usage(`"value":30,"credits":-999,"balance":1e9,"amount":-1`)},
		{"__proto__, constructor, $ref", usage(`"value":30,"__proto__":{"value":1},"constructor":{},"$ref":"#"`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := gabber.ParseUsageTracked([]byte(c.body))
			if err != nil || got.Value != "30" {
				t.Errorf("value %s, error %v", got.Value, err)
			}
		})
	}
}

// usage is a usage.tracked of conversational seconds with these other members.
func usage(members string) string {
	return `{"type":"usage.tracked","payload":{"type":"conversational_seconds",` + members + `}}`
}
