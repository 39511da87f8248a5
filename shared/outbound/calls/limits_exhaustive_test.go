package calls

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// The real Limits.Push in every situation: two bookings, their
// messages delivered twice and at once, two pushers, answers that are lost, puts
// that land late, processes that die, in every order. Where nothing is left to
// happen the limit must be what is left.
//
// Push is deterministic, so what it does next follows from the answers it got so
// far. A state of the world therefore holds those answers, and the next step of
// a pusher is found by running Push on them until it asks for one more.

// situation is one state of the world. It is a map key: equal worlds have equal futures.
type situation struct {
	ledger  ledgerState
	limit   int8 // at the platform, -1 before the first put
	faults  int8 // how many more may happen
	booking [2]booking
	copies  [4]delivery // of the messages, which all say the same
	pushers [2]pusher
	late    [maxFaults]latePut // puts on their way, their owners' tries are over
}

type ledgerState struct{ balance, seq, synced int8 }

func (l ledgerState) read() string { return fmt.Sprintf("%d,%d,%d ", l.balance, l.seq, l.synced) }

// booking is the worker's part: book, publish the message, acknowledge; it may
// die in between and then finds its entry a duplicate.
type booking struct {
	at   bookingState
	died bool
}

type bookingState int8

const (
	notBooked bookingState = iota
	booked                 // the message is not published yet
	diedAfter              // and the event will be delivered again
	published
)

type delivery int8

const (
	absent  delivery = iota
	ready            // a pusher may take it
	taken            // a pusher has it
	settled          // comes back after a minute: when nothing it sent is on its way any more
	done
)

// pusher handles one copy of a message; with holds 0 it is idle.
type pusher struct {
	holds   int8 // copy + 1
	answers string
}

type latePut struct {
	owner int8 // copy + 1, 0: none
	value int8
}

// maxFaults per situation. Three make four times as many worlds and found nothing more.
const maxFaults = 2

// before any booking: three credits granted and pushed.
var (
	genesis = situation{ledger: ledgerState{3, 1, 1}, limit: 3, faults: maxFaults}
	amount  = int8(-2) // of each booking; the second one takes the balance below zero
)

// move is one thing that may happen.
type move struct {
	what string
	to   situation
}

func (w situation) moves(steps map[string]step) (all []move) {
	add := func(what string, change func(*situation)) {
		to := w
		change(&to)
		all = append(all, move{what, to.canonical()})
	}
	for i := range w.booking {
		w.bookingMoves(i, add)
	}
	for c, state := range w.copies {
		if state == settled && !slices.ContainsFunc(w.late[:], func(l latePut) bool { return l.owner == int8(c+1) }) {
			add(fmt.Sprintf("copy %d comes back", c), func(to *situation) { to.copies[c] = ready })
		}
		if idle := slices.IndexFunc(w.pushers[:], func(p pusher) bool { return p.holds == 0 }); state == ready && idle >= 0 {
			add(fmt.Sprintf("copy %d is delivered, its pusher reads", c), func(to *situation) {
				to.copies[c], to.pushers[idle] = taken, pusher{int8(c + 1), w.ledger.read()}
			})
		}
	}
	for i, l := range w.late {
		if l.owner != 0 {
			add(fmt.Sprintf("a late put of %d lands", l.value), func(to *situation) { to.limit, to.late[i] = l.value, latePut{} })
		}
	}
	for p := range w.pushers {
		if w.pushers[p].holds != 0 {
			w.pusherMoves(p, stepAfter(steps, w.pushers[p].answers), add)
		}
	}
	return all
}

func (w situation) bookingMoves(i int, add func(string, func(*situation))) {
	publish := func(copies int) func(*situation) {
		return func(to *situation) {
			to.booking[i] = booking{at: published}
			for c := range to.copies {
				if copies > 0 && to.copies[c] == absent {
					to.copies[c], copies = ready, copies-1
				}
			}
		}
	}
	switch b := w.booking[i]; b.at {
	case notBooked:
		if i > 0 && w.booking[i-1].at == notBooked {
			return // they are alike: the first comes first
		}
		add(fmt.Sprintf("booking %d", i), func(to *situation) {
			to.ledger.balance += amount
			to.ledger.seq++
			to.booking[i].at = booked
		})
	case booked:
		add(fmt.Sprintf("message %d is published", i), publish(1))
		add(fmt.Sprintf("message %d is published, the queue doubles it", i), publish(2))
		if !b.died {
			add(fmt.Sprintf("the worker dies before message %d", i), func(to *situation) { to.booking[i] = booking{diedAfter, true} })
		}
	case diedAfter:
		add(fmt.Sprintf("booking %d is a duplicate", i), func(to *situation) { to.booking[i].at = booked })
	}
}

// pusherMoves is everything that may come of a pusher's next step.
func (w situation) pusherMoves(p int, s step, add func(string, func(*situation))) {
	name := fmt.Sprintf("pusher %d (copy %d)", p, w.pushers[p].holds-1)
	answer := func(to *situation, text string) { to.pushers[p].answers += text + " " }
	back := func(to *situation, state delivery) {
		to.copies[to.pushers[p].holds-1], to.pushers[p] = state, pusher{}
	}
	faulty := func(what string, change func(*situation)) {
		if w.faults > 0 {
			add(name+what, func(to *situation) { to.faults--; change(to) })
		}
	}
	if s.op != "put" { // having only read, it might as well not have begun
		faulty(" dies", func(to *situation) { back(to, settled) })
	}
	switch s.op {
	case "read":
		add(name+" reads", func(to *situation) { to.pushers[p].answers += to.ledger.read() })
		faulty(" cannot read", func(to *situation) { answer(to, "error") })
	case "put":
		put := fmt.Sprintf(" puts %d", s.value)
		add(name+put, func(to *situation) { to.limit = s.value; answer(to, "ok") })
		faulty(put+", the answer is lost", func(to *situation) { to.limit = s.value; answer(to, "unknown") })
		faulty(put+", the put is lost", func(to *situation) { answer(to, "unknown") })
		faulty(put+", refused", func(to *situation) { answer(to, "error") })
		faulty(put+", to land late", func(to *situation) {
			free := slices.Index(to.late[:], latePut{})
			to.late[free] = latePut{to.pushers[p].holds, s.value}
			answer(to, "unknown")
		})
	case "mark":
		mark := func(to *situation) { to.ledger.synced = max(to.ledger.synced, s.value) }
		add(fmt.Sprintf("%s marks %d", name, s.value), func(to *situation) { mark(to); answer(to, "ok") })
		faulty(" cannot mark", func(to *situation) { answer(to, "error") })
		faulty(" marks, the answer is lost", func(to *situation) { mark(to); answer(to, "error") })
	case "return":
		state := map[string]delivery{"done": done, "again": ready, "later": settled}[s.result]
		add(name+" is "+s.result, func(to *situation) { back(to, state) })
	}
}

// canonical forgets what makes no difference: which pusher and which copy is
// which, in what order puts were sent, how far behind a stale sync is.
func (w situation) canonical() situation {
	if w.ledger.synced < w.ledger.seq {
		w.ledger.synced = 0
	}
	w = w.renumbered()
	slices.SortFunc(w.pushers[:], func(a, b pusher) int { return int(a.holds - b.holds) })
	slices.SortFunc(w.late[:], func(a, b latePut) int { return int(a.owner-b.owner)*100 + int(a.value-b.value) })
	return w
}

// renumbered sorts the copies by their state and by what belongs to them.
func (w situation) renumbered() situation {
	var names [len(w.copies)]string
	order := []int{0, 1, 2, 3}
	for c, state := range w.copies {
		names[c] = fmt.Sprint(state)
		for _, p := range w.pushers {
			if int(p.holds) == c+1 {
				names[c] += p.answers
			}
		}
		for _, l := range w.late {
			if int(l.owner) == c+1 {
				names[c] += fmt.Sprint(" late ", l.value)
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	to := w
	for now, before := range order {
		to.copies[now] = w.copies[before]
		for p := range w.pushers {
			if int(w.pushers[p].holds) == before+1 {
				to.pushers[p].holds = int8(now + 1)
			}
		}
		for l := range w.late {
			if int(w.late[l].owner) == before+1 {
				to.late[l].owner = int8(now + 1)
			}
		}
	}
	return to
}

// atRest: nothing is left to happen.
func (w situation) atRest() bool {
	busy := func(d delivery) bool { return d != absent && d != done }
	return w.booking[0].at == published && w.booking[1].at == published &&
		!slices.ContainsFunc(w.copies[:], busy) && w.late == [maxFaults]latePut{}
}

// step is what Push does next: read, put or mark, or return.
type step struct {
	op     string
	value  int8
	result string // of return: done, again, later
}

func stepAfter(steps map[string]step, answers string) step {
	s, ok := steps[answers]
	if !ok {
		s = replay(strings.Fields(answers))
		steps[answers] = s
	}
	return s
}

// replay runs Push on answers and gives what it does when they are used up.
func replay(answers []string) (next step) {
	defer func() {
		if asked := recover(); asked != nil {
			next = asked.(step)
		}
	}()
	port := &script{answers}
	limits := limits{Ledger: port, API: port, Price: strict.NewDecimal(1), Log: slog.New(slog.DiscardHandler)}
	err := limits.Push(context.Background(), webhook.Event{Data: []byte(`{"account":"u1","human":"u1"}`)}).Err
	switch {
	case err == nil:
		return step{op: "return", result: "done"}
	case webhook.RetryDelay(err) >= time.Minute:
		return step{op: "return", result: "later"}
	}
	return step{op: "return", result: "again"}
}

// script answers Push from a list and stops it where the list ends.
type script struct{ answers []string }

func (s *script) next(asked step) string {
	if len(s.answers) == 0 {
		panic(asked)
	}
	answer := s.answers[0]
	s.answers = s.answers[1:]
	return answer
}

var errScript = errors.New("it did not work")

func (s *script) Account(context.Context, string) (ledger.Account, error) {
	answer := s.next(step{op: "read"})
	if answer == "error" {
		return ledger.Account{}, errScript
	}
	var a ledger.Account
	_, err := fmt.Sscanf(answer, "%d,%d,%d", &a.Balance, &a.Seq, &a.PushedSeq)
	a.Balance *= ledger.Credit
	return a, err
}

func (s *script) MarkPushed(_ context.Context, _ string, seq int64) error {
	if s.next(step{op: "mark", value: int8(seq)}) == "error" {
		return errScript
	}
	return nil
}

func (s *script) PutLimit(_ context.Context, _ string, units int64) error {
	switch s.next(step{op: "put", value: int8(units)}) {
	case "unknown":
		return outbound.ErrUnknown
	case "error":
		return outbound.ErrRefused
	}
	return nil
}

func TestLimitsPush_everyWorld(t *testing.T) {
	type seen struct {
		from int
		what string
	}
	steps := map[string]step{}
	index := map[situation]int8{} // a situation without its faults → the most faults it was met with
	visit := func(w situation) bool {
		faults := w.faults
		w.faults = 0
		if most, met := index[w]; met && most >= faults {
			return false // each fault of now could happen then
		}
		index[w] = faults
		return true
	}
	visit(genesis)
	worlds, path := []situation{genesis}, []seen{{-1, "three credits, pushed"}}
	rest, transitions := 0, 0
	for i := 0; i < len(worlds); i++ {
		w := worlds[i]
		if w.atRest() {
			rest++
			if want := max(0, w.ledger.balance); w.limit != want {
				var story []string
				for j := i; j >= 0; j = path[j].from {
					story = append(story, path[j].what)
				}
				slices.Reverse(story)
				t.Fatalf("the limit is %d, the balance %d:\n%s", w.limit, w.ledger.balance, strings.Join(story, "\n"))
			}
		}
		for _, m := range w.moves(steps) {
			transitions++
			if visit(m.to) {
				worlds, path = append(worlds, m.to), append(path, seen{i, m.what})
			}
		}
	}
	t.Logf("%d states, %d transitions, %d of them at rest, %d steps of a push", len(worlds), transitions, rest, len(steps))
	if rest == 0 || len(worlds) < 100_000 {
		t.Error("something is not being explored")
	}
}
