package e2e_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// step is a moment at which a process can die.
type step struct {
	process, operation string
	at                 phase
}

// steps are all moments between which something changes somewhere.
func steps() (all []step) {
	for process, operations := range map[string][]string{
		ingestFn: {"publish events", "publish dead-letters"},
		workerFn: {"push", "batchGet", "runQuery", "commit", "publish outbound", "publish dead-letters"},
	} {
		for _, operation := range operations {
			all = append(all, step{process, operation, before}, step{process, operation, after})
		}
	}
	return all
}

// executioner kills a process at the next step that is armed.
type executioner struct {
	mu    sync.Mutex
	armed step
	fired chan struct{}
}

func (x *executioner) arm(next step) <-chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.armed, x.fired = next, make(chan struct{})
	return x.fired
}

func (x *executioner) hits(this step) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if this != x.armed {
		return false
	}
	x.armed = step{}
	return true
}

// strike kills a process at the step that is armed.
func (x *executioner) strike(s *system) fault {
	return func(process, operation string, at phase) bool {
		if !x.hits(step{process, operation, at}) {
			return false
		}
		s.kill(process)
		close(x.fired)
		return true
	}
}

// reached waits until a process has died at a step, and starts it again.
func (s *system) reached(at step, fired <-chan struct{}) {
	s.Helper()
	s.eventually(fmt.Sprintf("%v is reached", at), func() bool {
		select {
		case <-fired:
			return true
		default:
			s.revive()
			return false
		}
	})
}

const rounds = 4

// kills ends ingest or the worker at each step, four times over, while events
// keep coming. Every round of events touches every step.
func kills(s *system) {
	for n := range rounds * len(steps()) {
		s.deliver(s.usage(fmt.Sprint("seed ", n), "everybody", 1))
	}
	s.drain()
	x := &executioner{}
	s.inject(x.strike(s))
	n := 0
	want := newExpectation()
	for range rounds {
		for _, next := range steps() {
			fired := x.arm(next)
			want.round(s, n)
			s.reached(next, fired)
			n++
		}
	}
	s.Logf("killed %d times", n)
	if n < 60 {
		s.Errorf("killed %d times only", n)
	}
	s.drain()
	s.inject(nil)
	for i := range n {
		s.balance(fmt.Sprint("u", i), -5, 1)
	}
	s.balance("everybody", -ledger.Micro(30+1)*ledger.Micro(n), 0) // how many duplicates were posted depends on the kills
	want.check(s, n)
}

// expectation is what must be in the queues in the end: identities.
type expectation struct {
	dead, outbound map[string]bool
}

func newExpectation() *expectation {
	return &expectation{dead: map[string]bool{}, outbound: map[string]bool{}}
}

// extra is what one platform adds to the events of a round.
type extra struct {
	deliver func(s *system, e *expectation, n int)
	check   func(s *system, rounds int)
}

var extras = []extra{
	gabberNoID,
	chatbaseLead,
}

// round sends the n-th round. One account takes part in all rounds, one is new in
// each.
func (e *expectation) round(s *system, n int) {
	s.Helper()
	id, seed, fresh := fmt.Sprint("id ", n), fmt.Sprint("seed ", n), fmt.Sprint("u", n)
	e.deliver(s, s.usage(id, "everybody", 30), "everybody")
	e.deliver(s, s.usage(id, "everybody", 30), "everybody") // a duplicate
	e.deliver(s, s.usage(id+"!", fresh, 5), fresh)          // a new account
	conflict, unusable := s.usage(seed, "everybody", 2), s.usage(id+"?", "everybody", -1-n)
	s.deliver(conflict)
	s.deliver(unusable)
	for _, x := range extras {
		x.deliver(s, e, n)
	}
	e.dead[e.identity(s, conflict).ID] = true
	e.dead[e.identity(s, unusable).ID] = true
	e.outbound[e.followUp(s, s.usage(seed, "everybody", 1), "everybody")] = true
}

// deliver sends an event that is charged to an account.
func (e *expectation) deliver(s *system, sample eventstest.Sample, account string) {
	s.Helper()
	s.deliver(sample)
	e.outbound[e.followUp(s, sample, account)] = true
}

func (e *expectation) identity(s *system, sample eventstest.Sample) webhook.Event {
	return ingest.Identify(eventstest.Platform(s, sample.Platform).Provider, sample.Body, time.Now(), signature.Verified{KeyID: "1"})
}

func (e *expectation) followUp(s *system, sample eventstest.Sample, account string) string {
	return webhook.FollowUp("worker", followups.BalanceChanged, e.identity(s, sample), account, nil).ID
}

// check looks into the queues, and at what the extras of so many rounds became.
func (e *expectation) check(s *system, rounds int) {
	s.Helper()
	for _, x := range extras {
		x.check(s, rounds)
	}
	for what, pair := range map[string][2]map[string]bool{
		"dead letter": {known(s.letters("dead-letters")), e.dead},
		"follow-up":   {known(s.letters("outbound")), e.outbound},
	} {
		for id := range pair[1] {
			if !pair[0][id] {
				s.Errorf("a %s is lost", what)
			}
		}
		for id := range pair[0] {
			if !pair[1][id] {
				s.Errorf("a %s nobody expects: %s", what, id)
			}
		}
	}
}

func known(letters map[string]webhook.Event) map[string]bool {
	all := map[string]bool{}
	for id := range letters {
		all[id] = true
	}
	return all
}
