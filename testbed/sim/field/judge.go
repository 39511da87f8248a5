package field

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Judge gives each broken promise at the end of a history, in one line each: all queues
// are empty, and dead letters were redriven until only permanent ones are left. What
// must be in the ledger follows from the messages that ingest stored, each of which is
// one arrival of an event.
//
// The promises are G1 to G6 of the contract. G7 is of the logs, and G8 compares two
// worlds: neither is judged here.
func Judge(w World) []string {
	j := newJudgement(&w)
	j.arrive()   // G1, G4
	j.usage()    // G2, G5
	j.grants()   // G3
	j.accounts() // G3
	j.limits()   // G6
	j.records()
	j.ignored()
	j.letters() // G5
	return j.broken
}

// judgement is what is known of one world.
type judgement struct {
	*World
	broken []string

	sent     map[string]*delivery // by platform, signed id and body
	arrivals []arrival
	entries  map[string]*entry // by ID
	order    []*entry
}

// delivery is an event that was sent, however often.
type delivery struct {
	event           *Event
	fresh           bool // an attempt's signed time may have been near enough to ingest's clock
	accepted, found int  // attempts answered 200, messages stored
}

// arrival is one message that ingest stored.
type arrival struct {
	of     *delivery
	at     time.Time
	letter string // its key as a dead letter
	dead   bool   // it must be a dead letter
	body   []byte // of the message
}

type entry struct {
	*Entry
	caused bool
}

func newJudgement(w *World) *judgement {
	j := &judgement{World: w, sent: make(map[string]*delivery, len(w.Sent)), entries: make(map[string]*entry, len(w.Entries))}
	for i := range w.Entries {
		e := &entry{Entry: &w.Entries[i]}
		j.order = append(j.order, e)
		if j.entries[e.ID] != nil {
			j.breaks("G2: entry %s is there twice", short(e.ID))
			continue
		}
		j.entries[e.ID] = e
	}
	return j
}

func (j *judgement) breaks(format string, args ...any) {
	j.broken = append(j.broken, fmt.Sprintf(format, args...))
}

// stored is what is read of a message.
type stored struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Type   string `json:"type"`
	Time   string `json:"time"`
	Reason string `json:"reason"`
	Data   []byte `json:"data_base64"`

	SignedID  string `json:"signedid"`
	Uncovered bool   `json:"uncovered"`
}

const webhooks = "/webhooks/"

// read gives a message, and as one key the platform it came from, the signed id and the body.
func read(q Queued) (m stored, of string, err error) {
	err = json.Unmarshal(q.Body, &m)
	platform, found := strings.CutPrefix(m.Source, webhooks)
	if err == nil && !found {
		err = fmt.Errorf("a message of %s", m.Source)
	}
	return m, keyOf(platform, m.SignedID, m.Data), err
}

func keyOf(platform, signedID string, body []byte) string {
	return platform + "\x00" + signedID + "\x00" + string(body)
}

// arrive makes the arrivals. Every message has bytes that were sent (G4), and every 200
// has a message (G1).
func (j *judgement) arrive() {
	var order []*delivery
	for i := range j.Sent {
		s := &j.Sent[i]
		key := keyOf(s.Event.Platform, s.Event.SignedID, s.Event.Body)
		if j.sent[key] == nil {
			j.sent[key] = &delivery{event: &s.Event}
			order = append(order, j.sent[key])
		}
		if s.Status == 200 {
			j.sent[key].accepted++
		}
		j.sent[key].fresh = j.sent[key].fresh || !s.Stale
	}
	for _, q := range j.Queued {
		j.arrival(q)
	}
	for _, d := range order {
		if d.found < d.accepted {
			j.breaks("G1: %s was answered 200 %d times and stored %d times", d.event.About(), d.accepted, d.found)
		}
	}
}

func (j *judgement) arrival(q Queued) {
	m, key, err := read(q)
	at, timeErr := time.Parse(time.RFC3339Nano, m.Time)
	of := j.sent[key]
	switch {
	case err != nil:
		j.breaks("G4: ingest stored what is no event: %v", err)
	case of == nil:
		j.breaks("G4: ingest stored bytes of %s that no signed delivery carried", m.Source)
	case !of.fresh:
		j.breaks("G4: ingest stored %s, of which each attempt was stale", of.event.About())
	case of.event.Uncovered != m.Uncovered:
		j.breaks("G5: a message of %s is wrong about what its signature covers", of.event.About())
	case timeErr != nil:
		j.breaks("G5: a message of %s has no time", of.event.About())
	case of.event.Wants.ID != "" && of.event.Wants.ID != m.ID && !q.Undecodable:
		j.breaks("G5: a message of %s has another identity", of.event.About())
	default:
		of.found++
		j.arrivals = append(j.arrivals, arrival{of: of, at: at, letter: key + "\x00" + m.Time, body: q.Body, dead: of.event.Wants.Kind == DeadLetter})
	}
}

// About names an event: its platform, what must become of it, the begin of its identity,
// the account and what is charged to it.
func (e *Event) About() string {
	text := fmt.Sprintf("%s %s %s", e.Platform, e.Wants.Kind, short(e.Wants.ID))
	if e.Wants.usage() {
		text += fmt.Sprintf(" of %q, %d micro-credits", e.Wants.Account, e.Wants.Amount)
	}
	return text
}

func short(id string) string { return id[:min(8, len(id))] }

// letters compares the dead letters with what must be one. Each arrival leaves its own,
// or more than one: a worker may die before it acknowledges.
func (j *judgement) letters() {
	due, reasons := make(map[string]int), make(map[string]string)
	for _, a := range j.arrivals {
		if a.dead {
			due[a.letter]++
			reasons[a.letter] = a.of.event.Wants.Reason
		}
	}
	found := make(map[string]int, len(j.Dead))
	for _, q := range j.Dead {
		m, key, err := read(q)
		key += "\x00" + m.Time
		found[key]++
		if err != nil || due[key] == 0 {
			j.breaks("G5: a dead letter of %s %s has no cause", m.Source, m.Type)
		} else if reason := reasons[key]; reason != "" && reason != m.Reason {
			j.breaks("G5: a dead letter of %s %s has another reason than: %s", m.Source, m.Type, reason)
		}
	}
	for _, a := range j.arrivals {
		if a.dead && found[a.letter] < due[a.letter] {
			j.breaks("G5: an arrival of %s must be a dead letter and is none", a.of.event.About())
		}
	}
}

// ignored looks at the records of events without a handler: the newest ten of a type
// are kept, by the first five digits of the identity.
func (j *judgement) ignored() {
	kept := map[string][]string{} // by kind and id, the messages that may be there
	types := map[string]int{}
	var order []string
	for _, a := range j.arrivals {
		e := a.of.event
		if e.Wants.Kind != Ignored {
			continue
		}
		key := e.Platform + ".unknown\x00" + e.Wants.ID[:5]
		if kept[key] == nil {
			order = append(order, key)
			types[e.Platform]++
		}
		kept[key] = append(kept[key], string(a.body))
	}
	for _, key := range order {
		kind, _, _ := strings.Cut(key, ".")
		record, ok := j.Records[key]
		switch {
		case (!ok || record.Deleted) && types[kind] <= 10:
			j.breaks("G5: an ignored event of %s is not kept", kind)
		case ok && !record.Deleted && !slices.Contains(kept[key], string(record.Data)):
			j.breaks("G5: the record of an ignored event of %s is no message of it", kind)
		}
	}
}
