package chatbase_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/webhook"
)

const bot = "kT9vQx2LmZr7BdEo"

func TestSamples(t *testing.T) {
	samples := map[string]chatbase.Lead{
		"leads.submit": {
			ConversationID: "3f8c1a52-7e0d-4b96-8c1f-5a92d7e4b603",
			Email:          "robin.sample@example.com", Name: "Robin Sample", Phone: "+12025550143",
		},
		"leads.submit.null": {
			ConversationID: "c40d96f1-3ba8-4e27-9d5c-70e1f8a2b539",
			Email:          "lead@example.com",
		},
		"leads.submit.partial": {
			ConversationID: "9b27e4d0-c158-4f3a-a6e7-18d05c9fb274",
			Email:          "zoe.o'hara+test@example.com", Name: "Zoë O’Hara-Ünal",
		},
	}
	for _, name := range events.Names("chatbase") {
		t.Run(name, func(t *testing.T) {
			lead, ok := samples[name]
			if !ok {
				t.Fatal("this sample is not described here")
			}
			got, err := chatbase.Decode(sample(t, name))
			if err != nil {
				t.Fatal(err)
			}
			details := webhook.Identity("chatbase", "lead", lead.Email, lead.Name, lead.Phone)
			want := webhook.Parsed{
				Type: "leads.submit", Known: true, Group: bot,
				Payload:  chatbase.LeadsSubmit{Type: "leads.submit", ChatbotID: bot, Lead: lead},
				Identity: []string{bot, lead.ConversationID, details},
			}
			if !reflect.DeepEqual(got, want) {
				t.Error("the sample was misread")
			}
		})
	}
	if n := len(events.Names("chatbase")); n != len(samples) {
		t.Errorf("%d samples, %d described", n, len(samples))
	}
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	body, err := events.Body("chatbase", name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// lead is a leads.submit of one conversation with these other members.
func lead(members string) string {
	return `{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c"` + members + `}}`
}

func TestUnusableBodies(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"null", `null`, "the document is null"},
		{"Gabber's envelope", `{"type":"usage.tracked","payload":{}}`, "eventType is missing"},
		{"no chatbot", `{"eventType":"leads.submit","payload":{}}`, "chatbotId is missing"},
		{"no chatbot, unknown type", `{"eventType":"foo.bar","payload":{}}`, "chatbotId is missing"},
		{"chatbot empty", `{"eventType":"leads.submit","chatbotId":"","payload":{}}`, "chatbotId is empty"},
		{"chatbot too long", `{"eventType":"leads.submit","chatbotId":"` + strings.Repeat("b", 257) + `","payload":{}}`, "chatbotId is longer than 256 bytes"},
		{"no payload", `{"eventType":"leads.submit","chatbotId":"b"}`, "payload is missing"},
		{"no payload, unknown type", `{"eventType":"foo.bar","chatbotId":"b"}`, "payload is missing"},
		{"payload a string", `{"eventType":"leads.submit","chatbotId":"b","payload":"{}"}`, "payload is not an object"},
		{"phone a number", lead(`,"customerPhone":12025550143`), "payload.customerPhone is not a string"},
		{"name an object", lead(`,"customerName":{}`), "payload.customerName is not a string"},
		{"e-mail twice", lead(`,"customerEmail":"a","customerEmail":"b"`), "duplicate key"},
		{"NUL in the conversation", `{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c\u0000"}}`, "payload.conversationId contains a control character"},
		{"newline in the type", `{"eventType":"leads\nsubmit","chatbotId":"b","payload":{}}`, "the event type contains a control character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := chatbase.Decode([]byte(c.body))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("reason is %v, want %q", err, c.want)
			}
		})
	}
}

func TestUnknownTypesPassThrough(t *testing.T) {
	for _, name := range []string{"message.received", "conversation.completed", "Leads.Submit", "leads.submit "} {
		parsed, err := chatbase.Decode(fmt.Appendf(nil, `{"eventType":%q,"chatbotId":"b","payload":{"customerPhone":7}}`, name))
		if err != nil || !reflect.DeepEqual(parsed, webhook.Parsed{Type: name}) {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

// What visitors type is theirs: formulas, markup and templates arrive unchanged.
func TestWhatPeopleTypeIsNotChanged(t *testing.T) {
	const name = `=HYPERLINK("http://x")` + "\n" + `${jndi:ldap://x} {{7*7}} '; DROP <script>`
	got, err := chatbase.ParseLeadsSubmit([]byte(lead(fmt.Sprintf(`,"customerName":%q`, name))))
	if err != nil || got.Lead.Name != name {
		t.Errorf("the name was changed, error %v", err)
	}
}

func TestIdentity(t *testing.T) {
	first := identity(t, lead(`,"customerEmail":"a@example.com","customerName":"A"`))
	for _, c := range []struct {
		name, body string
		same       bool
	}{
		{"written in another order", `{"payload":{"customerName":"A","customerEmail":"a@example.com","conversationId":"c"},"chatbotId":"b","eventType":"leads.submit"}`, true},
		{"e-mail in upper case", lead(`,"customerEmail":"A@Example.COM","customerName":"A"`), true},
		{"empty telephone number", lead(`,"customerEmail":"a@example.com","customerName":"A","customerPhone":""`), true},
		{"null telephone number", lead(`,"customerEmail":"a@example.com","customerName":"A","customerPhone":null`), true},
		{"corrected name", lead(`,"customerEmail":"a@example.com","customerName":"a"`), false},
		{"corrected e-mail", lead(`,"customerEmail":"b@example.com","customerName":"A"`), false},
		{"added telephone number", lead(`,"customerEmail":"a@example.com","customerName":"A","customerPhone":"1"`), false},
		{"details in other fields", lead(`,"customerEmail":"a@example.com","customerPhone":"A"`), false},
		{"another conversation", `{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"d","customerEmail":"a@example.com","customerName":"A"}}`, false},
		{"another chatbot", `{"eventType":"leads.submit","chatbotId":"d","payload":{"conversationId":"c","customerEmail":"a@example.com","customerName":"A"}}`, false},
	} {
		if got := identity(t, c.body); (got == first) != c.same {
			t.Errorf("%s: same identity %v, want %v", c.name, got == first, c.same)
		}
	}
}

func TestWithoutAConversationOnlyTheBodyTells(t *testing.T) {
	for _, payload := range []string{`{}`, `{"conversationId":""}`, `{"conversationId":null,"customerEmail":"a@example.com"}`} {
		parsed, err := chatbase.Decode([]byte(`{"eventType":"leads.submit","chatbotId":"b","payload":` + payload + `}`))
		if err != nil || !parsed.Known || parsed.Identity != nil {
			t.Errorf("identity %q, error %v", parsed.Identity, err)
		}
	}
}

func identity(t *testing.T, body string) string {
	t.Helper()
	parsed, err := chatbase.Decode([]byte(body))
	if err != nil || parsed.Identity == nil {
		t.Fatalf("no identity, error %v", err)
	}
	return webhook.Identity("chatbase", parsed.Type, parsed.Identity...)
}

func TestLeadsAreNotPrinted(t *testing.T) {
	got, err := chatbase.ParseLeadsSubmit(sample(t, "leads.submit"))
	if out := fmt.Sprintf("%v %+v %#v %v", got, got, got, got.Lead); err != nil || strings.Contains(out, "Robin") {
		t.Errorf("a lead was printed, error %v", err)
	}
}

func FuzzChatbaseDecode(f *testing.F) {
	for _, name := range events.Names("chatbase") {
		f.Add(string(sample(f, name)))
	}
	const canary = "C4NARY"
	f.Add(`{"` + canary + `":1,"` + canary + `":2}`)
	f.Add(`{"eventType":"` + canary + `\u0000","chatbotId":"b","payload":{}}`)
	f.Add(lead(`,"customerPhone":{"` + canary + `":1}`))
	f.Fuzz(func(t *testing.T, body string) {
		parsed, err := chatbase.Decode([]byte(body))
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the error repeats the body: %v", err)
		}
		if (err == nil && parsed.Type == "") || parsed.Known != (parsed.Payload != nil) || (err != nil && parsed.Known) {
			t.Errorf("contradiction: known %v, error %v", parsed.Known, err)
		}
	})
}
