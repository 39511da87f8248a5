package field

import (
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// moment is a time as G-Tateth writes it.
type moment struct {
	json  string
	micro int64 // Unix microseconds, 0 for none
}

var moments = func() []moment {
	all := []moment{{}}
	for _, text := range []string{"2026-11-21T09:00:00Z", "2026-11-21T09:00:01.250Z", "1991-01-01T00:00:00Z", "2026-11-21T10:00:01+01:00"} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		all = append(all, moment{`"` + text + `"`, at.UnixMicro()})
	}
	return all
}()

// call is one of G-Tateth's events about a call.
type call struct {
	verb          string
	id, object    text
	customer      text
	duration      number
	updated, sent moment
	style         style
}

var (
	customers = append(words("ann", "bob", "cyd"), text{`{"_id":"ann","profile":{"firstName":"A"}}`, "ann", false})
	odd       = []text{{`{"profile":{"firstName":"A"}}`, "", false}, {"null", "", false}, {"", "", false}, {`"anonymous"`, "anonymous", false},
		{"7", "", true}, {`["ann"]`, "", true}, {`{"_id":7}`, "", true}}
)

func drawCall(random *rand.Rand) shape {
	c := call{
		verb:     often(random, []string{"completed"}, []string{"initiated", "ringing", "answered", "failed"}),
		id:       often(random, words("c1", "c2", "c3", "c4"), append(noText, oddText[0], oddText[4])),
		customer: often(random, customers, odd),
		duration: often(random, numbers, oddNumbers),
		updated:  pick(random, moments),
		sent:     pick(random, moments),
		style:    style(random.IntN(len(spaces))),
	}
	if random.IntN(3) == 0 {
		c.object = pick(random, objectIDs)
	}
	return c
}

func (c call) vary(random *rand.Rand) shape {
	switch random.IntN(6) {
	case 0:
		c.duration = often(random, numbers, oddNumbers)
	case 1:
		c.customer = often(random, customers, odd)
	case 2:
		c.verb = pick(random, []string{"initiated", "ringing", "answered", "completed", "failed"})
	case 3:
		c.sent = pick(random, moments)
	case 4:
		c.updated = pick(random, moments)
	default:
		c.style = c.style.other()
	}
	return c
}

func (c call) event(rules *Rules) Event {
	data := object("callId", c.id.json, "_id", c.object.json, "customerId", c.customer.json, "duration", c.duration.json,
		"updatedAt", c.updated.json, "recordingEnabled", "true")
	name := "call." + c.verb
	id := c.id.value
	if id == "" {
		id = c.object.value
	}
	if c.id.bad || c.customer.bad {
		return reported(name, data, "", c.sent, c.updated, c.style, Want{Kind: DeadLetter})
	}
	e := reported(name, data, id, c.sent, c.updated, c.style, Want{Kind: Kept})
	if c.verb == "completed" && rules.CallPrice > 0 {
		c.charge(&e.Wants, id, rules)
	}
	return e
}

// charge books a finished call under the call's id.
func (c call) charge(w *Want, id string, rules *Rules) {
	if id == "" || !c.duration.usable(604_800) {
		w.Kind = DeadLetter
		return
	}
	w.Kind, w.Account, w.Priced = Charge, c.customer.value, true
	w.Amount = -c.duration.cost(rules.CallPrice)
	if rules.suspended(c.customer.value) {
		w.Kind, w.Account = Suspense, suspense(gtateth, "")
	}
	w.Key = identity(gtateth.name, "call.completed", "call", id)
	w.Meaning = identity(gtateth.name, "call.completed fingerprint", c.customer.value, c.duration.canonical)
}

// verbStages are how far an object has come; any other verb is stage 1.
var verbStages = map[string]int64{"created": 0, "initiated": 0, "ringing": 1, "answered": 2, "completed": 3, "failed": 3}

// reported makes one of G-Tateth's events with the record of its object. An object
// without an id is kept by the event's identity, which is then that of the body.
func reported(name, data, id string, sent, updated moment, s style, w Want) Event {
	body := s.spaced(object("event", quoted(name), "timestamp", sent.json, "data", data))
	e := Event{Platform: gtateth.name, Body: []byte(body), Wants: w}
	if w.Kind == DeadLetter {
		return e
	}
	changed := updated
	if changed.json == "" {
		changed = sent
	}
	if e.byBody(name); id == "" {
		id = e.Wants.ID
	} else if changed.json != "" {
		e.byName(name, id, strings.Trim(changed.json, `"`))
	}
	model, verb, _ := strings.Cut(name, ".")
	stage, known := verbStages[verb]
	if !known {
		stage = 1
	}
	e.Wants.Records = []Put{{Kind: gtateth.name + "." + model, ID: id, Version: stage<<56 + changed.micro, ByArrival: changed.json == "", Data: []byte(s.spaced(data))}}
	return e
}

// report is one of G-Tateth's events about a conversation, a customer, a message or a
// user.
type report struct {
	name          string
	id            text
	conversation  text // of a message
	text          string
	updated, sent moment
	style         style
}

var reportNames = []string{"conversation.created", "conversation.updated", "conversation.closed", "customer.created", "customer.updated",
	"message.sent", "message.received", "user.created"}

func drawReport(random *rand.Rand) shape {
	return report{
		name:         pick(random, reportNames),
		id:           often(random, objectIDs, append(noText, oddText[0])),
		conversation: pick(random, []text{{}, {`"v1"`, "v1", false}, {`{"_id":"v2"}`, "v2", false}, {"null", "", false}, {"7", "", true}}),
		text:         pick(random, []string{"yes", "no"}),
		updated:      pick(random, moments),
		sent:         pick(random, moments),
		style:        style(random.IntN(len(spaces))),
	}
}

func (o report) vary(random *rand.Rand) shape {
	switch random.IntN(4) {
	case 0:
		o.text = pick(random, []string{"yes", "no", "perhaps"})
	case 1:
		o.updated = pick(random, moments)
	case 2:
		o.name = pick(random, reportNames)
	default:
		o.style = o.style.other()
	}
	return o
}

func (o report) event(*Rules) Event {
	conversation := text{}
	if strings.HasPrefix(o.name, "message.") {
		conversation = o.conversation
	}
	data := object("_id", o.id.json, "conversationId", conversation.json, "updatedAt", o.updated.json, "text", quoted(o.text), "subject", quoted(o.text))
	w := Want{Kind: Kept}
	if o.id.bad || conversation.bad {
		w.Kind = DeadLetter
	}
	e := reported(o.name, data, o.id.value, o.sent, o.updated, o.style, w)
	if w.Kind == Kept && conversation.value != "" {
		e.Wants.Records = append(e.Wants.Records, note(e.Wants.Records[0], conversation.value))
	}
	return e
}

// note says that a message belongs to a conversation.
func note(message Put, conversation string) Put {
	return Put{Kind: message.Kind + "/" + conversation, ID: message.ID, Version: 1, Data: []byte("{}")}
}

// forGood is the version of a deletion.
const forGood = math.MaxInt64
