package field

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Rules are the settings of the worker that decide about money.
type Rules struct {
	Price     int64         // micro-credits per conversational second, above 0
	CallPrice int64         // micro-credits per second of G-Tateth's finished call; 0: not priced
	Window    time.Duration // dedup window of events without an id; below 0: for ever; 0: never
	Anonymous []string      // names that stand for no human
}

// Drawer draws the events of one history. Names, ids and values are few, so that
// events clash.
type Drawer struct {
	random *rand.Rand
	rules  Rules
	drawn  []shape
}

// NewDrawer makes a Drawer. Equal states of random give equal events.
func NewDrawer(random *rand.Rand, rules Rules) *Drawer {
	return &Drawer{random: random, rules: rules}
}

// shape is an event before it is written down.
type shape interface {
	// vary gives a variation: another value, another human, other white space.
	vary(random *rand.Rand) shape
	// event writes it down.
	event(rules *Rules) Event
}

// shapes are the kinds of events by weight.
var shapes = []struct {
	weight int
	draw   func(random *rand.Rand) shape
}{
	{90, drawUsage},
	{5, drawSession},
	{3, drawMessage},
	{2, drawLimit},
	{2, drawTools},
	{8, drawCall},
	{3, drawReport},
	{4, drawLead},
	{5, drawModel},
	{2, drawUnknown},
	{2, drawBroken},
}

// Event gives a new event, the bytes of an earlier one or a variation of it.
func (d *Drawer) Event() Event {
	var s shape
	switch n := d.random.IntN(100); {
	case len(d.drawn) == 0 || n < 55:
		s = d.draw()
	case n < 75:
		s = pick(d.random, d.drawn)
	default:
		s = pick(d.random, d.drawn).vary(d.random)
	}
	d.drawn = append(d.drawn, s)
	return s.event(&d.rules)
}

// Session draws a new event about the state of a session of Gabber's.
func (d *Drawer) Session() Event { return drawSession(d.random).event(&d.rules) }

// Tools draws a new event about a batch of tool calls of Gabber's.
func (d *Drawer) Tools() Event { return drawTools(d.random).event(&d.rules) }

func (d *Drawer) draw() shape {
	total := 0
	for _, s := range shapes {
		total += s.weight
	}
	n := d.random.IntN(total)
	for _, s := range shapes {
		if n -= s.weight; n < 0 {
			return s.draw(d.random)
		}
	}
	panic("unreachable")
}

// suspended reports whether usage of a human goes to suspense.
func (r *Rules) suspended(human string) bool {
	return human == "" || slices.Contains(r.Anonymous, human)
}

func pick[T any](random *rand.Rand, of []T) T { return of[random.IntN(len(of))] }

// often picks one of the first list nine times of ten, else one of the second.
func often[T any](random *rand.Rand, mostly, seldom []T) T {
	if random.IntN(10) > 0 {
		return pick(random, mostly)
	}
	return pick(random, seldom)
}
