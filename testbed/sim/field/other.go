package field

import (
	"math/rand/v2"
	"strings"
)

// literal is an event whose body stands here as it is sent.
type literal struct {
	of    *platform
	name  string // event type of an event that is ignored
	body  string
	kind  WantKind
	style style
}

func (p literal) vary(*rand.Rand) shape {
	p.style = p.style.other()
	return p
}

func (p literal) event(*Rules) Event {
	e := Event{Platform: p.of.name, Body: []byte(p.body), Wants: Want{Kind: p.kind}}
	if p.kind == Ignored {
		e.Body = []byte(p.style.spaced(p.body))
		e.byBody(p.name)
	}
	return e
}

// drawUnknown draws a verified event of a type that no handler knows.
func drawUnknown(random *rand.Rand) shape {
	n := pick(random, []string{"1", "2", "3"})
	return pick(random, []literal{
		{gabber, "session.paused", `{"type":"session.paused","payload":{"n":` + n + `}}`, Ignored, 0},
		{gabber, "Usage.Tracked", `{"type":"Usage.Tracked","payload":{"id":"u1","type":"conversational_seconds","value":9,"human":"ann"}}`, Ignored, 0},
		{gabber, "usage.tracked ", `{"type":"usage.tracked ","payload":{"value":` + n + `}}`, Ignored, 0},
		{gtateth, "call.transferred", `{"event":"call.transferred","data":{"callId":"c1","duration":` + n + `}}`, Ignored, 0},
		{cribbly, "ticket.created", `{"id":"e1","type":"ticket.created","payload":{"id":"` + n + `"}}`, Ignored, 0},
		{oblic, "contact.merged", `{"type":"contact.merged","payload":{"id":"` + n + `"}}`, Ignored, 0},
		{chatbase, "message.received", `{"eventType":"message.received","chatbotId":"bot1","payload":{"n":` + n + `}}`, Ignored, 0},
	})
}

// drawBroken draws a verified body that no decoder can use.
func drawBroken(random *rand.Rand) shape {
	const payload = `{"id":"u1","type":"conversational_seconds","value":30,"human":"ann"}`
	anywhere := []string{
		"", "not json", "{", "[]", "null", "{}", `"x"`, "\xef\xbb\xbf{}", `{"type":"usage.tracked"}`, `{"payload":` + payload + `}`,
		`{"type":"usage.tracked","payload":` + payload, `{"type":"usage.tracked","payload":null}`, `{"type":"usage.tracked","payload":[]}`,
		`{"type":"","payload":{}}`, `{"type":null,"payload":{}}`, `{"type":7,"payload":{}}`, `{"TYPE":"usage.tracked","payload":` + payload + `}`,
		`{"type":"usage.tracked","type":"usage.tracked","payload":` + payload + `}`,
		`{"type":"usage.tracked","payload":{"id":"u1","type":"conversational_seconds","value":1,"value":1000000,"human":"ann"}}`,
		"{\"type\":\"usage.tracked\",\"payload\":{\"human\":\"\xff\"}}", `{"type":"usage.tracked","payload":{"human":"\ud800"}}`,
		`{"type":"usage.tracked","payload":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`,
		`{"type":"usage.tracked","payload":{"id":"u1","type":"conversational_seconds","value":` + pick(random, noNumbers) + `,"human":"ann"}}`,
		`{"eventType":"leads.submit","chatbotId":"bot1"}`, `payload=%7B%7D`,
	}
	ofGabber := []string{ // other platforms have no such type, and do not look into its payload
		`{"type":"usage.tracked","payload":{"id":"u1","value":30,"human":"ann"}}`,
		`{"type":"usage.tracked","payload":{"id":"u1","type":"conversational_seconds","Value":30,"human":"ann"}}`,
	}
	if random.IntN(8) == 0 {
		return literal{of: gabber, body: pick(random, ofGabber), kind: DeadLetter}
	}
	return literal{of: pick(random, platforms), body: pick(random, anywhere), kind: DeadLetter}
}
