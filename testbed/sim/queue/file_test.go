package queue_test

import (
	"testing"
	"time"

	"github.com/webhook-functions/template/testbed/sim/queue"
)

// laptop is the queue of a laptop, with fewer receives.
var laptop = queue.Options{Visibility: time.Minute, MaxReceives: 3, Once: true}

func TestRetryAfter(t *testing.T) {
	for name, wait := range map[string]time.Duration{"sooner than its visibility ends": time.Second, "later": time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, laptop, 1)
			w.send(1)
			r := w.receive(1)[0]
			w.events.RetryAfter(r, wait)
			w.at = w.at.Add(wait - 1)
			w.receive(0)
			w.at = w.at.Add(1)
			w.receive(1)
			w.events.RetryAfter(r, 0) // its receipt is stale
			w.receive(0)
		})
	}
}

// What was in flight comes at once, what waits for a retry does not; the receipts of
// before are stale.
func TestRelease(t *testing.T) {
	w := newWorld(t, laptop, 1)
	w.send(2)
	both := w.receive(2)
	w.events.RetryAfter(both[0], time.Second)
	w.events.Release()
	if again := w.receive(1)[0]; again.ID != both[1].ID {
		t.Errorf("%s was released", again.ID)
	}
	w.events.Release()
	w.events.Ack(both[1])
	w.lengths(2, 0)
}

func TestDuplicate_once(t *testing.T) {
	w := newWorld(t, laptop, 1)
	w.send(1)
	w.receive(1)
	if w.events.Duplicate() {
		t.Error("a message is delivered twice")
	}
}
