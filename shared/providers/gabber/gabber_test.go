package gabber_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/providers/gabber"
)

// Bodies that were signed and are still no event. The reason goes to the dead
// letters, so it is part of what is tested.
func TestDecode_unusableBodies(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"type missing", `{}`, "type is missing"},
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
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("reason is %v, want %q", err, c.want)
			}
			if parsed.Known || parsed.Payload != nil || parsed.Identity != nil || parsed.Type == "" && c.body != `{}` {
				t.Error("an unusable body has a payload, or no type although it names one")
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
func TestStateChanged_otherFacts(t *testing.T) {
	const phone = `{"value":"+12025550143","type":"caller_phone_number"}`
	for _, other := range []string{`{"type":"latency","value":5}`, `{"type":"route","value":{"type":5}}`, `{"type":null,"value":[]}`, `{"value":{}}`, `null`} {
		got := as[gabber.StateChanged](t, `{"type":"realtime_session.state_changed","payload":{"current_realtime_session":{"id":"s","state":"ended","data":[`+
			other+`,`+phone+`]}}}`)
		if len(got.Current.Data) != 2 || got.Current.Data[0].Value != "" || got.Current.Data[1].Value != "+12025550143" {
			t.Errorf("%s: %d facts, or a number was misread", other, len(got.Current.Data))
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

// as gives the payload of a body.
func as[P envelope.Payload](t *testing.T, body string) P {
	t.Helper()
	payload, err := envelope.As[P](gabber.Decode([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func sample(t testing.TB, name string) string {
	t.Helper()
	body, err := events.Body("gabber", name)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestToolCallsFinished(t *testing.T) {
	got := as[gabber.ToolCallsFinished](t, sample(t, "tool.calls_finished"))
	if len(got.Calls) != 2 || len(got.Results) != 2 {
		t.Fatalf("%d calls, %d results", len(got.Calls), len(got.Results))
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

func TestStateChanged(t *testing.T) {
	got := as[gabber.StateChanged](t, sample(t, "realtime_session.state_changed.ended"))
	if got.Previous == nil || got.Previous.State != "in_progress" || got.Current.EndedAt == "" {
		t.Error("the move was misread")
	}
	if d := got.Current.Data; len(d) != 2 || d[0].Type != "caller_phone_number" || d[0].Value != "+12025550143" {
		t.Error("the telephone numbers were misread")
	}
	if got.Current.Human != "member-20417" || got.Current.Simulated {
		t.Error("human or simulated was misread")
	}
}

func TestMessageCommitted_sessionHasTwoPlaces(t *testing.T) {
	for _, body := range []string{
		`{"type":"realtime_session.message_committed","payload":{"realtime_session_id":"s","message":{"id":"m"}}}`,
		`{"type":"realtime_session.message_committed","payload":{"message":{"id":"m","realtime_session":"s"}}}`,
	} {
		got := as[gabber.MessageCommitted](t, body)
		if got.Session() != "s" {
			t.Errorf("%s: session %q", body, got.Session())
		}
	}
}

// BenchmarkDecode decodes a usage event as the platform sends it, without white space: a
// short one, and one of 1 KiB.
func BenchmarkDecode(b *testing.B) {
	var short bytes.Buffer
	if err := json.Compact(&short, []byte(sample(b, "usage.tracked"))); err != nil {
		b.Fatal(err)
	}
	long := short.Bytes()
	for i := 0; len(long) < 1000; i++ {
		long = bytes.Replace(long, []byte(`"metadata":{`), fmt.Appendf(nil, `"metadata":{"fact_%d":%q,`, i, strings.Repeat("m", 40)), 1)
	}
	for name, body := range map[string][]byte{"short": short.Bytes(), "1 KiB": long} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := gabber.Decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
