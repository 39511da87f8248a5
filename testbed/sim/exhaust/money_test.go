package exhaust

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// The worlds of one account: the real worker charges it, the real outbound pushes its
// limit and tells of its crossings. The queues deliver at least once and in any order, a
// process may die between any two calls, answers get lost and puts land late.

const human = "u1"

// state of an account and of every message about it.
type state struct {
	entries  [3]int8 // of the catalogue, after the opening grant; 0: none
	pushed   int8    // seq
	limit    int8    // at the platform
	crossing int8    // the last one on record
	told     int8    // bits of the crossings whose messages were handled
	unknown  bool    // to the platform is the human
	unswept  bool    // an operator's sweep is to come
	crowded  bool    // there were more messages or entries than there is room for
	messages [12]message
}

// message is one copy of a message in a queue, with what its handling left behind.
type message struct {
	body  int8 // of the catalogue; 0: no message
	stage stage
	late  [2]int8 // limits + 1 that it put and that may still land; 0: none
	at    Process // of its handling
}

type stage int8

const (
	unsent  stage = iota // by the platform
	ready                // a process may take it
	running              // a process has it
	waiting              // it comes back after a minute, when nothing it sent is on its way any more
	dead                 // a dead letter
	gone                 // acknowledged, but something it sent is on its way
)

// money are the rules of one world.
type money struct {
	opening          int8                     // credits granted and pushed at the begin
	sent             []webhook.Event          // by the platform
	letter           webhook.Event            // a dead letter at the begin; none without an ID
	alike            bool                     // what is sent: its order makes no difference
	unknown          bool                     // to the platform is the human, at first
	doubles          func(webhook.Event) bool // the queue may deliver it twice
	workers, pushers int                      // at once

	crossings int64 // how many there are in the end

	numbers   []int64  // of crossings, by message
	names     []string // for stories, by message
	processes Processes[call, answer]
	bodies    catalogue[webhook.Event, string]
	entries   catalogue[ledger.Entry, ledger.Entry]
	worker    handlers.Settings
	redecode  func(webhook.Event) (webhook.Event, error)
	outbound  calls.Settings
}

// catalogue numbers what occurs, from 1.
type catalogue[V any, K comparable] struct {
	all []V
	key func(V) K
	ids map[K]int
}

func (c *catalogue[V, K]) index(v V) int {
	if c.ids == nil {
		c.all, c.ids = make([]V, 1), map[K]int{}
	}
	id, known := c.ids[c.key(v)]
	if !known {
		id = len(c.all)
		c.all, c.ids[c.key(v)] = append(c.all, v), id
	}
	return id
}

// said is what a message says. Changes of a balance that say the same are alike: their
// cause makes no difference.
func said(e webhook.Event) string {
	if e.Type == followups.BalanceChanged {
		return strings.Join([]string{e.Source, e.Type, string(e.Data), e.Reason}, "\n")
	}
	return string(e.Encode())
}

// usage is an event that charges credits.
func usage(id string, credits int) webhook.Event {
	platform, _ := providers.Table().Named("gabber")
	body := fmt.Sprintf(`{"type":"usage.tracked","payload":{"id":%q,"type":"conversational_seconds","value":%d,"human":%q}}`, id, credits, human)
	return ingest.Identify(platform.Provider, []byte(body), nine, signature.Verified{KeyID: "1"})
}

// world makes the world of an account with an opening balance and of what the platform sends.
func (m *money) world(faults int, atRest func(state) error) World[state] {
	var err error
	if m.worker, err = handlers.SettingsFromEnv(func(string) string { return "" }); err != nil {
		panic(err)
	}
	key := map[string]string{"GABBER_API_KEY": "a-key-of-the-small-worlds"}
	if m.outbound, err = calls.SettingsFromEnv(func(name string) string { return key[name] }); err != nil {
		panic(err)
	}
	table := providers.Table()
	m.redecode = ingest.Redecode(ingest.Routes(table.Providers()...))
	m.numbers = []int64{0}
	m.bodies.key, m.entries.key = said, func(e ledger.Entry) ledger.Entry { return e }
	begin := state{limit: int8(m.opening), pushed: 1, unknown: m.unknown, unswept: m.unknown}
	for _, e := range m.sent {
		begin.add(message{body: int8(m.bodies.index(e)), stage: unsent})
	}
	if m.letter.ID != "" {
		begin.add(message{body: int8(m.bodies.index(m.letter)), stage: dead})
	}
	return World[state]{Begin: begin.canonical(), Faults: faults, Moves: m.moves, Holds: m.holds, AtRest: atRest}
}

func (s state) seq() int8 {
	n := int8(1)
	for _, e := range s.entries {
		if e != 0 {
			n++
		}
	}
	return n
}

func (m *money) balance(s state) int8 {
	b := int8(m.opening)
	for _, e := range s.entries {
		if e != 0 {
			b += int8(m.entries.all[e].Amount / ledger.Credit)
		}
	}
	return b
}

// canonical forgets what makes no difference: the order of copies and entries, and how
// far behind a stale mark is.
func (s state) canonical() state {
	if s.pushed < s.seq() {
		s.pushed = 0
	}
	slices.SortFunc(s.entries[:], func(a, b int8) int { return int(b) - int(a) })
	for i := range s.messages {
		switch one := &s.messages[i]; {
		case one.late[0] < one.late[1]:
			one.late[0], one.late[1] = one.late[1], one.late[0]
		case one.stage == gone && one.late == [2]int8{}:
			*one = message{}
		}
	}
	slices.SortFunc(s.messages[:], message.compare)
	return s
}

func (a message) compare(b message) int {
	if a.body == 0 || b.body == 0 { // no messages come last
		return int(b.body) - int(a.body)
	}
	return cmp.Or(int(a.body)-int(b.body), int(a.stage)-int(b.stage), int(a.at)-int(b.at),
		int(a.late[0])-int(b.late[0]), int(a.late[1])-int(b.late[1]))
}

// add puts a message into its queue.
func (s *state) add(m message) {
	free := slices.IndexFunc(s.messages[:], func(m message) bool { return m.body == 0 })
	if free < 0 {
		s.crowded = true
		return
	}
	s.messages[free] = m
}

// explore gives what becomes of the world.
func (m *money) explore(faults int, atRest func(state) error) explored {
	counts, err := m.world(faults, atRest).Explore()
	return explored{counts, m.processes.Steps(), err}
}

// holds: no crossing is told that there never is, and each under one identity.
func (m *money) holds(s state) error {
	if s.crowded {
		return fmt.Errorf("more than %d messages at once, or %d entries", len(s.messages), len(s.entries))
	}
	told := map[int64]int8{}
	for _, one := range s.messages {
		n := m.crossing(one.body)
		if n == 0 {
			continue
		}
		if other, ok := told[n]; n > m.crossings || ok && other != one.body {
			return fmt.Errorf("crossing %d is told, or under two identities", n)
		}
		told[n] = one.body
	}
	return nil
}

// crossing gives the number of the crossing that a message tells, 0 if it tells none.
func (m *money) crossing(body int8) int64 {
	for len(m.numbers) <= int(body) {
		var c followups.Crossing
		_ = json.Unmarshal(m.bodies.all[len(m.numbers)].Data, &c) // of another type: no number
		m.numbers = append(m.numbers, c.Number)
	}
	return m.numbers[body]
}

func (m *money) name(body int8) string {
	for len(m.names) <= int(body) {
		m.names = append(m.names, fmt.Sprintf("message %d (%s)", len(m.names), m.bodies.all[len(m.names)].Type))
	}
	return m.names[body]
}
