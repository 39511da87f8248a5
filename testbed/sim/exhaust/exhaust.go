// Package exhaust explores small worlds: production code in every situation that
// a few messages, processes and faults can bring it into.
//
// A [World] is a comparable value and a function that gives its moves.
// [World.Explore] visits every state once, by the number of faults and then of
// moves, so the story of a violation is one with the fewest faults and, among
// these, the shortest.
//
// A process is a production function and the answers that its ports gave it so
// far. The function is deterministic, so what it asks next follows from these:
// [Processes] runs it on them until it asks for one more. A world holds of a
// process no more than a [Process], a number.
//
// A world is a file, and a row of the table in worlds_test.go.
package exhaust

import (
	"errors"
	"fmt"
	"strings"
)

// World is what may happen, and what must hold then. Equal states are one state:
// W holds only what makes a difference, in one order.
type World[W comparable] struct {
	Begin  W
	Faults int                        // that may happen in one story
	Moves  func(w W, moves *Moves[W]) // in an order that depends on w alone
	Holds  func(w W) error            // in every state; may be nil
	AtRest func(w W) error            // where nothing but faults is left to happen
}

// Moves collects what may happen next.
type Moves[W comparable] struct {
	all     []move[W]
	telling bool
}

type move[W comparable] struct {
	to    W
	fault bool
	what  string
}

// Add adds a move to another state. format and args say what happens.
func (m *Moves[W]) Add(to W, format string, args ...any) { m.add(to, false, format, args) }

// Fault adds a move that counts as a fault.
func (m *Moves[W]) Fault(to W, format string, args ...any) { m.add(to, true, format, args) }

func (m *Moves[W]) add(to W, fault bool, format string, args []any) {
	next := move[W]{to: to, fault: fault}
	if m.telling {
		next.what = fmt.Sprintf(format, args...)
	}
	m.all = append(m.all, next)
}

// Counts says how much was explored.
type Counts struct {
	States      int
	Transitions int
	AtRest      int // states where nothing but faults is left to happen
}

// Violation is a state in which something does not hold.
type Violation struct {
	Err    error
	States int      // that were found before
	Story  []string // how it comes about, move by move
}

// Error tells the story.
func (v *Violation) Error() string {
	return fmt.Sprintf("%v, after %d states:\n%s", v.Err, v.States, strings.Join(v.Story, "\n"))
}

// Unwrap gives what does not hold.
func (v *Violation) Unwrap() error { return v.Err }

var errNeverRests = errors.New("without more faults it never comes to rest")
