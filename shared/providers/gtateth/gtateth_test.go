package gtateth_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/providers/gtateth"
	"github.com/webhook-functions/template/shared/webhook"
)

// Nothing is read of an event of an unknown type, so no member costs it.
func TestDecode_unknownTypes(t *testing.T) {
	got, err := gtateth.Decode([]byte(`{"event":"foo.bar","timestamp":1762160000,"data":{"_id":7,"updatedAt":[]}}`))
	if err != nil || !reflect.DeepEqual(got, webhook.Parsed{Type: "foo.bar"}) {
		t.Errorf("got %+v, error %v", got, err)
	}
}

// body is a conversation.updated at noon with this data.
func body(data string) string {
	return `{"event":"conversation.updated","timestamp":"2025-11-21T12:00:00Z","data":` + data + `}`
}

// A customer is an id or an object.
func TestUsage_whom(t *testing.T) {
	for _, c := range []struct{ name, value, id, reason string }{
		{"id", `"x"`, "x", ""},
		{"object", `{ "_id":"x", "profile":{} }`, "x", ""},
		{"object without id, as documented", `{"profile":{}}`, "", ""},
		{"null", `null`, "", ""},
		{"object with id null", `{"_id":null}`, "", ""},
		{"number", `7`, "", "data.customerId is neither an id nor an object"},
		{"array", `["x"]`, "", "data.customerId is neither an id nor an object"},
		{"true", `true`, "", "data.customerId is neither an id nor an object"},
		{"object with a number", `{"_id":7}`, "", "data.customerId._id is not a string"},
		{"control character", `"x\u0000"`, "", "data.customerId has an id that contains a control character"},
		{"too long", `"` + strings.Repeat("x", 257) + `"`, "", "data.customerId has an id that is longer than 256 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := gtateth.Decode([]byte(`{"event":"call.completed","data":{"callId":"c","duration":9.50,"customerId":` + c.value + `}}`))
			if c.reason != "" {
				if err == nil || err.Error() != c.reason {
					t.Fatalf("reason is %v, want %q", err, c.reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := parsed.Payload.(webhook.UsageReporter).Usage()
			want := webhook.Usage{ID: "c", Whom: c.id, Type: "call_seconds", Value: "9.50", Key: []string{"call.completed", "call", "c"}, Meaning: []string{c.id, "9.5"}}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("charged to %q as %q with the meaning %q, error %v", got.Whom, got.Key, got.Meaning, err)
			}
		})
	}
}

func TestState(t *testing.T) {
	at := func(text string) time.Time { return envelope.Time("2026-11-21T09:00:" + text + "Z") }
	const timestamp = `"timestamp":"2026-11-21T09:00:00Z"`
	for _, c := range []struct {
		name, event, data string
		want              webhook.State
	}{
		{"created", "customer.created", `{"_id":"c"}`, webhook.State{ID: "c", Changed: at("00")}},
		{"updated", "customer.updated", `{"_id":"c","updatedAt":"2026-11-21T09:00:01Z"}`, webhook.State{ID: "c", Stage: 1, Changed: at("01")}},
		{"a time that is none", "user.updated", `{"_id":"u","updatedAt":"yesterday"}`, webhook.State{ID: "u", Stage: 1}},
		{"without an id", "conversation.closed", `{}`, webhook.State{Stage: 1, Changed: at("00")}},
		{"a call begins", "call.initiated", `{"callId":"k"}`, webhook.State{ID: "k", Changed: at("00")}},
		{"a call rings", "call.ringing", `{"callId":"k","_id":"c"}`, webhook.State{ID: "k", Stage: 1, Changed: at("00")}},
		{"a call is answered", "call.answered", `{"_id":"c"}`, webhook.State{ID: "c", Stage: 2, Changed: at("00")}},
		{"a call ends", "call.completed", `{"callId":"k"}`, webhook.State{ID: "k", Stage: 3, Changed: at("00")}},
		{"a call fails", "call.failed", `{"callId":"k"}`, webhook.State{ID: "k", Stage: 3, Changed: at("00")}},
		{"a recording is not its call", "call.recording.available", `{"callId":"k","_id":"r"}`, webhook.State{ID: "r", Stage: 1, Changed: at("00")}},
		{"a message", "message.sent", `{"_id":"m","conversationId":{"_id":"v"},"createdAt":"2026-11-21T09:00:02Z"}`,
			webhook.State{ID: "m", Stage: 1, Changed: at("00"), Created: at("02"), Conversation: "v"}},
		{"a message that says no time", "message.received", `{"_id":"m","conversationId":"v"}`, webhook.State{ID: "m", Stage: 1, Changed: at("00"), Created: at("00"), Conversation: "v"}},
	} {
		body := []byte(`{"event":"` + c.event + `",` + timestamp + `,"data":` + c.data + `}`)
		parsed, err := gtateth.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		c.want.Data = []byte(c.data)
		got, err := parsed.Payload.(webhook.StateReporter).State(body)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: stage %d, changed %v, created %v, conversation %q, error %v", c.name, got.Stage, got.Changed, got.Created, got.Conversation, err)
		}
		if got := gtateth.Platform.Conversation([]byte(c.data)); got != c.want.Conversation {
			t.Errorf("%s: conversation %q", c.name, got)
		}
	}
}

// A message is listed by the time of writing, so that time is read or the event is
// a dead letter.
func TestState_damagedMessage(t *testing.T) {
	body := []byte(`{"event":"message.sent","data":{"_id":"m","createdAt":7}}`)
	parsed, err := gtateth.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Payload.(webhook.StateReporter).State(body); err == nil {
		t.Error("a number was read as a time")
	}
}

func TestIdentity(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"updatedAt", body(`{"_id":"c","updatedAt":"u"}`), []string{"c", "u"}},
		{"timestamp", body(`{"_id":"c"}`), []string{"c", "2025-11-21T12:00:00Z"}},
		{"updatedAt null", body(`{"_id":"c","updatedAt":null}`), []string{"c", "2025-11-21T12:00:00Z"}},
		{"a retry with a new timestamp", `{"event":"conversation.updated","timestamp":"later","data":{"_id":"c","updatedAt":"u"}}`, []string{"c", "u"}},
		{"no id", body(`{"updatedAt":"u"}`), nil},
		{"id empty", body(`{"_id":"","updatedAt":"u"}`), nil},
		{"no moment", `{"event":"conversation.updated","data":{"_id":"c"}}`, nil},
		{"call", `{"event":"call.ringing","timestamp":"t","data":{"callId":"k"}}`, []string{"k", "t"}},
		{"call with both ids", `{"event":"call.ringing","timestamp":"t","data":{"_id":"c","callId":"k"}}`, []string{"k", "t"}},
		{"call with _id alone", `{"event":"call.ringing","timestamp":"t","data":{"_id":"c"}}`, []string{"c", "t"}},
		{"call with neither", `{"event":"call.ringing","timestamp":"t","data":{}}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := gtateth.Decode([]byte(c.body))
			if err != nil || !parsed.Known || !reflect.DeepEqual(parsed.Identity, c.want) {
				t.Errorf("identity %q, error %v", parsed.Identity, err)
			}
		})
	}
}

func TestGroup_withoutAConversation(t *testing.T) {
	for _, event := range []string{"message.sent", "call.ringing"} {
		parsed, err := gtateth.Decode(fmt.Appendf(nil, `{"event":%q,"data":{"_id":"x"}}`, event))
		if err != nil || parsed.Group != "x" {
			t.Errorf("%s: group %q, error %v", event, parsed.Group, err)
		}
	}
}

func TestDecode_unusableBodies(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"no event", `{"timestamp":"t","data":{}}`, "event is missing"},
		{"no data", `{"event":"user.created"}`, "data is missing"},
		{"no data, unknown type", `{"event":"foo.bar"}`, "data is missing"},
		{"timestamp a number", `{"event":"user.created","timestamp":1,"data":{}}`, "timestamp is not a string"},
		{"newline in the timestamp", `{"event":"user.created","timestamp":"a\nb","data":{}}`, "timestamp contains a control character"},
		{"newline in updatedAt", body(`{"updatedAt":"a\nb"}`), "data.updatedAt contains a control character"},
		{"id a number", body(`{"_id":7}`), "data._id is not a string"},
		{"id too long", body(`{"_id":"` + strings.Repeat("c", 257) + `"}`), "data._id is longer than 256 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := gtateth.Decode([]byte(c.body))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("reason is %v, want %q", err, c.want)
			}
		})
	}
}
