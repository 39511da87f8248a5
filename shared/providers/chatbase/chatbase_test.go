package chatbase_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestDecode_samples(t *testing.T) {
	for name, want := range map[string]chatbase.Lead{
		"leads.submit": {
			ConversationID: "3f8c1a52-7e0d-4b96-8c1f-5a92d7e4b603",
			Email:          "robin.sample@example.com", Name: "Robin Sample", Phone: "+12025550143",
		},
		"leads.submit.null": {ConversationID: "c40d96f1-3ba8-4e27-9d5c-70e1f8a2b539", Email: "lead@example.com"},
		"leads.submit.partial": {
			ConversationID: "9b27e4d0-c158-4f3a-a6e7-18d05c9fb274",
			Email:          "zoe.o'hara+test@example.com", Name: "Zoë O’Hara-Ünal",
		},
	} {
		got, err := envelope.As[chatbase.LeadsSubmit](chatbase.Decode(sample(t, name)))
		if err != nil || got.Lead != want {
			t.Errorf("%s was misread, error %v", name, err)
		}
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

func TestDecode_unusableBodies(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"B142 no chatbot", `{"eventType":"leads.submit","payload":{}}`, "chatbotId is missing"},
		{"B142 no chatbot, unknown type", `{"eventType":"foo.bar","payload":{}}`, "chatbotId is missing"},
		{"B142 chatbot empty", `{"eventType":"leads.submit","chatbotId":"","payload":{}}`, "chatbotId is empty"},
		{"chatbot too long", `{"eventType":"leads.submit","chatbotId":"` + strings.Repeat("b", 257) + `","payload":{}}`, "chatbotId is longer than 256 bytes"},
		{"no payload", `{"eventType":"leads.submit","chatbotId":"b"}`, "payload is missing"},
		{"no payload, unknown type", `{"eventType":"foo.bar","chatbotId":"b"}`, "payload is missing"},
		{"B144 phone a number", lead(`,"customerPhone":12025550143`), "payload.customerPhone is not a string"},
		{"name an object", lead(`,"customerName":{}`), "payload.customerName is not a string"},
		{"NUL in the conversation", `{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c\u0000"}}`, "payload.conversationId contains a control character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := chatbase.Decode([]byte(c.body))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("reason is %v, want %q", err, c.want)
			}
		})
	}
}

func TestDecode_unknownTypes(t *testing.T) {
	for _, name := range []string{"message.received", "conversation.completed", "Leads.Submit", "leads.submit "} {
		parsed, err := chatbase.Decode(fmt.Appendf(nil, `{"eventType":%q,"chatbotId":"b","payload":{"customerPhone":7}}`, name))
		if err != nil || !reflect.DeepEqual(parsed, webhook.Parsed{Type: name}) {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

// Formulas, markup and templates that visitors type arrive unchanged.
func TestDecode_keepsWhatWasTyped(t *testing.T) {
	const name = `=HYPERLINK("http://x")` + "\n" + `${jndi:ldap://x} {{7*7}} '; DROP <script>`
	got, err := envelope.As[chatbase.LeadsSubmit](chatbase.Decode([]byte(lead(fmt.Sprintf(`,"customerName":%q`, name)))))
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

func TestIdentity_withoutAConversation(t *testing.T) {
	for _, payload := range []string{`{}`, `{"customerName":"A","customerEmail":null,"customerPhone":null}`, `{"conversationId":""}`, `{"conversationId":null,"customerEmail":"a@example.com"}`} {
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

// A tenant's name becomes part of a variable's name.
func TestTenant(t *testing.T) {
	body := func(bot string) string { return `{"eventType":"leads.submit","chatbotId":"` + bot + `","payload":{}}` }
	long := strings.Repeat("a", 64)
	for name, c := range map[string]struct{ body, want string }{
		"an id":                {body("Bot-1_x"), "Bot-1_x"},
		"64 bytes":             {body(long), long},
		"65 bytes":             {body(long + "a"), ""},
		"a path":               {body("../bot-1"), ""},
		"NUL":                  {body("bot-1\\u0000"), ""},
		"letters beyond ASCII": {body("b\u043et-1"), ""},
		"empty":                {body(""), ""},
		"named twice":          {strings.Replace(body("bot-1"), "{", `{"chatbotId":"bot-1",`, 1), ""},
		"a number":             {`{"eventType":"leads.submit","chatbotId":1,"payload":{}}`, ""},
		"not JSON":             {`chatbotId=bot-1`, ""},
	} {
		if got := chatbase.Tenant([]byte(c.body)); got != c.want {
			t.Errorf("%s: tenant %q", name, got)
		}
	}
}
