package field

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// model is an event of Cribbly or Oblic.
type model struct {
	of           *platform
	name, verb   string
	envelope     string // the envelope's id, which identifies nothing
	id           text
	conversation string // of a message
	text         string
	created      string // JSON
	createdAt    int64
	style        style
}

func drawModel(random *rand.Rand) shape {
	m := model{
		of:       pick(random, []*platform{cribbly, oblic}),
		name:     pick(random, []string{"contact", "message", "message", "conversation", "group", "attachment"}),
		verb:     pick(random, []string{"created", "updated", "updated", "deleted"}),
		envelope: pick(random, []string{"", `"e1UuLr5yTqWn0HcA"`, "null"}),
		id:       often(random, objectIDs, append(noText, oddText[0], oddText[2])),
		text:     pick(random, []string{"yes", "no"}),
		style:    style(random.IntN(len(spaces))),
	}
	m.conversation = pick(random, []string{"", "v1", "v2"})
	return m.at(random)
}

// at draws the time of writing: a later one, none, or of another type.
func (m model) at(random *rand.Rand) model {
	m.createdAt = pick(random, []int64{0, 692233200, 1763737322, 1763737330})
	if m.created = strconv.FormatInt(m.createdAt, 10); random.IntN(20) == 0 {
		m.created, m.createdAt = `"now"`, -1
	}
	return m
}

func (m model) vary(random *rand.Rand) shape {
	switch random.IntN(4) {
	case 0:
		m.text = pick(random, []string{"yes", "no", "perhaps"})
	case 1:
		m.verb = pick(random, []string{"created", "updated", "deleted"})
	case 2:
		return m.at(random)
	default:
		m.style = m.style.other()
	}
	return m
}

// stage gives how far a verb of the dialect takes an object.
func (m model) stage() int64 {
	if m.verb == "created" {
		return 0
	}
	return 1
}

func (m model) event(*Rules) Event {
	payload := object("id", m.id.json, "conversation_id", quoted(m.conversation), "message", quoted(m.text), "username", quoted(m.text),
		"created_at", m.created, "updated_at", "null")
	body := m.style.spaced(object("id", m.envelope, "type", quoted(m.name+"."+m.verb), "payload", payload))
	e := Event{Platform: m.of.name, Body: []byte(body), Wants: Want{Kind: Kept}}
	unread := m.name == "message" && m.verb != "deleted" && m.createdAt < 0 // a message's time orders its record
	if m.id.bad || m.id.value == "" || unread {
		e.Wants.Kind = DeadLetter
		return e
	}
	e.byBody(m.name + "." + m.verb)
	put := Put{Kind: m.of.name + "." + m.name, ID: m.id.value}
	if m.verb == "deleted" {
		put.Version, put.Deleted = forGood, true
		e.Wants.Records = []Put{put}
		return e
	}
	put.Version, put.ByArrival, put.Data = m.stage()<<56, true, []byte(m.style.spaced(payload))
	if m.name == "message" && m.createdAt > 0 {
		put.Version, put.ByArrival = put.Version+m.createdAt*1_000_000, false
	}
	e.Wants.Records = []Put{put}
	if m.name == "message" && m.conversation != "" {
		e.Wants.Records = append(e.Wants.Records, note(put, m.conversation))
	}
	return e
}

// lead is Chatbase's leads.submit.
type lead struct {
	bot, conversation text
	email, name       string
	phone             text
	style             style
}

func drawLead(random *rand.Rand) shape {
	return lead{
		bot:          often(random, words("bot1", "bot2"), []text{{}, {`""`, "", true}, {"null", "", true}, {"7", "", true}}),
		conversation: often(random, words("v1", "v2"), append(noText, oddText[0])),
		email:        pick(random, []string{"ann@example.com", "Ann@Example.com", ""}),
		name:         pick(random, []string{"Ann", "=HYPERLINK(1)"}),
		phone:        often(random, append(words("+12025550143"), noText...), oddText[:1]),
		style:        style(random.IntN(len(spaces))),
	}
}

func (l lead) vary(random *rand.Rand) shape {
	switch random.IntN(3) {
	case 0:
		l.email = pick(random, []string{"ann@example.com", "ANN@example.com", "bob@example.com"})
	case 1:
		l.phone = pick(random, words("+12025550143", "+12025550178"))
	default:
		l.style = l.style.other()
	}
	return l
}

func (l lead) event(*Rules) Event {
	payload := object("conversationId", l.conversation.json, "customerEmail", quoted(l.email), "customerName", quoted(l.name), "customerPhone", l.phone.json)
	body := l.style.spaced(object("eventType", `"leads.submit"`, "chatbotId", l.bot.json, "payload", payload))
	e := Event{Platform: chatbase.name, Body: []byte(body), Wants: Want{Kind: DeadLetter}}
	if l.bot.bad || l.bot.value == "" || l.conversation.bad || l.phone.bad {
		return e
	}
	e.Wants.Kind = Kept
	if e.byBody("leads.submit"); l.conversation.value != "" {
		e.byName("leads.submit", l.bot.value, l.conversation.value, identity(chatbase.name, "lead", strings.ToLower(l.email), l.name, l.phone.value))
	}
	e.Wants.Records = []Put{{Kind: "chatbase.lead", ID: e.Wants.ID, Version: 1, Data: e.Body}}
	return e
}
