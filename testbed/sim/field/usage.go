package field

import (
	"math/rand/v2"
	"strings"
)

// usage is Gabber's usage.tracked.
type usage struct {
	id      text
	kind    string // the usage type
	value   number
	human   text
	second  text // the other name of the human, where both are used
	names   int  // index of humanNames
	project string
	extra   string
	style   style
}

// humanNames are the members that hold the human: the first one holds the human, the
// second one, if any, holds second.
var humanNames = [][2]string{{"human", ""}, {"human_id", ""}, {"human", "human_id"}, {"human_id", "human"}}

const seconds = "conversational_seconds"

var usageKinds = []string{"token_cnt", "voice_synthesis_seconds", "memory_message_cnt", "credits_granted"}

func drawUsage(random *rand.Rand) shape {
	u := usage{
		id:    drawUsageID(random),
		kind:  often(random, []string{seconds}, usageKinds),
		value: often(random, numbers, oddNumbers),
		human: drawHuman(random),
		names: random.IntN(2),
		style: style(random.IntN(len(spaces))),
	}
	if random.IntN(8) == 0 {
		u.names, u.second = 2+random.IntN(2), u.human
	}
	if random.IntN(30) == 0 {
		u.second = pick(random, humans)
	}
	if u.id.value == "" { // the form of the docs' example: human_id, type and value
		u.names, u.second, u.style = 1, text{}, 0
	} else {
		u.project = often(random, []string{`"shop"`}, []string{`"mall"`})
		u.extra = pick(random, []string{"", `{"realtime_session":"s1"}`, `{"credits":-999,"balance":1e9,"amount":7}`, `{"simulated":true}`, "null"})
	}
	return u
}

// drawUsageID leaves out the id of one event in four.
func drawUsageID(random *rand.Rand) text {
	if random.IntN(4) == 0 {
		return pick(random, noText)
	}
	if random.IntN(30) == 0 {
		return pick(random, oddText)
	}
	return pick(random, usageIDs)
}

func drawHuman(random *rand.Rand) text {
	switch n := random.IntN(30); {
	case n < 2:
		return pick(random, noText)
	case n < 4:
		return text{`"anonymous"`, "anonymous", false}
	case n < 5:
		return pick(random, oddText)
	}
	return pick(random, humans)
}

func (u usage) vary(random *rand.Rand) shape {
	switch random.IntN(7) {
	case 0:
		u.value = often(random, numbers, oddNumbers)
	case 1:
		u.human, u.second = drawHuman(random), text{}
	case 2:
		u.names ^= 1 // the same human by the other name
	case 3:
		u.kind = pick(random, append(usageKinds, seconds))
	case 4:
		u.id = drawUsageID(random)
	case 5:
		u.project = pick(random, []string{"", `"shop"`}) // another account, if it is one of suspense
	default:
		u.style = u.style.other()
	}
	return u
}

func (u usage) body() []byte {
	names := humanNames[u.names]
	second := u.second.json
	if names[1] == "" {
		second = ""
	}
	payload := object("id", u.id.json, "type", `"`+u.kind+`"`, "value", u.value.json, names[0], u.human.json, names[1], second,
		"project", u.project, "metadata", u.extra)
	if u.style == 2 {
		return []byte(u.style.spaced(object("payload", payload, "type", `"usage.tracked"`)))
	}
	return []byte(u.style.spaced(object("type", `"usage.tracked"`, "payload", payload)))
}

// whom gives the human that both names stand for; two humans are unusable.
func (u usage) whom() (human string, ok bool) {
	if u.names < 2 {
		return u.human.value, !u.human.bad
	}
	one, two := u.human.value, u.second.value
	if u.human.bad || u.second.bad || one != "" && two != "" && one != two {
		return "", false
	}
	if one == "" {
		one = two
	}
	return one, true
}

func (u usage) event(rules *Rules) Event {
	e := Event{Platform: gabber.name, Body: u.body()}
	most := int64(1_000_000_000)
	if strings.HasSuffix(u.kind, "_seconds") {
		most = 604_800
	}
	human, ok := u.whom()
	if !ok || u.id.bad || !u.value.usable(most) {
		e.Wants.Kind = DeadLetter
		return e
	}
	w := &e.Wants
	w.Kind, w.Account = Charge, human
	if w.Priced = u.kind == seconds; w.Priced {
		w.Amount = -u.value.cost(rules.Price)
	} else {
		w.Kind = Unpriced
	}
	if rules.suspended(human) {
		w.Kind, w.Account = Suspense, suspense(gabber, strings.Trim(u.project, `"`))
	}
	w.Meaning = identity(gabber.name, "usage.tracked fingerprint", human, u.kind, u.value.canonical)
	if w.NoID = u.id.value == ""; w.NoID {
		e.byBody("usage.tracked")
	} else {
		e.byName("usage.tracked", u.id.value)
	}
	w.Key = w.ID
	return e
}

const separator = "\x1f"

// suspense names the account of usage of no known human.
func suspense(p *platform, project string) string {
	return "suspense" + separator + p.name + separator + project
}
