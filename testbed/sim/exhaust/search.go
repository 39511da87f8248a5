package exhaust

import (
	"hash/maphash"
	"math"
	"slices"
)

// Explore visits every state. The error is a [Violation]: something does not hold,
// or from a state no moves without faults lead to rest.
func (w World[W]) Explore() (Counts, error) {
	s := &search[W]{World: w, ids: map[hash]uint32{}, layers: make([][][]found[W], w.Faults+1)}
	s.seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	s.queue(0, 0, found[W]{state: w.Begin, fault: true})
	for faults := range s.layers {
		for moves := 0; moves < len(s.layers[faults]); moves++ {
			for _, next := range s.layers[faults][moves] {
				if err := s.visit(next, faults, moves); err != nil {
					return s.counts(), err
				}
			}
			s.layers[faults][moves] = nil
		}
	}
	return s.counts(), s.checkRest()
}

type search[W comparable] struct {
	World[W]
	seeds       [2]maphash.Seed
	ids         map[hash]uint32
	steps       []step         // by id: how each was found
	layers      [][][]found[W] // to visit, by faults and moves
	edges       []edge         // every move without a fault
	resting     []uint32
	transitions int
	moves       Moves[W] // of the state under visit
}

// found is a state to visit. One that a fault leads to gets its id when its turn
// comes, for it may be found with fewer faults before.
type found[W comparable] struct {
	state W
	step
	id    uint32
	fault bool
}

// step is a move of a state found before.
type step struct {
	from uint32
	move uint16
}

type edge struct{ from, to uint32 }

// hash stands for a state: 128 bits, so that two states in ten million share one with a
// chance of one in 10^24.
type hash [2]uint64

func (s *search[W]) hash(state W) hash {
	return hash{maphash.Comparable(s.seeds[0], state), maphash.Comparable(s.seeds[1], state)}
}

// queued is the id of a state that only faults are known to lead to so far.
const queued = math.MaxUint32

func (s *search[W]) counts() Counts {
	return Counts{States: len(s.steps), Transitions: s.transitions, AtRest: len(s.resting)}
}

func (s *search[W]) queue(faults, moves int, next found[W]) {
	for len(s.layers[faults]) <= moves {
		s.layers[faults] = append(s.layers[faults], nil)
	}
	s.layers[faults][moves] = append(s.layers[faults][moves], next)
}

// queueFault queues a state that a fault leads to, unless it was found with as few faults.
func (s *search[W]) queueFault(faults, moves int, next found[W]) {
	if faults > s.Faults {
		return
	}
	key := s.hash(next.state)
	if _, known := s.ids[key]; !known {
		s.ids[key] = queued
		s.queue(faults, moves, next)
	}
}

// number gives the id of a state, a new one if it has none.
func (s *search[W]) number(state W, by step) (id uint32, known bool) {
	key := s.hash(state)
	if id, known = s.ids[key]; known && id != queued {
		return id, true
	}
	id = uint32(len(s.steps))
	s.ids[key], s.steps = id, append(s.steps, by)
	return id, false
}

// visit checks a state, and queues what its moves lead to.
func (s *search[W]) visit(w found[W], faults, moves int) error {
	if w.fault {
		var known bool
		if w.id, known = s.number(w.state, w.step); known {
			return nil
		}
	}
	if s.Holds != nil {
		if err := s.Holds(w.state); err != nil {
			return s.violation(err, w.id)
		}
	}
	s.moves.all = s.moves.all[:0]
	s.Moves(w.state, &s.moves)
	s.transitions += len(s.moves.all)
	rests := true
	for i, m := range s.moves.all {
		by := step{w.id, uint16(i)}
		if m.fault {
			s.queueFault(faults+1, moves+1, found[W]{state: m.to, step: by, fault: true})
			continue
		}
		rests = false
		id, known := s.number(m.to, by)
		if !known {
			s.queue(faults, moves+1, found[W]{state: m.to, id: id})
		}
		s.edges = append(s.edges, edge{w.id, id})
	}
	if !rests {
		return nil
	}
	s.resting = append(s.resting, w.id)
	if err := s.AtRest(w.state); err != nil {
		return s.violation(err, w.id)
	}
	return nil
}

// checkRest finds the first state that no moves without faults lead to rest from.
func (s *search[W]) checkRest() error {
	slices.SortFunc(s.edges, func(a, b edge) int { return int(a.to) - int(b.to) })
	rests := make([]bool, len(s.steps))
	reached := slices.Clone(s.resting)
	for _, id := range reached {
		rests[id] = true
	}
	for len(reached) > 0 {
		to := reached[len(reached)-1]
		reached = reached[:len(reached)-1]
		at, _ := slices.BinarySearchFunc(s.edges, to, func(e edge, to uint32) int { return int(e.to) - int(to) })
		for ; at < len(s.edges) && s.edges[at].to == to; at++ {
			if from := s.edges[at].from; !rests[from] {
				rests[from] = true
				reached = append(reached, from)
			}
		}
	}
	if first := slices.Index(rests, false); first >= 0 {
		return s.violation(errNeverRests, uint32(first))
	}
	return nil
}

// violation tells how a state came about.
func (s *search[W]) violation(err error, id uint32) error {
	var by []step
	for id != 0 {
		by = append(by, s.steps[id])
		id = s.steps[id].from
	}
	v := &Violation{Err: err, States: len(s.steps)}
	state, moves := s.Begin, Moves[W]{telling: true}
	for _, b := range slices.Backward(by) {
		moves.all = moves.all[:0]
		s.Moves(state, &moves)
		v.Story = append(v.Story, moves.all[b.move].what)
		state = moves.all[b.move].to
	}
	return v
}
