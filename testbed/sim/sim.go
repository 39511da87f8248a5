// Package sim runs random histories of the production code in a simulated world.
//
//	go test ./testbed/sim -run TestSim$ -histories 50000    `make sim`
//	go test ./testbed/sim -run TestSim$ -seed 8 -v          one history, told
//
// A seed draws a history: a cloud or a laptop, what platforms, operators and attackers do
// and when (acts), and what happens to each call of a port (faults). The functions are wired as their entry points
// wire them, with the production clients of the cloud; what is simulated lies behind
// HTTP: DynamoDB, Firestore, queues, secrets, the platforms' APIs. Time is virtual.
// One goroutine runs at a time, so a seed gives the same history every time.
//
// docs/simulator.md says how a port, an actor or an invariant is added.
package sim

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/testbed/sim/field"
	"github.com/webhook-functions/template/testbed/sim/queue"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// History says what to run: a seed, and what of it to leave out.
type History struct {
	Seed  uint64
	Skip  []int     // acts that do not happen
	Calm  []int     // calls that no fault happens to
	Story io.Writer // where to tell it; nil: nowhere
}

// String is how the history is run again.
func (h History) String() string {
	text := fmt.Sprintf("-seed=%d", h.Seed)
	for _, without := range []struct {
		flag string
		list []int
	}{{"skip", h.Skip}, {"calm", h.Calm}} {
		if len(without.list) > 0 {
			text += fmt.Sprintf(" -%s=%s", without.flag, strings.Trim(strings.ReplaceAll(fmt.Sprint(without.list), " ", ","), "[]"))
		}
	}
	return text
}

// Report is what a history was like.
type Report struct {
	Seed       uint64
	Steps      int
	Acts       int
	Calls      int
	Faulty     []int // ordinals of the calls that a fault happened to
	Safety     bool
	Violations []string
	Coverage   Coverage
	Virtual    time.Duration
}

// Run runs a history.
func Run(t *testing.T, h History) (r Report) {
	synctest.Test(t, func(*testing.T) { r = run(h) })
	return r
}

// mostSteps is far more than a history takes until its queues are empty, once faults have stopped.
const mostSteps = 20_000

// mostFaultySteps is far more than a history takes while faults go on.
const mostFaultySteps = 100_000

func run(h History) Report {
	w := newWorld(h)
	for i, a := range w.plan.acts {
		if !slices.Contains(h.Skip, i) {
			w.in(a.at, func() { w.note("act %d: %s", i, a.what); a.do(w) })
		}
	}
	if !w.plan.safety {
		w.in(w.plan.faultsEnd, func() { w.note("no more faults"); w.faultsOn = false })
	}
	w.happen()
	if !w.plan.safety {
		w.drain()
	}
	w.finish()
	return Report{Seed: h.Seed, Steps: w.steps, Acts: len(w.plan.acts), Calls: w.ordinal, Faulty: w.faulty, Safety: w.plan.safety, Violations: w.violations,
		Coverage: w.coverage, Virtual: time.Since(w.start)}
}

func newWorld(h History) *world {
	var names []string
	for _, p := range providers.Table() {
		if field.Sends(p.Name) { // a fork's own platform does not
			names = append(names, p.Name)
		}
	}
	p := newPlan(h.Seed, names)
	w := &world{schedule: schedule{again: h.String()}, history: h, plan: p, random: rand.New(rand.NewPCG(h.Seed, 1<<41)), start: time.Now(), faultsOn: true,
		coverage: Coverage{}, story: h.Story, polled: map[*queue.Queue]time.Time{}, pools: map[string][]*process{}, secrets: newStore(&p), platforms: configured(&p),
		api: &platforms{fakeapi.New(), map[string]bool{}}, wants: map[string]field.Want{}, meanings: map[string]map[string]bool{}, signed: map[string]bool{}, callers: map[string]bool{}, kept: map[string]bool{}, signers: map[string]string{}, rotated: map[string]time.Time{}}
	w.wake = make(chan struct{}, 1)
	w.writes = ledgerWrites{w, map[string]*account{}}
	for _, name := range names {
		w.canary(p.secretOf(name, 1))
	}
	for _, secret := range fakeapi.Secrets() {
		w.canary(secret)
	}
	w.canaries = append(append(w.canaries, traces...), string(simulatedPanic))
	w.cloud = clouds[w.plan.cloud](w)
	w.records = recorded{map[string]field.Record{}}
	w.cloud.onCommit(func(changes []stored.Change) { w.writes.commit(changes); w.records.commit(changes) })
	w.ledger = w.cloud.reader()
	events, outbound, dead := w.cloud.queues()
	w.dead = queue.New("dead", dead, time.Now, w.random)
	events.Dead, outbound.Dead = w.dead, w.dead
	w.events, w.outbound = queue.New("events", events, time.Now, w.random), queue.New("outbound", outbound, time.Now, w.random)
	for _, q := range []*queue.Queue{w.events, w.outbound, w.dead} {
		q.OnSend = w.sentTo
	}
	return w
}

// happen lets the world go on until nothing is left to happen, or a promise is broken.
func (w *world) happen() {
	w.faultsEnded = w.steps
	w.run(func(calls []*call, ended []*task) {
		w.checkLogs()
		for _, c := range calls {
			w.admit(c)
		}
		for _, t := range ended {
			t.over()
		}
	}, func() bool {
		if w.faultsOn && w.steps < mostFaultySteps {
			w.faultsEnded = w.steps
		}
		if w.steps-w.faultsEnded > mostSteps {
			w.violate("G6: the queues are not empty %d steps after the last fault", mostSteps)
		}
		return len(w.violations) > 0
	})
}

// drain has an operator redrive the dead letters, and judges what is left. Then some
// of the messages there have been are delivered once more, as late as the plan says, and
// nothing may change (G8).
func (w *world) drain() {
	for range 2 {
		w.redrive()
		w.happen()
	}
	w.sweep()
	w.happen()
	if len(w.violations) > 0 {
		return
	}
	end := w.end()
	if w.judge(end); len(w.violations) == 0 {
		w.replay(end)
	}
}

// mostReplayed bounds what a redelivery costs.
const mostReplayed = 4

func (w *world) replay(before field.World) {
	w.in(w.plan.replay, func() {
		w.note("messages of before are delivered once more")
		for _, i := range w.random.Perm(len(w.archive))[:min(mostReplayed, len(w.archive))] {
			w.events.Send(w.archive[i].Body, w.archive[i].Attributes)
		}
		w.redeliver()
	})
	w.happen()
	after := w.end()
	if len(w.violations) == 0 && digest(after) != digest(before) {
		w.violate("G8: a redelivery changes the ledger")
	}
	for _, what := range field.Judge(after) {
		if strings.HasPrefix(what, "G6") {
			w.violate("G8: after a redelivery, %s", what)
		}
	}
}

// redeliver has platforms repeat deliveries with a signed id, signed anew.
func (w *world) redeliver() {
	accepted := slices.DeleteFunc(slices.Clone(w.sent), func(a field.Accepted) bool { return a.Status != 200 || a.Event.SignedID == "" })
	for _, a := range accepted[:min(mostReplayed, len(accepted))] {
		w.attempt(&delivery{event: a.Event, random: w.random})
	}
}

// digest is what a redelivery may not change.
func digest(end field.World) string {
	slices.SortFunc(end.Entries, func(a, b field.Entry) int { return strings.Compare(a.ID, b.ID) })
	text := fmt.Sprint(end.Entries)
	for _, name := range slices.Sorted(maps.Keys(end.Accounts)) {
		text += fmt.Sprintf(" %q %d after %d", name, end.Accounts[name].Balance, end.Accounts[name].Seq)
	}
	return text
}

// finish ends each goroutine that is left. It is no part of the story.
func (w *world) finish() {
	w.story = nil
	for _, kind := range slices.Sorted(maps.Keys(w.pools)) {
		for _, p := range slices.Clone(w.pools[kind]) {
			w.kill(p)
		}
	}
	w.begin()
	time.Sleep(time.Hour) // a killed task that waits for a timer ends at its next call
}
