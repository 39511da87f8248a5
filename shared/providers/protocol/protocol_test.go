package protocol_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/providers/protocol"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestDecode_usableBodies(t *testing.T) {
	for name, body := range map[string]string{
		"no id on the envelope":                  `{"type":"contact.created","payload":{"id":"c"}}`,
		"id null on the envelope":                `{"id":null,"type":"contact.created","payload":{"id":"c"}}`,
		"an id on the envelope that is no id":    `{"id":"e\u0000","type":"contact.created","payload":{"id":"c"}}`,
		"times of 1991":                          `{"id":"e","type":"contact.created","payload":{"id":"c","created_at":692233200}}`,
		"times before 1970":                      `{"id":"e","type":"contact.created","payload":{"id":"c","created_at":-1}}`,
		"times of another type":                  `{"id":"e","type":"contact.created","payload":{"id":"c","created_at":"now","last_active_at":1.5}}`,
		"an address that no one should fetch":    `{"id":"e","type":"contact.created","payload":{"id":"c","avatar_url":"http://169.254.169.254/latest/meta-data/"}}`,
		"fields of tomorrow":                     `{"id":"e","type":"contact.created","v":2,"payload":{"id":"c","Id":"d","timezone":{}}}`,
		"a message of no conversation":           `{"type":"message.deleted","payload":{"id":"c"}}`,
		"a message of a conversation":            `{"type":"message.created","payload":{"id":"m","conversation_id":"c"}}`,
		"a group of no conversation":             `{"type":"group.deleted","payload":{"id":"c"}}`,
		"an attachment of no message":            `{"type":"attachment.deleted","payload":{"id":"c"}}`,
		"the docs' envelope id on an event":      `{"id":"a056V7R7NmNRjl70","type":"conversation.updated","payload":{"id":"c"}}`,
		"the docs' envelope id on another event": `{"id":"a056V7R7NmNRjl70","type":"message.updated","payload":{"id":"c"}}`,
	} {
		parsed, err := protocol.Decode([]byte(body))
		if err != nil || !parsed.Known || parsed.Identity != nil || parsed.Group != "c" {
			t.Errorf("%s: identity %q, group %q, error %v", name, parsed.Identity, parsed.Group, err)
		}
	}
}

func TestDecode_unusableBodies(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"B146 the payload as printed in the docs", "{\"id\":\"a056V7R7NmNRjl70\",\"type\":\"conversation.updated\",\"payload\":{\"id\":\"WAz8eIbvDR60rouK\"\n// ...\n}}", "not JSON"},
		{"no type", `{"id":"e","payload":{"id":"c"}}`, "type is missing"},
		{"no payload", `{"id":"e","type":"contact.created"}`, "payload is missing"},
		{"payload without id", `{"id":"e","type":"contact.created","payload":{}}`, "payload.id is missing"},
		{"payload without id, unknown type", `{"id":"e","type":"foo.bar","payload":{}}`, "payload.id is missing"},
		{"id a number", `{"id":"e","type":"contact.created","payload":{"id":7}}`, "payload.id is not a string"},
		{"id too long", `{"id":"e","type":"contact.created","payload":{"id":"` + strings.Repeat("c", 257) + `"}}`, "payload.id is longer than 256 bytes"},
		{"NUL in the id", `{"id":"e","type":"contact.created","payload":{"id":"c\u0000"}}`, "payload.id contains a control character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := protocol.Decode([]byte(c.body))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("reason is %v, want %q", err, c.want)
			}
		})
	}
}

func TestDecode_unknownTypes(t *testing.T) {
	for _, name := range []string{"contact", "contact.archived", "Contact.created", "reaction.created"} {
		for _, id := range []string{`"e"`, `7`, `null`, `{}`} { // nothing depends on it
			parsed, err := protocol.Decode(fmt.Appendf(nil, `{"id":%s,"type":%q,"payload":{"id":"c","created_at":"now"}}`, id, name))
			if err != nil || !reflect.DeepEqual(parsed, webhook.Parsed{Type: name}) {
				t.Errorf("%q, id %s: error %v", name, id, err)
			}
		}
	}
}

func TestState(t *testing.T) {
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	for _, c := range []struct {
		name, eventType, payload string
		want                     webhook.State
		conversation             string
	}{
		{"created", "contact.created", `{"id":"c","created_at":100,"conversation_id":"v"}`, webhook.State{ID: "c"}, "v"},
		{"updated", "group.updated", `{"id":"g"}`, webhook.State{ID: "g", Stage: 1}, ""},
		{"deleted", "attachment.deleted", `{"id":"a"}`, webhook.State{ID: "a", Stage: 1, Deleted: true}, ""},
		{"a message", "message.created", `{"id":"m","conversation_id":"v","created_at":100}`, webhook.State{ID: "m", Changed: at(100), Created: at(100), Conversation: "v"}, "v"},
		{"a message that was read", "message.updated", `{"id":"m","created_at":100,"read_at":300,"updated_at":200}`, webhook.State{ID: "m", Stage: 1, Changed: at(300), Created: at(100)}, ""},
		{"a message after 2200", "message.updated", `{"id":"m","created_at":9999999999}`, webhook.State{ID: "m", Stage: 1}, ""},
		{"a message that is deleted, of which only the id is read", "message.deleted", `{"id":"m","conversation_id":7}`, webhook.State{ID: "m", Stage: 1, Deleted: true}, ""},
	} {
		body := []byte(`{"type":"` + c.eventType + `","payload":` + c.payload + `}`)
		parsed, err := protocol.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		c.want.Data = []byte(c.payload)
		got, err := parsed.Payload.(webhook.StateReporter).State(body)
		if err != nil || !reflect.DeepEqual(got, c.want) || string(got.Data) != c.payload {
			t.Errorf("%s: stage %d, changed %v, created %v, conversation %q, error %v", c.name, got.Stage, got.Changed, got.Created, got.Conversation, err)
		}
		if got := protocol.Platform("acme", "X-Acme").Conversation([]byte(c.payload)); got != c.conversation {
			t.Errorf("%s: conversation %q", c.name, got)
		}
	}
}

// What decides about order is read as documented or not at all.
func TestState_damagedMessages(t *testing.T) {
	for _, member := range []string{`"conversation_id":7`, `"created_at":"now"`, `"read_at":1.5`, `"updated_at":{}`} {
		body := []byte(`{"type":"message.updated","payload":{"id":"m",` + member + `}}`)
		parsed, err := protocol.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parsed.Payload.(webhook.StateReporter).State(body); err == nil {
			t.Errorf("%s was read", member)
		}
	}
}
