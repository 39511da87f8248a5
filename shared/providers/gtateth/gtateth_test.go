package gtateth_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers/gtateth"
	"github.com/webhook-functions/template/shared/webhook"
)

type (
	conversation = gtateth.Event[gtateth.Conversation]
	customer     = gtateth.Event[gtateth.Customer]
	message      = gtateth.Event[gtateth.Message]
	user         = gtateth.Event[gtateth.User]
	call         = gtateth.Event[gtateth.Call]
)

const (
	conversationID = "6740b1f2a9c3d45e8f701122"
	customerID     = "673fe0c7b1d24a5f9e803344"
	userID         = "672aa9d0c4e83b6f1a905566"
	callID         = "6740c3b4d5e6f708192a3b4c"
)

// samples says what every body in events/g-tateth is: the moment is updatedAt,
// or the timestamp where there is none.
var samples = map[string]struct {
	payload   any
	id        string
	moment    string
	concerned string
}{
	"conversation.created":     {conversation{}, conversationID, "2025-11-21T15:00:02.114Z", conversationID},
	"conversation.updated":     {conversation{}, conversationID, "2025-11-21T15:04:40.006Z", conversationID},
	"conversation.assigned":    {conversation{}, conversationID, "2025-11-21T15:05:12.551Z", conversationID},
	"conversation.closed":      {conversation{}, conversationID, "2025-11-21T16:31:09.870Z", conversationID},
	"customer.created":         {customer{}, customerID, "2025-11-21T14:59:58.730Z", customerID},
	"customer.updated":         {customer{}, customerID, "2025-11-21T15:20:00.318Z", customerID},
	"message.received":         {message{}, "6740b2a3c4d5e6f708192a3b", "2025-11-21T15:00:03Z", conversationID},
	"message.sent":             {message{}, "6740b39ed1e2f30415263748", "2025-11-21T15:06:30Z", conversationID},
	"user.created":             {user{}, userID, "2025-11-20T09:00:00.000Z", userID},
	"user.updated":             {user{}, userID, "2025-11-21T08:12:44.103Z", userID},
	"call.initiated":           {call{}, callID, "2025-11-21T15:10:00Z", conversationID},
	"call.ringing":             {call{}, callID, "2025-11-21T15:10:02Z", conversationID},
	"call.answered":            {call{}, callID, "2025-11-21T15:10:09Z", conversationID},
	"call.completed":           {call{}, callID, "2025-11-21T15:14:21Z", conversationID},
	"call.failed":              {call{}, "6740c9aa0b1c2d3e4f506172", "2025-11-21T15:40:33Z", conversationID},
	"call.recording.available": {call{}, callID, "2025-11-21T15:15:02Z", conversationID},
}

func TestSamples(t *testing.T) {
	for name, want := range samples {
		t.Run(name, func(t *testing.T) {
			got, err := gtateth.Decode(sample(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if reflect.TypeOf(got.Payload) != reflect.TypeOf(want.payload) {
				t.Errorf("payload is a %T, want a %T", got.Payload, want.payload)
			}
			got.Payload = nil
			parsed := webhook.Parsed{Type: name, Known: true, Identity: []string{want.id, want.moment}, Group: want.concerned}
			if !reflect.DeepEqual(got, parsed) {
				t.Errorf("got %+v, want %+v", got, parsed)
			}
		})
	}
	for _, name := range events.Names("g-tateth") {
		if _, ok := samples[name]; !ok && name != "test-event.guess" {
			t.Errorf("sample %s is not described here", name)
		}
	}
}

func TestTheTestEventIsUnknown(t *testing.T) {
	got, err := gtateth.Decode(sample(t, "test-event.guess"))
	if err != nil || !reflect.DeepEqual(got, webhook.Parsed{Type: "webhook.test"}) {
		t.Errorf("got %+v, error %v", got, err)
	}
}

// Nothing is read of an event of an unknown type, so no member costs it.
func TestAnUnknownTypeHasNoTypedMembers(t *testing.T) {
	got, err := gtateth.Decode([]byte(`{"event":"foo.bar","timestamp":1762160000,"data":{"_id":7,"updatedAt":[]}}`))
	if err != nil || !reflect.DeepEqual(got, webhook.Parsed{Type: "foo.bar"}) {
		t.Errorf("got %+v, error %v", got, err)
	}
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	body, err := events.Body("g-tateth", name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestFieldsOfConversation(t *testing.T) {
	got, err := gtateth.ParseConversation(sample(t, "conversation.assigned"))
	if err != nil {
		t.Fatal(err)
	}
	c := got.Data
	if got.Timestamp != "2025-11-21T15:05:12Z" || c.Status != "open" || c.Priority != "high" || c.AssignedTo.ID != userID {
		t.Error("the conversation was misread")
	}
	if c.CustomerID.ID != customerID || !strings.Contains(string(c.CustomerID.Object), "noor.placeholder@example.com") {
		t.Error("the customer inside the conversation was misread")
	}
}

func TestFieldsOfCustomer(t *testing.T) {
	got, err := gtateth.ParseCustomer(sample(t, "customer.updated"))
	want := gtateth.Profile{
		FirstName: "Noor", LastName: "Placeholder", Email: "noor.placeholder@example.com",
		Phone: "+442079460958", Company: "Example Bikes Ltd", JobTitle: "Buyer",
	}
	if err != nil || got.Data.Profile != want || got.Data.Tier != "gold" || len(got.Data.Tags) != 2 {
		t.Errorf("the customer was misread, error %v", err)
	}
}

func TestFieldsOfMessage(t *testing.T) {
	got, err := gtateth.ParseMessage(sample(t, "message.sent"))
	if err != nil || got.Data.Text != "It left the depot today." || got.Data.Direction != "outbound" || got.Data.SenderID.ID != userID {
		t.Errorf("the message was misread, error %v", err)
	}
}

func TestFieldsOfUser(t *testing.T) {
	got, err := gtateth.ParseUser(sample(t, "user.updated"))
	if err != nil || got.Data.Email != "sam.testcase@example.com" || got.Data.Role != "admin" || !got.Data.IsActive {
		t.Errorf("the user was misread, error %v", err)
	}
}

func TestFieldsOfCall(t *testing.T) {
	got, err := gtateth.ParseCall(sample(t, "call.recording.available"))
	if err != nil || got.Data.Duration != "252" || !got.Data.RecordingEnabled || !strings.HasPrefix(got.Data.RecordingURL, "https://recordings.example.com/") {
		t.Errorf("the call was misread, error %v", err)
	}
}

func TestParseRefusesAnotherModel(t *testing.T) {
	if _, err := gtateth.ParseCall(sample(t, "user.created")); err == nil {
		t.Error("a user was read as a call")
	}
}

// body is a conversation.updated at noon with this data.
func body(data string) string {
	return `{"event":"conversation.updated","timestamp":"2025-11-21T12:00:00Z","data":` + data + `}`
}

func TestRefs(t *testing.T) {
	for _, c := range []struct{ name, value, id, object, reason string }{
		{"id", `"x"`, "x", "", ""},
		{"object", `{ "_id":"x", "profile":{} }`, "x", `{ "_id":"x", "profile":{} }`, ""},
		{"object without id, as documented", `{"profile":{}}`, "", `{"profile":{}}`, ""},
		{"null", `null`, "", "", ""},
		{"object with id null", `{"_id":null}`, "", `{"_id":null}`, ""},
		{"number", `7`, "", "", "data.customerId is neither an id nor an object"},
		{"array", `["x"]`, "", "", "data.customerId is neither an id nor an object"},
		{"true", `true`, "", "", "data.customerId is neither an id nor an object"},
		{"object with a number", `{"_id":7}`, "", "", "data.customerId._id is not a string"},
		{"control character", `"x\u0000"`, "", "", "data.customerId has an id that contains a control character"},
		{"too long", `"` + strings.Repeat("x", 257) + `"`, "", "", "data.customerId has an id that is longer than 256 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := gtateth.ParseCall([]byte(`{"event":"call.completed","data":{"customerId":` + c.value + `}}`))
			if c.reason != "" {
				if err == nil || err.Error() != c.reason {
					t.Fatalf("reason is %v, want %q", err, c.reason)
				}
				return
			}
			if ref := got.Data.CustomerID; err != nil || ref.ID != c.id || string(ref.Object) != c.object {
				t.Errorf("id %q, object %q, error %v", ref.ID, ref.Object, err)
			}
		})
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

func TestWithoutAConversationTheObjectIsConcerned(t *testing.T) {
	for _, event := range []string{"message.sent", "call.ringing"} {
		parsed, err := gtateth.Decode(fmt.Appendf(nil, `{"event":%q,"data":{"_id":"x"}}`, event))
		if err != nil || parsed.Group != "x" {
			t.Errorf("%s: group %q, error %v", event, parsed.Group, err)
		}
	}
}

func TestUnusableBodies(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"null", `null`, "the document is null"},
		{"no event", `{"timestamp":"t","data":{}}`, "event is missing"},
		{"event an object", `{"event":{},"data":{}}`, "event is not a string"},
		{"no data", `{"event":"user.created"}`, "data is missing"},
		{"no data, unknown type", `{"event":"foo.bar"}`, "data is missing"},
		{"data an array", `{"event":"user.created","data":[]}`, "data is not an object"},
		{"timestamp a number", `{"event":"user.created","timestamp":1,"data":{}}`, "timestamp is not a string"},
		{"newline in the timestamp", `{"event":"user.created","timestamp":"a\nb","data":{}}`, "timestamp contains a control character"},
		{"newline in updatedAt", body(`{"updatedAt":"a\nb"}`), "data.updatedAt contains a control character"},
		{"id a number", body(`{"_id":7}`), "data._id is not a string"},
		{"id too long", body(`{"_id":"` + strings.Repeat("c", 257) + `"}`), "data._id is longer than 256 bytes"},
		{"NUL in the event", `{"event":"user.created\u0000","data":{}}`, "the event type contains a control character"},
		{"label twice", body(`{"labels":[],"labels":[]}`), "duplicate key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := gtateth.Decode([]byte(c.body))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("reason is %v, want %q", err, c.want)
			}
		})
	}
}

func TestCustomersAreNotPrinted(t *testing.T) {
	got, err := gtateth.ParseConversation(sample(t, "conversation.created"))
	if out := fmt.Sprintf("%v %+v %#v %v %v", got, got, got, got.Data, got.Data.CustomerID); err != nil || strings.Contains(out, "oor") {
		t.Errorf("a customer was printed, error %v", err)
	}
}

func FuzzGTatethDecode(f *testing.F) {
	for _, name := range events.Names("g-tateth") {
		f.Add(string(sample(f, name)))
	}
	const canary = "C4NARY"
	f.Add(`{"` + canary + `":1,"` + canary + `":2}`)
	f.Add(`{"event":"` + canary + `\u0000","data":{}}`)
	f.Add(body(`{"customerId":{"_id":{"` + canary + `":1}}}`))
	f.Add(body(`{"assignedTo":"` + canary + `\u0000"}`))
	f.Fuzz(func(t *testing.T, body string) {
		parsed, err := gtateth.Decode([]byte(body))
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the error repeats the body: %v", err)
		}
		if (err == nil && parsed.Type == "") || parsed.Known != (parsed.Payload != nil) || (err != nil && parsed.Known) {
			t.Errorf("contradiction: known %v, error %v", parsed.Known, err)
		}
	})
}
