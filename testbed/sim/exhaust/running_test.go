package exhaust

import (
	"slices"

	"github.com/webhook-functions/template/shared/ledger"
)

// running adds all that may come of the next call of a process.
func (h *mover) running(i int, name string) {
	c, ended := h.processes.Call(h.now.messages[i].at)
	if ended {
		h.verdict(i, name, c)
		return
	}
	h.fault(i, func(_ *state, m *message) { m.stage, m.at = waiting, 0 }, "%s: its process dies before it %s %d", name, c.op, c.value)
	if read, ok := h.read(h.now, c); ok {
		h.may(i, func(_ *state, m *message) { h.answer(m, read) }, "%s: its process %s", name, c.op)
		if c.op != readNegative {
			h.fault(i, func(_ *state, m *message) { h.answer(m, answer{failure: fails}) }, "%s: its process cannot do it: %s", name, c.op)
		}
		return
	}
	if c.op == putLimit {
		h.put(i, name, c.value)
		return
	}
	h.write(i, name, c)
}

// answer gives the answer to the process of a message.
func (h *mover) answer(m *message, a answer) { m.at = h.processes.Answer(m.at, a) }

// write adds a write that is done, not done, or done without an answer.
func (h *mover) write(i int, name string, c call) {
	for copies := range 2 {
		if copies == 1 && (c.op != publish || !h.doubles(h.bodies.all[c.value])) {
			break
		}
		h.may(i, func(to *state, m *message) {
			a := h.apply(to, c, copies+1)
			h.answer(m, a)
		}, "%s: its process %s %d%s", name, c.op, c.value, []string{"", ", and the queue doubles it"}[copies])
	}
	h.fault(i, func(_ *state, m *message) { h.answer(m, answer{failure: fails}) }, "%s: its process fails before it %s %d", name, c.op, c.value)
	h.fault(i, func(to *state, m *message) {
		h.apply(to, c, 1)
		h.answer(m, answer{failure: fails})
	}, "%s: its process %s %d, the answer is lost", name, c.op, c.value)
}

// apply changes the state as a write does, and gives its answer.
func (h *mover) apply(s *state, c call, copies int) answer {
	switch c.op {
	case postEntry:
		return answer{outcome: h.post(s, c.value)}
	case markPushed:
		s.pushed = max(s.pushed, int8(c.value))
	case noteCrossing:
		s.crossing = max(s.crossing, int8(c.value))
	case publish:
		for range copies {
			s.add(message{body: int8(c.value), stage: ready})
		}
	case deadLetter:
		s.add(message{body: int8(c.value), stage: dead})
	default:
		panic("nothing is known of what " + string(c.op))
	}
	return answer{}
}

// post decides as every store does, by ledger.Plan.
func (h *mover) post(s *state, id int) ledger.Outcome {
	found := ledger.Found{Entries: map[string]ledger.Entry{}}
	for _, e := range s.entries {
		if e != 0 {
			entry := h.entries.all[e]
			entry.Account = human
			found.Entries[entry.ID] = entry
		}
	}
	d, err := ledger.Plan(human, []ledger.Entry{h.entries.all[id]}, found, nine)
	if err != nil {
		panic(err)
	}
	if len(d.Entries) == 0 {
		return d.Outcomes[0]
	}
	free := slices.Index(s.entries[:], 0)
	if free < 0 {
		s.crowded = true
		return d.Outcomes[0]
	}
	s.entries[free] = int8(id)
	return d.Outcomes[0]
}

// put adds what may come of a call to the platform.
func (h *mover) put(i int, name string, limit int) {
	lands := func(s *state) failure {
		if s.unknown {
			return notFound
		}
		s.limit = int8(limit)
		return none
	}
	h.may(i, func(to *state, m *message) { h.answer(m, answer{failure: lands(to)}) }, "%s: its process puts %d", name, limit)
	h.fault(i, func(to *state, m *message) { lands(to); h.answer(m, answer{failure: unknown}) }, "%s: its process puts %d, the answer is lost", name, limit)
	h.fault(i, func(_ *state, m *message) { h.answer(m, answer{failure: unknown}) }, "%s: its process puts %d, the put is lost", name, limit)
	h.fault(i, func(_ *state, m *message) { h.answer(m, answer{failure: refused}) }, "%s: its process puts %d, refused", name, limit)
	if free := slices.Index(h.now.messages[i].late[:], 0); free >= 0 {
		h.fault(i, func(_ *state, m *message) {
			m.late[free] = int8(limit) + 1
			h.answer(m, answer{failure: unknown})
		}, "%s: its process puts %d, to land late", name, limit)
	}
}

// verdict adds what the queue does with a message that was handled.
func (h *mover) verdict(i int, name string, c call) {
	h.fault(i, func(_ *state, m *message) { m.stage, m.at = waiting, 0 }, "%s: its process dies before its verdict", name)
	stage := map[int]stage{ack: gone, again: ready, afterMinute: waiting}[c.value]
	h.may(i, func(to *state, m *message) {
		if n := h.crossing(m.body); n > 0 && stage == gone {
			to.told |= 1 << n
		}
		m.stage, m.at = stage, 0
	}, "%s: %s", name, map[int]string{ack: "is acknowledged", again: "comes back", afterMinute: "comes back after a minute"}[c.value])
}
