package exhaust

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// rotation: the real ingest with the real cache of secrets in virtual time. The secret
// is rotated from the old one over both to the new one, at any moment; deliveries signed
// with either or by an attacker arrive, up to two at once; fetches and publications fail,
// hang or come late; the instance dies. What must become of each is in judge_test.go.
//
// The state of an instance is that of its cache, read by reflection, and of the
// deliveries it handles. Instances that are equal are one: it stands for them with one
// history, on which it is run again for each of its moves.
func rotation(deliveries int8) func(t *testing.T, faults int) explored {
	return func(t *testing.T, faults int) explored {
		r := &rotated{t: t, ids: map[string]int32{}}
		var begin int32
		r.inBubble(func() { begin = r.number(history{deliveries: deliveries, pauses: 2}, -1, input{}) })
		w := World[int32]{Begin: begin, Faults: faults, Moves: r.moves,
			Holds:  func(id int32) error { return r.known[id].wrong },
			AtRest: func(int32) error { return nil },
		}
		counts, err := w.Explore()
		return explored{counts, r.runs, err}
	}
}

// input is one thing that happens to an instance.
type input struct {
	op  inputOp
	arg time.Duration // a pause, the key of a delivery, the number of a delivery
}

type inputOp int8

const (
	arrives inputOp = iota // a delivery, signed with the key arg
	pauses                 // for arg
	rotates
	fetches      // the store gives its secret
	fetchesStale // the store gives what it had when it was asked
	fetchFails
	publishes    // the queue confirms delivery arg
	publishFails // whether the queue has the event or not
	dies
)

var inputNames = map[inputOp]string{
	rotates:      "the secret is rotated",
	fetches:      "the store answers",
	fetchesStale: "the store answers what it had when asked",
	fetchFails:   "the store fails",
	publishes:    "the queue confirms delivery",
	publishFails: "the queue fails for delivery",
	dies:         "the instance dies",
}

func (i input) String() string {
	switch i.op {
	case arrives:
		return "a delivery arrives, signed with " + []string{"the old key", "the new key", "another key"}[i.arg]
	case pauses:
		return i.arg.String() + " pass"
	case publishes, publishFails:
		return fmt.Sprintf("%s %d", inputNames[i.op], i.arg)
	}
	return inputNames[i.op]
}

// history is how an instance came to be what it is, and what may still happen.
type history struct {
	from               int32
	by                 input
	deliveries, pauses int8 // that are left
	view
}

// view is what of an instance decides about its moves.
type view struct {
	asked      bool // the store, ever
	rotation   int8
	fetching   bool
	stale      bool   // what is fetched was rotated since
	publishing []bool // by delivery in its hands
	wrong      error
}

// rotated knows the instances found so far.
type rotated struct {
	t     *testing.T
	known []history
	ids   map[string]int32 // by state
	runs  int
	run   chan func() // of the bubble
}

// inBubble gives instances virtual time and goroutines to handle two deliveries at once.
func (r *rotated) inBubble(f func()) {
	synctest.Test(r.t, func(*testing.T) {
		r.run = make(chan func())
		defer close(r.run)
		for range 2 {
			go func() {
				for handle := range r.run {
					handle()
				}
			}()
		}
		f()
	})
}

// quiet and busy are the pauses while the instance handles nothing and while it does.
var (
	quiet = []time.Duration{2 * time.Second, 30 * time.Second, 5 * time.Minute, 25 * time.Hour}
	busy  = []time.Duration{600 * time.Millisecond, 2500 * time.Millisecond}
)

// moves runs an instance on each input that may come next.
func (r *rotated) moves(id int32, to *Moves[int32]) {
	h := r.known[id]
	r.inBubble(func() {
		add := func(in input) { to.Add(r.next(id, in), "%v", in) }
		fault := func(in input) { to.Fault(r.next(id, in), "%v", in) }
		if h.deliveries > 0 && len(h.publishing) < 2 {
			for key := range 3 {
				add(input{arrives, time.Duration(key)})
			}
		}
		if h.rotation < 2 {
			add(input{op: rotates})
		}
		if h.fetching {
			add(input{op: fetches})
			if h.stale {
				add(input{op: fetchesStale})
			}
			fault(input{op: fetchFails})
		}
		for i, publishing := range h.publishing {
			if publishing {
				add(input{publishes, time.Duration(i)})
				fault(input{publishFails, time.Duration(i)})
			}
		}
		if len(h.publishing) > 0 {
			for _, pause := range busy {
				fault(input{pauses, pause})
			}
			fault(input{op: dies})
		} else if h.pauses > 0 && h.asked {
			for _, pause := range quiet {
				add(input{pauses, pause})
			}
		}
	})
}

// next gives what an instance is after one more input.
func (r *rotated) next(id int32, in input) int32 {
	h := r.known[id]
	next := history{from: id, by: in, deliveries: h.deliveries, pauses: h.pauses}
	switch {
	case in.op == arrives:
		next.deliveries--
	case in.op == pauses && len(h.publishing) == 0:
		next.pauses--
	}
	return r.number(next, id, in)
}

// number runs an instance on its history and gives the number of the state it is in.
func (r *rotated) number(next history, id int32, in input) int32 {
	inputs := []input{in}
	for ; id > 0; id = r.known[id].from {
		inputs = append(inputs, r.known[id].by)
	}
	if len(r.known) == 0 {
		inputs = nil
	}
	r.runs++
	var state string
	state, next.view = runInstance(inputs, r.run)
	key := fmt.Sprint(next.deliveries, next.pauses, state)
	known, ok := r.ids[key]
	if !ok {
		known = int32(len(r.known))
		r.ids[key], r.known = known, append(r.known, next)
	}
	return known
}
