package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// call is one call of a port, made by a task.
type call struct {
	site  string
	port  *port
	serve func() answer                                 // carries it out, at one instant
	holds func() []string                               // the items it writes; nil: none
	clash func(held []string) (status int, body []byte) // the answer where another call holds them; nil: no such fault

	task     *task
	held     []string  // what holds gave
	deadline time.Time // of the caller's context; zero: none
	ordinal  int
	done     bool // carried out, or never will be
}

// answer is what a caller gets.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
	panics bool // the caller panics
}

func (a answer) String() string {
	switch {
	case a.panics:
		return "panic"
	case a.err != nil:
		return a.err.Error()
	}
	if a.status >= 400 {
		return fmt.Sprintf("%d %.200q", a.status, a.body)
	}
	return fmt.Sprint(a.status)
}

// operation is the end of the call site's name.
func (c *call) operation() string {
	_, operation, _ := strings.Cut(c.site, ": ")
	return operation
}

// port says how one kind of service fails.
type port struct {
	name     string
	faults   []Fault
	lateness time.Duration // how long after the caller gave up a call may still be carried out
	throttle answer
	denied   answer
	failure  answer // a 5xx
}

func (p *port) keepsSecrets() bool { return strings.Contains(strings.ToLower(p.name), "secret") }

// errNetwork is what a broken connection looks like.
type errNetwork string

func (e errNetwork) Error() string { return string(e) }

const (
	errRefused errNetwork = "connection refused"
	errReset   errNetwork = "connection reset"
)

type errDeadline struct{}

func (errDeadline) Error() string { return "context deadline exceeded" }

// Timeout is asked for by net/http.
func (errDeadline) Timeout() bool { return true }

// Is says what net/http's error is, too.
func (errDeadline) Is(target error) bool { return target == context.DeadlineExceeded }

// admit decides the fate of a call and puts it on the agenda. Each call draws from a
// stream of its own, so that leaving one fault out leaves the others as they are.
func (w *world) admit(c *call) {
	w.ordinal++
	c.ordinal = w.ordinal
	c.task.call = c
	if c.holds != nil {
		c.held = c.holds()
	}
	random := rand.New(rand.NewPCG(w.history.Seed, uint64(c.ordinal)))
	fault := w.fate(c, random)
	w.underWay = append(w.underWay, c)
	latency := 15 * time.Millisecond
	if random.IntN(8) == 0 { // overtaken by others
		latency = 500 * time.Millisecond
	}
	apply := time.Now().Add(upTo(random, latency))
	back := apply.Add(upTo(random, 5*time.Millisecond))
	w.note("call %d of %s %d, %s: %s%s", c.ordinal, c.task.process.kind, c.task.process.id, c.task.what, c.operation(), fault.told())
	fates[fault](w, c, random, apply, back)
}

// fate draws the fault of a call.
func (w *world) fate(c *call, random *rand.Rand) Fault {
	fault := None
	rate, only := w.plan.rates.rate(c.port.name, time.Since(w.start))
	if w.plan.rates.seldom && isSeldom(c.site) {
		rate = max(rate, 0.3)
	}
	if w.faultsOn && random.Float64() < rate {
		fault = c.port.faults[random.IntN(len(c.port.faults))]
		if slices.Contains(c.port.faults, only) {
			fault = only
		}
	}
	if w.faultsOn && w.plan.rates.late && strings.HasSuffix(c.site, limitCall) && random.IntN(3) == 0 {
		fault = Late
	}
	if fault == None && c.clash != nil && random.IntN(2) == 0 && w.contended(c) {
		fault = Conflict
	}
	if late := fault == Late || fault == Slow; late && strings.HasSuffix(c.site, limitCall) {
		if time.Since(w.repeated) < apart {
			fault = None
		} else {
			w.putLate = time.Now()
		}
	}
	if fault == Conflict && (c.clash == nil || len(c.held) == 0) || slices.Contains(w.history.Calm, c.ordinal) {
		fault = None
	}
	w.coverage.hit(c.site, fault)
	if fault != None {
		w.faulty = append(w.faulty, c.ordinal)
		if c.port.keepsSecrets() {
			w.secretFault = time.Now()
		}
	}
	return fault
}

// apart keeps a limit that is put late from a second delivery of its own message: if that
// one is acknowledged, no later push follows. docs/decisions/0008-limits.md names it as
// outside the promise.
const apart = 15 * time.Minute

// contended says whether another call under way writes an item that c writes.
func (w *world) contended(c *call) bool {
	return slices.ContainsFunc(w.underWay, func(other *call) bool {
		return other != c && !other.done && slices.ContainsFunc(other.held, func(key string) bool { return slices.Contains(c.held, key) })
	})
}

// fates is a row per fault: what it puts on the agenda.
var fates = [faults]func(w *world, c *call, random *rand.Rand, apply, back time.Time){
	None: func(w *world, c *call, _ *rand.Rand, apply, back time.Time) {
		w.carryOut(c, apply, func(a answer) { w.answerAt(c, back, a) })
	},
	Before: func(w *world, c *call, random *rand.Rand, apply, back time.Time) {
		a := answer{err: errRefused}
		if random.IntN(2) == 0 {
			a = c.port.failure
		}
		w.answerAt(c, back, a)
		w.forget(c)
	},
	Lost: func(w *world, c *call, random *rand.Rand, apply, back time.Time) {
		if random.IntN(3) == 0 {
			back = back.Add(time.Hour) // no answer at all, until the caller gives up
		}
		w.carryOut(c, apply, func(answer) { w.answerAt(c, back, answer{err: errReset}) })
	},
	Late: func(w *world, c *call, random *rand.Rand, apply, back time.Time) {
		givenUp := back.Add(5 * time.Second)
		if !c.deadline.IsZero() {
			givenUp = c.deadline
		}
		w.answerAt(c, givenUp, answer{err: errReset})
		w.carryOut(c, givenUp.Add(upTo(random, c.port.lateness)), func(answer) {})
	},
	Slow: func(w *world, c *call, random *rand.Rand, apply, back time.Time) {
		apply = apply.Add(upTo(random, 6*time.Second))
		w.carryOut(c, apply, func(a answer) { w.answerAt(c, apply.Add(back.Sub(apply).Abs()), a) })
	},
	Throttle: func(w *world, c *call, _ *rand.Rand, apply, back time.Time) {
		w.answerAt(c, back, c.port.throttle)
		w.forget(c)
	},
	Denied: func(w *world, c *call, _ *rand.Rand, apply, back time.Time) {
		w.answerAt(c, back, c.port.denied)
		w.forget(c)
	},
	Corrupt: func(w *world, c *call, random *rand.Rand, apply, back time.Time) {
		w.carryOut(c, apply, func(a answer) { w.answerAt(c, back, damaged(a, random)) })
	},
	Panic: func(w *world, c *call, _ *rand.Rand, apply, back time.Time) {
		w.panics = true
		w.carryOut(c, apply, func(answer) { w.answerAt(c, back, answer{panics: true}) })
	},
	Conflict: func(w *world, c *call, random *rand.Rand, apply, back time.Time) {
		status, body := c.clash(c.held[:1+random.IntN(len(c.held))])
		w.answerAt(c, back, answer{status: status, body: body})
		w.forget(c)
	},
	KillBefore: func(w *world, c *call, _ *rand.Rand, apply, back time.Time) {
		w.at(apply, func() { w.kill(c.task.process) })
		w.forget(c)
	},
	KillAfter: func(w *world, c *call, _ *rand.Rand, apply, back time.Time) {
		w.carryOut(c, apply, func(answer) { w.kill(c.task.process) })
	},
	Freeze: func(w *world, c *call, random *rand.Rand, apply, back time.Time) {
		thaw := back.Add(upTo(random, 20*time.Minute))
		for _, p := range w.together(c.task.process) {
			p.freeze(thaw)
		}
		w.carryOut(c, apply, func(a answer) { w.answerAt(c, thaw, a) })
	},
}

// carryOut has the service carry out a call at one instant. A caller whose context
// ends before gets no answer.
func (w *world) carryOut(c *call, at time.Time, then func(answer)) {
	if !c.deadline.IsZero() && at.After(c.deadline) {
		w.answerAt(c, at, answer{})
	}
	w.at(at, func() {
		a := c.serve()
		w.forget(c)
		w.note("call %d is carried out: %v", c.ordinal, a)
		then(a)
	})
}

// forget takes a call from those under way.
func (w *world) forget(c *call) {
	c.done = true
	w.underWay = slices.DeleteFunc(w.underWay, func(other *call) bool { return other == c })
}

// answerAt resumes the caller with an answer, or with its context's error if that
// ends before.
func (w *world) answerAt(c *call, at time.Time, a answer) {
	if !c.deadline.IsZero() && at.After(c.deadline) {
		at, a = c.deadline.Add(1), answer{err: errDeadline{}}
	}
	w.at(at, func() { w.answer(c, a) })
}

// answer waits until the caller's process is not frozen.
func (w *world) answer(c *call, a answer) {
	if thaw := c.task.process.thaw; thaw.After(time.Now()) {
		w.at(thaw.Add(1), func() { w.answer(c, a) })
		return
	}
	w.resume(c, a)
}

func (w *world) resume(c *call, a answer) {
	if c.task.call != c { // killed meanwhile
		return
	}
	c.task.call = nil
	w.note("call %d is answered: %v", c.ordinal, a)
	c.task.resume <- a
}

// damaged cuts an answer. Something of it is left: a secret without a text is one that
// was never set.
func damaged(a answer, random *rand.Rand) answer {
	if len(a.body) > 1 {
		a.body = slices.Clone(a.body[:1+random.IntN(len(a.body)-1)])
	}
	return a
}

// upTo draws a duration of at least a nanosecond.
func upTo(random *rand.Rand, longest time.Duration) time.Duration {
	return 1 + time.Duration(random.Int64N(int64(longest)))
}
