package field

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Judge gives each broken promise of a history at rest, in one line each: all queues
// are drained, and dead letters were redriven until only permanent ones are left. What
// must be in the ledger follows from the messages that ingest stored, each of which is
// one arrival of an event.
//
// The promises are G1 to G6 of the contract. G7 is of the logs, and G8 compares two
// worlds: neither is judged here.
func Judge(w World) []string {
	c := newCourt(&w)
	c.arrive()   // G1, G4
	c.usage()    // G2, G5
	c.grants()   // G3
	c.accounts() // G3
	c.limits()   // G6
	c.records()
	c.ignored()
	c.letters() // G5
	return c.broken
}

// court is one judgement on its way.
type court struct {
	*World
	broken []string

	sent     map[string]*delivery // by platform and body
	arrivals []arrival
	entries  map[string]*entry // by ID
	order    []*entry
}

// delivery is an event that was sent, however often.
type delivery struct {
	event           *Event
	accepted, found int // attempts answered 200, messages stored
}

// arrival is one message that ingest stored.
type arrival struct {
	of     *delivery
	at     time.Time
	letter string // its key as a dead letter
	dead   bool   // it must be a dead letter
	stored []byte
}

type entry struct {
	*Entry
	caused bool
}

func newCourt(w *World) *court {
	c := &court{World: w, sent: make(map[string]*delivery, len(w.Sent)), entries: make(map[string]*entry, len(w.Entries))}
	for i := range w.Entries {
		e := &entry{Entry: &w.Entries[i]}
		c.order = append(c.order, e)
		if c.entries[e.ID] != nil {
			c.breaks("G2: entry %s is there twice", short(e.ID))
			continue
		}
		c.entries[e.ID] = e
	}
	return c
}

func (c *court) breaks(format string, args ...any) {
	c.broken = append(c.broken, fmt.Sprintf(format, args...))
}

// letter is what is read of a message.
type letter struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Type   string `json:"type"`
	Time   string `json:"time"`
	Data   []byte `json:"data_base64"`
}

const webhooks = "/webhooks/"

// read gives a message, the platform it came from and its body as one key.
func read(q Queued) (l letter, of string, err error) {
	err = json.Unmarshal(q.Body, &l)
	platform, found := strings.CutPrefix(l.Source, webhooks)
	if err == nil && !found {
		err = fmt.Errorf("a message of %s", l.Source)
	}
	return l, bodyKey(platform, l.Data), err
}

func bodyKey(platform string, body []byte) string { return platform + "\x00" + string(body) }

// arrive makes the arrivals. Every message has bytes that were sent (G4), and every 200
// has a message (G1).
func (c *court) arrive() {
	var order []*delivery
	for i := range c.Sent {
		s := &c.Sent[i]
		key := bodyKey(s.Event.Platform, s.Event.Body)
		if c.sent[key] == nil {
			c.sent[key] = &delivery{event: &s.Event}
			order = append(order, c.sent[key])
		}
		if s.Status == 200 {
			c.sent[key].accepted++
		}
	}
	for _, q := range c.Queued {
		c.arrival(q)
	}
	for _, d := range order {
		if d.found < d.accepted {
			c.breaks("G1: %s was answered 200 %d times and stored %d times", d.event.about(), d.accepted, d.found)
		}
	}
}

func (c *court) arrival(q Queued) {
	l, key, err := read(q)
	at, timeErr := time.Parse(time.RFC3339Nano, l.Time)
	of := c.sent[key]
	switch {
	case err != nil:
		c.breaks("G4: ingest stored what is no event: %v", err)
	case of == nil:
		c.breaks("G4: ingest stored bytes of %s that no signed delivery carried", l.Source)
	case timeErr != nil:
		c.breaks("G5: a message of %s has no time", of.event.about())
	default:
		of.found++
		c.arrivals = append(c.arrivals, arrival{of: of, at: at, letter: key + "\x00" + l.Time, stored: q.Body, dead: of.event.Wants.Kind == DeadLetter})
	}
}

// about names an event without its data.
func (e *Event) about() string {
	return fmt.Sprintf("%s %s %s", e.Platform, e.Wants.Kind, short(byBody(named(e.Platform), "", e.Body)))
}

func short(id string) string { return id[:min(8, len(id))] }

// letters compares the dead letters with what must be one. Each arrival leaves its own,
// or more than one: a worker may die before it acknowledges.
func (c *court) letters() {
	due := make(map[string]int)
	for _, a := range c.arrivals {
		if a.dead {
			due[a.letter]++
		}
	}
	found := make(map[string]int, len(c.Dead))
	for _, q := range c.Dead {
		l, key, err := read(q)
		key += "\x00" + l.Time
		found[key]++
		if err != nil || due[key] == 0 {
			c.breaks("G5: a dead letter of %s %s has no cause", l.Source, l.Type)
		}
	}
	for _, a := range c.arrivals {
		if a.dead && found[a.letter] < due[a.letter] {
			c.breaks("G5: an arrival of %s is unusable and no dead letter", a.of.event.about())
		}
	}
}

// ignored looks at the records of events without a handler: the newest ten of a type
// are kept, by the first five digits of the identity.
func (c *court) ignored() {
	kept := map[string][]string{} // by kind and id, the messages that may be there
	types := map[string]int{}
	var order []string
	for _, a := range c.arrivals {
		e := a.of.event
		if e.Wants.Kind != Ignored {
			continue
		}
		key := e.Platform + ".unknown\x00" + e.Wants.Key[:5]
		if kept[key] == nil {
			order = append(order, key)
			types[e.Platform]++
		}
		kept[key] = append(kept[key], string(a.stored))
	}
	for _, key := range order {
		kind, _, _ := strings.Cut(key, ".")
		record, ok := c.Records[key]
		switch {
		case !ok && types[kind] <= 10:
			c.breaks("G5: an ignored event of %s is not kept", kind)
		case ok && !record.Deleted && !slices.Contains(kept[key], string(record.Data)):
			c.breaks("G5: the record of an ignored event of %s is no message of it", kind)
		}
	}
}
