package exhaust

import (
	"fmt"
	"time"
)

// The promises of the cache of secrets.
const (
	keepFor   = 5 * time.Minute  // a secret that left the store is not used for longer, if the store can be reached
	useFor    = 24 * time.Hour   // nor for longer than this, if it cannot
	leastGap  = 30 * time.Second // between two fetches
	firstGap  = 2 * time.Second  // while there is no secret to verify with
	patience  = time.Second      // that a delivery waits for a newer secret, if there is one that verifies it
	leastKeep = keepFor - keepFor/5
)

// judge knows what an instance was given and says what it must not do then. It knows
// the attempts to fetch the secret, not the cache.
type judge struct {
	last    *attempt // to fetch
	success *attempt // the last one that was answered
	wrong   error    // the first violation
}

// attempt is one fetch.
type attempt struct {
	begun    time.Time
	underWay bool
	good     bool
	cut      bool // its caller had too little time, which says nothing about the store
	asked    int8 // rotations at its begin
	rotation int8 // of what it gave
	answers  chan fetched
}

func (j *judge) says(format string, args ...any) {
	if j.wrong == nil {
		j.wrong = fmt.Errorf(format, args...)
	}
}

// usable says whether there is a secret to verify with.
func (j *judge) usable() bool { return j.success != nil && time.Since(j.success.begun) <= useFor }

// begins judges a fetch that begins: one at a time, and not too often.
func (i *instance) begins() *attempt {
	i.mu.Lock()
	defer i.mu.Unlock()
	gap := firstGap
	if i.usable() {
		gap = leastGap
	}
	if l := i.last; l != nil && !l.cut {
		switch since := time.Since(l.begun); {
		case l.underWay:
			i.says("two fetches at once")
		case since < gap:
			i.says("a fetch %v after another", since)
		case l.good && since < leastKeep && !i.mismatch():
			i.says("a fetch after %v that nothing asks for", since)
		}
	}
	i.last = &attempt{begun: time.Now(), underWay: true, asked: i.rotation, answers: make(chan fetched)}
	return i.last
}

// mismatch says whether the secret of the last success verifies not all of what is there.
func (i *instance) mismatch() bool {
	for _, f := range i.flights {
		if !holds(i.success.rotation, f.key) {
			return true
		}
	}
	return false
}

func (i *instance) ends(a *attempt, good, hung bool, rotation int8) {
	i.mu.Lock()
	defer i.mu.Unlock()
	least := time.Second / 2
	if !i.usable() {
		least = time.Second
	}
	a.underWay, a.good, a.rotation = false, good, rotation
	a.cut = hung && time.Since(a.begun) < least
	if good {
		i.success = a
	}
}

// triedFor says whether the store was asked less than half a minute before a delivery
// arrived, or since.
func (i *instance) triedFor(f *flight) bool { return f.arrived.Sub(i.last.begun) < leastGap }

// verified judges a delivery that is about to be stored.
func (i *instance) verified(f *flight) {
	switch s := i.success; {
	case s == nil || !holds(s.rotation, f.key):
		i.says("stored: a delivery signed with key %d", f.key)
	case f.known && time.Since(f.arrived) > patience:
		i.says("a delivery that could be verified waited for %v", time.Since(f.arrived))
	case f.arrived.Sub(s.begun) > useFor:
		i.says("verified with a secret from %v ago", f.arrived.Sub(s.begun))
	case f.arrived.Sub(s.begun) > keepFor && (i.last == s || !i.triedFor(f)):
		i.says("verified with a secret from %v ago, and not asked for a newer one", f.arrived.Sub(s.begun))
	}
}

// replied judges the answer to a delivery.
func (i *instance) replied(f *flight) {
	switch status := f.reply.Status; {
	case status == 200 && f.stored:
	case status == 200:
		i.says("answered 200, and the queue has not confirmed it")
	case f.stored:
		i.says("answered %d, though the queue has confirmed it", status)
	case status == 503:
		if !f.failed && i.usable() {
			i.says("answered 503, though there is a secret")
		}
	case status != routes["/gabber"].MismatchStatus:
		i.says("answered %d", status)
	case i.success == nil:
		i.says("refused without a secret")
	case holds(i.success.rotation, f.key):
		i.says("refused: signed with key %d, which was fetched", f.key)
	case f.key < 2 && holds(i.rotation, f.key) && !i.triedFor(f):
		i.says("refused: signed with key %d, which is in the store", f.key)
	}
}
