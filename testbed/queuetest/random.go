package queuetest

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
)

const (
	publishers = 4
	receivers  = 3
	each       = 15 // events of each publisher

	mostEvents = 10 // of a history: SQS shows no more dead letters at once
)

// atOnce: every event is received while others are published, and by one receiver
// where no time passes.
func atOnce(d *desk) {
	var wg sync.WaitGroup
	all := events(publishers * each)
	for part := range slices.Chunk(all, each) {
		wg.Go(func() {
			for _, e := range part {
				if err := d.Publish(d.Context(), e); err != nil {
					d.Errorf("publish: %v", err)
				}
			}
		})
	}
	s := &seen{times: map[string]int{}}
	for range receivers {
		wg.Go(func() { d.takeAll(s, len(all)) })
	}
	wg.Wait()
	for _, e := range all {
		if n := s.times[string(e.Encode())]; n == 0 || n > 1 && d.Visibility() == 0 {
			d.Errorf("%v was received %d times", e, n)
		}
	}
}

type seen struct {
	mu    sync.Mutex
	times map[string]int // by body
}

func (s *seen) add(r Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times[string(r.Body)]++
}

func (s *seen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.times)
}

// takeAll receives and acknowledges until want messages were seen.
func (d *desk) takeAll(s *seen, want int) {
	for start := time.Now(); s.count() < want && time.Since(start) < patience; time.Sleep(time.Millisecond) {
		received, err := d.Receive(d.Context(), 4)
		if err != nil {
			d.Errorf("receive: %v", err)
			return
		}
		for _, r := range received {
			s.add(r)
			if err := d.Ack(d.Context(), r); err != nil {
				d.Errorf("acknowledge: %v", err)
			}
		}
	}
}

// history is a random one: each of its events is acknowledged or a dead letter at the
// end, and is not received after it was acknowledged.
type history struct {
	*desk
	random    *rand.Rand
	published []webhook.Event
	inFlight  []Received // stale ones too
	receives  map[string]int
	done      map[string]bool // acknowledged with the latest receipt
}

// randomHistory is one history, and some more where time costs nothing.
func randomHistory(d *desk) {
	seeds := uint64(1)
	if d.Visibility() == 0 {
		seeds = 20
	}
	for seed := range seeds {
		h := &history{desk: &desk{d.T, d.open(d.T), d.open}, random: rand.New(rand.NewPCG(seed, 0)), receives: map[string]int{}, done: map[string]bool{}}
		h.run()
		h.drain()
	}
}

func (h *history) run() {
	steps := []func(){h.publishOne, h.takeSome, h.takeSome, h.ackOne, h.ackOne, h.retryOne}
	for i := range 80 {
		if i%20 == 19 {
			h.Pass()
		}
		steps[h.random.IntN(len(steps))]()
	}
}

func (h *history) publishOne() {
	if len(h.published) == mostEvents {
		return
	}
	e := event(len(h.published))
	h.publish(e)
	h.published = append(h.published, e)
}

func (h *history) takeSome() { h.take(1 + h.random.IntN(3)) }

func (h *history) take(limit int) {
	for _, r := range h.receive(limit) {
		body := string(r.Body)
		if h.done[body] {
			h.Errorf("received after its acknowledgement: %q", body)
		}
		h.receives[body] = r.Receives
		h.inFlight = append(h.inFlight, r)
	}
}

// pick gives a message in flight and forgets it.
func (h *history) pick() (r Received, ok bool) {
	if len(h.inFlight) == 0 {
		return r, false
	}
	i := h.random.IntN(len(h.inFlight))
	r = h.inFlight[i]
	h.inFlight = slices.Delete(h.inFlight, i, i+1)
	return r, true
}

func (h *history) ackOne() {
	if r, ok := h.pick(); ok {
		h.ack(r)
		if h.receives[string(r.Body)] == r.Receives {
			h.done[string(r.Body)] = true
		}
	}
}

func (h *history) retryOne() {
	if r, ok := h.pick(); ok {
		h.retry(r)
	}
}

// drain acknowledges what is left.
func (h *history) drain() {
	h.inFlight = nil
	for start := time.Now(); len(h.left()) > 0; {
		if time.Since(start) > patience {
			h.Fatalf("neither acknowledged nor dead letters: %v", h.left())
		}
		h.Pass()
		for range len(h.published) {
			h.take(10)
			for len(h.inFlight) > 0 {
				h.ackOne()
			}
		}
	}
}

// left gives the events that are neither acknowledged nor dead letters.
func (h *history) left() []webhook.Event {
	ended := h.dead()
	return slices.DeleteFunc(slices.Clone(h.published), func(e webhook.Event) bool {
		return h.done[string(e.Encode())] || slices.ContainsFunc(ended, func(dead webhook.Event) bool { return dead.ID == e.ID })
	})
}
