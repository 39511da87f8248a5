package protocol_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers/protocol"
	"github.com/webhook-functions/template/shared/webhook"
)

// Every sample is named after its event type. No event has an identity of its
// own: the envelope's id is not to be trusted.
func TestSamples(t *testing.T) {
	models := map[string]any{
		"contact":      protocol.Contact{},
		"conversation": protocol.Conversation{},
		"message":      protocol.Message{},
		"group":        protocol.Group{},
		"attachment":   protocol.Attachment{},
	}
	groups := map[string]string{
		"contact":      "Qm3ZtK8wPd0RfVxN", // the contact
		"conversation": "b7LhT2sYcJ9kWqEe", // the conversation
		"message":      "b7LhT2sYcJ9kWqEe", // its conversation
		"group":        "k1DdP9mXoY3eSbQz", // its conversation
		"attachment":   "nX5vRa1GuF6oDzMi", // its message
	}
	for _, vendor := range []string{"cribbly", "oblic"} {
		names := events.Names(vendor)
		if len(names) != 15 {
			t.Errorf("%s has %d samples, not 15", vendor, len(names))
		}
		for _, name := range names {
			t.Run(vendor+" "+name, func(t *testing.T) {
				model, _, _ := strings.Cut(name, ".")
				got, err := protocol.Decode(sample(t, vendor, name))
				if err != nil {
					t.Fatal(err)
				}
				if reflect.TypeOf(got.Payload) != reflect.TypeOf(models[model]) {
					t.Errorf("payload is a %T, want a %T", got.Payload, models[model])
				}
				got.Payload = nil
				if want := (webhook.Parsed{Type: name, Known: true, Group: groups[model]}); !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, want %+v", got, want)
				}
			})
		}
	}
}

func sample(t testing.TB, vendor, name string) []byte {
	t.Helper()
	body, err := events.Body(vendor, name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestFieldsOfContact(t *testing.T) {
	got, err := protocol.ParseContact(sample(t, "oblic", "contact.updated"))
	want := protocol.Contact{
		Object:         protocol.Object{ID: "Qm3ZtK8wPd0RfVxN"},
		Username:       "RobinSample",
		PhoneNumber:    "1-202-555-0143",
		AvatarURL:      "https://assets.oblic.example.com/avatars/robin.png",
		DisplayName:    "Robin (reception)",
		ConversationID: "b7LhT2sYcJ9kWqEe",
		LastActiveAt:   1763737810,
		CreatedAt:      1748772000,
	}
	if err != nil || got != want {
		t.Errorf("the contact was misread, error %v", err)
	}
}

func TestFieldsOfConversation(t *testing.T) {
	got, err := protocol.ParseConversation(sample(t, "oblic", "conversation.updated"))
	want := protocol.Conversation{
		Object:       protocol.Object{ID: "b7LhT2sYcJ9kWqEe"},
		ContactID:    "Qm3ZtK8wPd0RfVxN",
		IsMuted:      true,
		LastActiveAt: 1763737322,
		LastOpenedAt: 1763737340,
		CreatedAt:    1763737200,
	}
	if err != nil || got != want {
		t.Errorf("the conversation was misread, error %v", err)
	}
}

func TestFieldsOfMessage(t *testing.T) {
	got, err := protocol.ParseMessage(sample(t, "cribbly", "message.updated"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Text != `Is the 3 < 4 & "5" offer still on? It’s for Zoë 🙂` || got.Contact == nil || got.Contact.Username != "RobinSample" {
		t.Error("text or contact was misread")
	}
	if want := []protocol.Reaction{{"thumbs_up": {"NoorPlaceholder"}}}; !reflect.DeepEqual(got.Reactions, want) {
		t.Error("the reactions were misread")
	}
	if len(got.Attachments) != 1 || got.Attachments[0].FileSize != 48213 {
		t.Error("the attachment was misread")
	}
	if got.ReadAt != 1763737401 || got.CreatedAt != 1763737322 || got.UpdatedAt != 1763737405 {
		t.Error("the times were misread")
	}
}

func TestFieldsOfGroup(t *testing.T) {
	got, err := protocol.ParseGroup(sample(t, "cribbly", "group.updated"))
	if err != nil || got.Name != "Spring launch" || got.Description != "Everyone on the launch" || len(got.Contacts) != 1 {
		t.Errorf("the group was misread, error %v", err)
	}
}

func TestFieldsOfAttachment(t *testing.T) {
	got, err := protocol.ParseAttachment(sample(t, "cribbly", "attachment.updated"))
	if err != nil || got.Filename != "quote-november-final.pdf" || got.FileType != "application/pdf" || got.MessageID != "nX5vRa1GuF6oDzMi" {
		t.Errorf("the attachment was misread, error %v", err)
	}
}

func TestParseRefusesAnotherModel(t *testing.T) {
	if _, err := protocol.ParseGroup(sample(t, "cribbly", "contact.created")); err == nil {
		t.Error("a contact was read as a group")
	}
}

func TestUsableBodies(t *testing.T) {
	for _, c := range []struct{ name, body string }{
		{"no id on the envelope", `{"type":"contact.created","payload":{"id":"c"}}`},
		{"id null on the envelope", `{"id":null,"type":"contact.created","payload":{"id":"c"}}`},
		{"times of 1991", `{"id":"e","type":"contact.created","payload":{"id":"c","created_at":692233200}}`},
		{"times before 1970", `{"id":"e","type":"contact.created","payload":{"id":"c","created_at":-1}}`},
		{"an address nobody should fetch", `{"id":"e","type":"contact.created","payload":{"id":"c","avatar_url":"http://169.254.169.254/latest/meta-data/"}}`},
		{"times of another type", `{"id":"e","type":"contact.created","payload":{"id":"c","created_at":"now","last_active_at":1.5}}`},
		{"an id on the envelope that is no id", `{"id":"e\u0000","type":"contact.created","payload":{"id":"c"}}`},
		{"fields of tomorrow", `{"id":"e","type":"contact.created","v":2,"payload":{"id":"c","Id":"d","timezone":{}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := protocol.ParseContact([]byte(c.body))
			if err != nil || got.ID != "c" {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestWithoutAConversationTheObjectIsConcerned(t *testing.T) {
	for _, event := range []string{"message.deleted", "group.deleted", "attachment.deleted"} {
		parsed, err := protocol.Decode(fmt.Appendf(nil, `{"id":"e","type":%q,"payload":{"id":"x"}}`, event))
		if err != nil || parsed.Group != "x" {
			t.Errorf("%s: group %q, error %v", event, parsed.Group, err)
		}
	}
}

// The two examples of the docs are different events with one envelope id.
func TestTheEnvelopeIdIsNoIdentity(t *testing.T) {
	for _, eventType := range []string{"conversation.updated", "message.updated"} {
		parsed, err := protocol.Decode(fmt.Appendf(nil, `{"id":"a056V7R7NmNRjl70","type":%q,"payload":{"id":"WAz8eIbvDR60rouK"}}`, eventType))
		if err != nil || !parsed.Known || parsed.Identity != nil {
			t.Errorf("%s: identity %q, error %v", eventType, parsed.Identity, err)
		}
	}
}

func TestUnusableBodies(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"the docs' placeholder", "{\"id\":\"a056V7R7NmNRjl70\",\"type\":\"conversation.updated\",\"payload\":{\"id\":\"WAz8eIbvDR60rouK\"\n// ...\n}}", "not JSON"},
		{"null", `null`, "the document is null"},
		{"no type", `{"id":"e","payload":{"id":"c"}}`, "type is missing"},
		{"no payload", `{"id":"e","type":"contact.created"}`, "payload is missing"},
		{"payload null", `{"id":"e","type":"contact.created","payload":null}`, "payload is null"},
		{"payload without id", `{"id":"e","type":"contact.created","payload":{}}`, "payload.id is missing"},
		{"payload without id, unknown type", `{"id":"e","type":"foo.bar","payload":{}}`, "payload.id is missing"},
		{"id a number", `{"id":"e","type":"contact.created","payload":{"id":7}}`, "payload.id is not a string"},
		{"id too long", `{"id":"e","type":"contact.created","payload":{"id":"` + strings.Repeat("c", 257) + `"}}`, "payload.id is longer than 256 bytes"},
		{"NUL in the id", `{"id":"e","type":"contact.created","payload":{"id":"c\u0000"}}`, "payload.id contains a control character"},
		{"newline in the type", `{"id":"e","type":"contact.created\n","payload":{"id":"c"}}`, "the event type contains a control character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := protocol.Decode([]byte(c.body))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("reason is %v, want %q", err, c.want)
			}
		})
	}
}

func TestUnknownTypesPassThrough(t *testing.T) {
	for _, name := range []string{"contact", "contact.archived", "Contact.created", "reaction.created"} {
		for _, id := range []string{`"e"`, `7`, `null`, `{}`} { // nothing depends on it
			parsed, err := protocol.Decode(fmt.Appendf(nil, `{"id":%s,"type":%q,"payload":{"id":"c","created_at":"now"}}`, id, name))
			if err != nil || !reflect.DeepEqual(parsed, webhook.Parsed{Type: name}) {
				t.Errorf("%q, id %s: error %v", name, id, err)
			}
		}
	}
}

func TestModelsAreNotPrinted(t *testing.T) {
	message, err := protocol.ParseMessage(sample(t, "cribbly", "message.updated"))
	if out := fmt.Sprintf("%v %+v %#v %v", message, message, message, message.Contact); err != nil || strings.Contains(out, "Robin") || strings.Contains(out, "offer") {
		t.Errorf("a message was printed, error %v", err)
	}
}

func FuzzProtocolDecode(f *testing.F) {
	for _, name := range events.Names("cribbly") {
		f.Add(string(sample(f, "cribbly", name)))
	}
	const canary = "C4NARY"
	f.Add(`{"` + canary + `":1,"` + canary + `":2}`)
	f.Add(`{"id":"` + canary + `\u0000","type":"contact.created","payload":{"id":"c"}}`)
	f.Add(`{"type":"message.created","payload":{"id":"m","reactions":[{"` + canary + `":1}]}}`)
	f.Add(`{"type":"message.created","payload":{"id":"m","message":{"` + canary + `":1}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		parsed, err := protocol.Decode([]byte(body))
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the error repeats the body: %v", err)
		}
		if (err == nil && parsed.Type == "") || parsed.Known != (parsed.Payload != nil) || (err != nil && parsed.Known) {
			t.Errorf("contradiction: known %v, error %v", parsed.Known, err)
		}
	})
}
