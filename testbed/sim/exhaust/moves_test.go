package exhaust

import (
	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/ledger"
)

// mover collects the moves of one state.
type mover struct {
	*money
	*Moves[state]
	now state
}

func (m *money) moves(s state, to *Moves[state]) {
	h := mover{m, to, s}
	for i, one := range s.messages {
		if one.body == 0 {
			break
		}
		if i == 0 || s.messages[i-1] != one { // copies are alike
			h.message(i)
		}
	}
	h.human()
}

// may adds what an action changes; fault, if one is left, what a fault does.
func (h *mover) may(i int, change func(*state, *message), format string, args ...any) {
	to := h.now
	change(&to, &to.messages[i])
	h.Add(to.canonical(), format, args...)
}

func (h *mover) fault(i int, change func(*state, *message), format string, args ...any) {
	to := h.now
	change(&to, &to.messages[i])
	h.Fault(to.canonical(), format, args...)
}

// message adds all that may become of one copy of a message.
func (h *mover) message(i int) {
	one := h.now.messages[i]
	for l, late := range one.late {
		if late != 0 {
			h.may(i, func(to *state, m *message) { to.limit, m.late[l] = late-1, 0 }, "a late put of %d lands", late-1)
		}
	}
	name := h.name(one.body)
	switch one.stage {
	case unsent:
		h.arrives(i, name)
	case ready:
		if h.free(one.body) {
			h.delivered(i, name)
		}
	case waiting:
		if one.late == [2]int8{} {
			h.may(i, func(_ *state, m *message) { m.stage = ready }, "%s comes back", name)
		}
	case running:
		h.running(i, name)
	case dead:
		h.redriven(i, name)
	}
}

// arrives: the platform's messages are alike, so the first arrives first.
func (h *mover) arrives(i int, name string) {
	if i > 0 && h.now.messages[i-1].stage == unsent && h.alike {
		return
	}
	h.may(i, func(_ *state, m *message) { m.stage = ready }, "%s arrives", name)
	if h.doubles(h.bodies.all[h.now.messages[i].body]) {
		h.may(i, func(to *state, m *message) { m.stage = ready; to.add(*m) }, "%s arrives twice", name)
	}
}

// redriven: an operator redrives each dead letter of the begin. That those which the
// worker made are redriven, too, counts as a fault, for they come again.
func (h *mover) redriven(i int, name string) {
	add := h.fault
	if h.bodies.all[h.now.messages[i].body].ID == h.letter.ID {
		add = h.may
	}
	add(i, func(_ *state, m *message) { m.stage = ready }, "%s is redriven", name)
}

// free says whether a process of the function that handles body is idle.
func (h *mover) free(body int8) bool {
	function, idle := h.function(body)
	for _, m := range h.now.messages {
		if m.stage == running {
			if other, _ := h.function(m.body); other == function {
				idle--
			}
		}
	}
	return idle > 0
}

// function names what handles a message, and says how many processes it has.
func (m *money) function(body int8) (string, int) {
	switch e := &m.bodies.all[body]; {
	case e.Provider() != "":
		return "worker", m.workers
	case e.Type == granted:
		return "operator", 1
	}
	return "outbound", m.pushers
}

// delivered starts a process. What it reads first is one move: before, it might as well
// not have begun.
func (h *mover) delivered(i int, name string) {
	body := h.now.messages[i].body
	at := h.processes.Begin(int(body), h.handle(body))
	for {
		c, ended := h.processes.Call(at)
		read, ok := h.read(h.now, c)
		if ended || !ok {
			break
		}
		if c.op != readNegative {
			failed := h.processes.Answer(at, answer{failure: fails})
			h.fault(i, func(_ *state, m *message) { m.stage, m.at = running, failed }, "%s is delivered, its process cannot do it: %s", name, c.op)
		}
		at = h.processes.Answer(at, read)
		if c.op == readAccount {
			break
		}
	}
	h.may(i, func(_ *state, m *message) { m.stage, m.at = running, at }, "%s is delivered", name)
}

// read answers a call that changes nothing.
func (m *money) read(s state, c call) (a answer, ok bool) {
	switch c.op {
	case readAccount:
		return answer{balance: m.balance(s), seq: s.seq(), pushed: s.pushed}, true
	case readCrossing:
		return answer{number: s.crossing}, true
	case readNegative: // the alarm was raised before: it is not the subject
		return answer{number: 100}, true
	}
	return answer{}, false
}

// human adds what the platform and an operator do about a human that was not known.
func (h *mover) human() {
	if h.now.unknown {
		to := h.now
		to.unknown = false
		h.Add(to, "the platform meets the human")
	}
	if h.now.unswept && !h.now.unknown && h.now.messages == [len(h.now.messages)]message{} {
		to := h.now
		to.unswept = false
		account := ledger.Account{ID: human, Balance: ledger.Micro(h.balance(to)) * ledger.Credit, Seq: int64(to.seq()), PushedSeq: int64(to.pushed)}
		if e, unpushed := accounts.Unpushed(account, nine); unpushed {
			to.add(message{body: int8(h.bodies.index(e)), stage: ready})
		}
		h.Add(to.canonical(), "an operator sweeps")
	}
}
