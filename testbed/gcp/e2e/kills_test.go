package e2e_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers"
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
		s.deliver("gabber", usage(fmt.Sprint("seed ", n), "everybody", 1))
	}
	s.drain()
	x := &executioner{}
	s.inject(x.strike(s))
	n := 0
	want := newExpectation()
	for range rounds {
		for _, next := range steps() {
			fired := x.arm(next)
			want.deliver(s, n)
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
	want.check(s, n)
}

// expectation is what must come of the events of all rounds.
type expectation struct {
	dead, outbound map[string]bool // identities
	platforms      map[string]webhook.Provider
}

func newExpectation() *expectation {
	e := &expectation{dead: map[string]bool{}, outbound: map[string]bool{}, platforms: map[string]webhook.Provider{}}
	for _, p := range providers.Table() {
		e.platforms[p.Name] = p.Provider
	}
	return e
}

// deliver sends the n-th round. One account takes part in all rounds, one is new
// in each.
func (e *expectation) deliver(s *system, n int) {
	s.Helper()
	id, seed, fresh := fmt.Sprint("id ", n), fmt.Sprint("seed ", n), fmt.Sprint("u", n)
	for _, d := range []struct{ platform, body string }{
		{"gabber", usage(id, "everybody", 30)},
		{"gabber", usage(id, "everybody", 30)},       // a duplicate
		{"gabber", usage("", "everybody", 1000+n)},   // no id
		{"gabber", usage("", "everybody", 1000+n)},   // its twin, suppressed
		{"gabber", usage(id+"!", fresh, 5)},          // a new account
		{"gabber", usage(seed, "everybody", 2)},      // a conflict
		{"gabber", usage(id+"?", "everybody", -1-n)}, // unusable
		{"chatbase", lead(n)},
	} {
		s.deliver(d.platform, d.body)
	}
	e.dead[e.identity("gabber", usage(seed, "everybody", 2)).ID] = true
	e.outbound[e.followUp(usage(seed, "everybody", 1), "everybody")] = true
	e.dead[e.identity("gabber", usage(id+"?", "everybody", -1-n)).ID] = true
	e.outbound[e.followUp(usage(id, "everybody", 30), "everybody")] = true
	e.outbound[e.followUp(usage("", "everybody", 1000+n), "everybody")] = true
	e.outbound[e.followUp(usage(id+"!", fresh, 5), fresh)] = true
}

func (e *expectation) identity(platform, body string) webhook.Event {
	event := ingest.Identify(e.platforms[platform], []byte(body), time.Time{}, "1")
	return event
}

func (e *expectation) followUp(body, account string) string {
	return webhook.FollowUp("worker", followups.BalanceChanged, e.identity("gabber", body), account, nil).ID
}

func (e *expectation) check(s *system, n int) {
	s.Helper()
	sum := (30 + 1) * n
	for i := range n {
		sum += 1000 + i
		s.balance(fmt.Sprint("u", i), -5, 1)
		s.hasLead(i)
	}
	s.balance("everybody", -ledger.Micro(sum), 0) // how many twins were suppressed depends on the kills
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
