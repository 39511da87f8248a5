package sim

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/testbed/sim/field"
	"github.com/webhook-functions/template/testbed/sim/queue"
)

// world is one history while it happens.
type world struct {
	schedule
	history     History
	plan        plan
	random      *rand.Rand // of all but calls
	start       time.Time
	faultsOn    bool // faults may happen
	faultsEnded int  // the step at which they stopped
	coverage    Coverage
	violations  []string
	story       io.Writer

	underWay []*call
	ordinal  int

	cloud                  cloud
	events, outbound, dead *queue.Queue
	polled                 map[*queue.Queue]time.Time // when its next poll is, zero: none
	pools                  map[string][]*process
	processes              int
	secrets                store
	platforms              providers.Entries // as the functions are told to verify them
	ids                    int               // of deliveries so far
	api                    *platforms
	writes                 ledgerWrites
	records                recorded
	ledger                 reader

	wants       map[string]field.Want      // what must become of a body, by platform, signed id and body
	meanings    map[string]map[string]bool // of an identity in the ledger
	signed      map[string]bool            // bodies that a sender signed
	kept        map[string]bool            // bodies that a queue confirmed
	signers     map[string]string          // the secret a platform signs with, if it is not its first
	rotated     map[string]time.Time       // when a platform's secret was
	panics      bool                       // a call panicked
	callers     map[string]bool            // humans whose telephone number an operator noted
	repeated    time.Time                  // when outbound's queue delivered a message twice
	putLate     time.Time                  // when a limit was put late
	publisher   string                     // the function that a queue takes a message from
	secretFault time.Time                  // the last one of the store of secrets
	faulty      []int                      // ordinals of calls that a fault happened to
	canaries    []string                   // what no log may show
	queued      []field.Queued             // what ingest stored
	sent        []field.Accepted
	granted     []field.Grant
	archive     []queue.Message // each message there has been
}

// note adds a line to the story.
func (w *world) note(format string, args ...any) {
	if w.story != nil {
		fmt.Fprintf(w.story, "%12s  %s\n", time.Since(w.start), fmt.Sprintf(format, args...))
	}
}

// violate notes a broken promise.
func (w *world) violate(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	w.note("VIOLATION %s", what)
	if !slices.Contains(w.violations, what) {
		w.violations = append(w.violations, what)
	}
}

func (w *world) in(d time.Duration, run func()) { w.at(time.Now().Add(d), run) }
