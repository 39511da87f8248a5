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
func TestUnusableBodies(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"text", `not json`, "not JSON"},
		{"cut after the brace", `{`, "not JSON"},
		{"cut inside a string", `{"type":"usage.tr`, "not JSON"},
		{"cut inside a number", `{"type":"usage.tracked","payload":{"value":3`, "not JSON"},
		{"cut inside an escape", `{"type":"usage\u00`, "not JSON"},
		{"array", `[]`, "the document is not an object"},
		{"string", `"x"`, "the document is not an object"},
		{"number", `1`, "the document is not an object"},
		{"true", `true`, "the document is not an object"},
		{"null", `null`, "the document is null"},
		{"empty object", `{}`, "type is missing"},
		{"empty body", ``, "not JSON"},
		{"two values", `{"type":"a","payload":{}} {}`, "not JSON"},
		{"byte order mark", "\xef\xbb\xbf" + `{"type":"a","payload":{}}`, "not JSON"},
		{"comment", `{"type":"a",/*x*/"payload":{}}`, "not JSON"},
		{"single quotes", `{'type':'a','payload':{}}`, "not JSON"},
		{"unquoted key", `{type:"a","payload":{}}`, "not JSON"},
		{"trailing comma", `{"type":"a","payload":{},}`, "not JSON"},
		{"NaN", `{"type":"a","payload":{"value":NaN}}`, "not JSON"},
		{"Infinity", `{"type":"a","payload":{"value":Infinity}}`, "not JSON"},
		{"-Infinity", `{"type":"a","payload":{"value":-Infinity}}`, "not JSON"},
		{"type twice", `{"type":"a","type":"b","payload":{}}`, "duplicate key"},
		{"payload twice", `{"type":"a","payload":{},"payload":{}}`, "duplicate key"},
		{"value twice", usage(`"value":1,"value":1000000`), "duplicate key"},
		{"human_id twice", usage(`"value":1,"human_id":"a","human_id":"b"`), "duplicate key"},
		{"a key twice once unescaped", usage(`"value":1,"\u0076alue":1000000`), "duplicate key"},
		{"a key twice where nobody reads", `{"type":"a","payload":{"x":[{"y":1,"y":2}]}}`, "duplicate key"},
		{"Type", `{"Type":"usage.tracked","payload":{}}`, "type is missing"},
		{"PAYLOAD", `{"type":"usage.tracked","PAYLOAD":{}}`, "payload is missing"},
		{"Value", usage(`"Value":30`), "payload.value is missing"},
		{"nested 10001 deep", `{"type":"a","payload":{"x":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001) + `}}`, "nested too deep"},
		{"half a million brackets", strings.Repeat("[", 500_000), "nested too deep"},
		{"NUL in the type", `{"type":"usage.tracked\u0000","payload":{}}`, "the event type contains a control character"},
		{"NUL in the id", usage(`"value":1,"id":"a\u0000"`), "payload.id contains a control character"},
		{"NUL in the human", usage(`"value":1,"human":"a\u0000"`), "payload.human contains a control character"},
		{"invalid UTF-8", usage(`"value":1,"human":"` + "\xff" + `"`), "invalid UTF-8"},
		{"overlong UTF-8", usage(`"value":1,"human":"` + "\xc0\xaf" + `"`), "invalid UTF-8"},
		{"surrogate in UTF-8", usage(`"value":1,"human":"` + "\xed\xa0\x80" + `"`), "invalid UTF-8"},
		{"control character in a string", "{\"type\":\"a\tb\",\"payload\":{}}", "not JSON"},
		{"payload missing", `{"type":"usage.tracked"}`, "payload is missing"},
		{"payload missing, unknown type", `{"type":"foo.bar"}`, "payload is missing"},
		{"payload null", `{"type":"usage.tracked","payload":null}`, "payload is null"},
		{"payload an array", `{"type":"usage.tracked","payload":[]}`, "payload is not an object"},
		{"payload a string that holds JSON", `{"type":"usage.tracked","payload":"{}"}`, "payload is not an object"},
		{"type null", `{"type":null,"payload":{}}`, "type is null"},
		{"type a number", `{"type":1,"payload":{}}`, "type is not a string"},
		{"type an object", `{"type":{},"payload":{}}`, "type is not a string"},
		{"type empty", `{"type":"","payload":{}}`, "type is empty"},
		{"type of 10 kB", `{"type":"` + strings.Repeat("a", 10_000) + `","payload":{}}`, "the event type is longer than 128 bytes"},
		{"Chatbase's envelope", `{"eventType":"leads.submit","chatbotId":"b","payload":{}}`, "type is missing"},
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
func TestFormsOfThePreviousSession(t *testing.T) {
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
func TestFactsOfASessionThatAreNotRead(t *testing.T) {
	const phone = `{"value":"+12025550143","type":"caller_phone_number"}`
	for _, other := range []string{`{"type":"latency","value":5}`, `{"type":"route","value":{"type":5}}`, `{"type":null,"value":[]}`, `{"value":{}}`, `null`} {
		got, err := gabber.ParseStateChanged([]byte(`{"type":"realtime_session.state_changed","payload":{"current_realtime_session":{"id":"s","state":"ended","data":[` +
			other + `,` + phone + `]}}}`))
		if err != nil || len(got.Current.Data) != 2 || got.Current.Data[0].Value != "" || got.Current.Data[1].Value != "+12025550143" {
			t.Errorf("%s: %v, error %v", other, len(got.Current.Data), err)
		}
	}
}

func TestTheTypeOfAnUnusablePayloadIsKept(t *testing.T) {
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

func TestUnknownTypesPassThrough(t *testing.T) {
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

// Members nobody knows change nothing.
func TestExtraMembersAreIgnored(t *testing.T) {
	many := new(strings.Builder)
	for i := range 50_000 {
		fmt.Fprintf(many, `,"key%d":0`, i)
	}
	for _, c := range []struct{ name, body string }{
		{"TYPE beside type", `{"TYPE":"foo.bar","type":"usage.tracked","payload":{"type":"t","value":30}}`},
		{"Kelvin sign in a key", usage(`"value":30,"toKen":1`)},
		{"future fields", usage(`"value":30,"rate":{"per":"minute"}`)},
		{"credits, balance, amount", usage(`"value":30,"credits":-999,"balance":1e9,"amount":-1`)},
		{"__proto__, constructor, $ref", usage(`"value":30,"__proto__":{"value":1},"constructor":{},"$ref":"#"`)},
		{"50,000 keys", usage(`"value":30` + many.String())},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := gabber.ParseUsageTracked([]byte(c.body))
			if err != nil || got.Value != "30" {
				t.Errorf("value %s, error %v", got.Value, err)
			}
		})
	}
}

func TestTextIsKeptByteForByte(t *testing.T) {
	const odd = "\uFFFE\uFFFF\U0001FFFE\u2028\u2029🙂\u202e<script>&"
	got, err := gabber.ParseMessageCommitted([]byte(
		`{"type":"realtime_session.message_committed","payload":{"message":{"id":"m","content":[{"type":"text","text":"` + odd + `"}]}}}`))
	if err != nil || got.Message.Content[0].Text != odd {
		t.Errorf("text was changed, error %v", err)
	}
}

// usage is a usage.tracked of conversational seconds with these other members.
func usage(members string) string {
	return `{"type":"usage.tracked","payload":{"type":"conversational_seconds",` + members + `}}`
}
