// Package queuetest is the suite that every queue passes, the simulated one like the
// real ones: what the pipeline relies on, and no more.
//
//	func TestQueue(t *testing.T) {
//		queuetest.Run(t, func(t *testing.T) queuetest.Queue { return open(t) })
//	}
//
// No order is asked for. The rules run side by side, each on queues of its own: open
// must give an empty queue each time.
//
// What one part alone can do is an interface: [Duplicator]. On the others its rules are
// skipped, with a line that says so.
package queuetest

import (
	"context"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
)

// Queue is an empty queue with an empty dead-letter queue. It is safe for concurrent
// use. Publish is the production code's.
type Queue interface {
	webhook.Publisher
	// Receive gives up to limit visible messages and hides them for the visibility
	// time. It does not wait, and may give none although some are visible.
	Receive(ctx context.Context, limit int) ([]Received, error)
	// Ack acknowledges a received message. A stale receipt is no error.
	Ack(ctx context.Context, r Received) error
	// Retry gives a received message back. A stale receipt is no error.
	Retry(ctx context.Context, r Received) error
	// Pass lets the visibility time pass, and the longest back-off of a retry.
	Pass()
	// Visibility is that time on the test's clock, 0 where Pass moves a clock.
	Visibility() time.Duration
	// DeadLetters gives the bodies of the dead letters and leaves them there.
	DeadLetters(ctx context.Context) ([][]byte, error)
	// Redrive sends all dead letters back, as the documents tell operators.
	Redrive(ctx context.Context) error
}

// Received is a message in flight.
type Received struct {
	ID       string
	Body     []byte
	Receives int // this one included
	Receipt  any // the queue's
}

// Duplicator is a queue that delivers a message once more on demand: one that is
// hidden or was acknowledged lately. False: there is none.
type Duplicator interface{ Duplicate() bool }

var rules = []struct {
	name string
	test func(d *desk)
}{
	{"bytes are kept", bytesAreKept},
	{"a hidden message is not received", hiddenMessage},
	{"an unacknowledged message comes back", comesBack},
	{"a retried message comes back", retried},
	{"an acknowledged message does not come back", acknowledged},
	{"a late receipt acknowledges", lateReceipt},
	{"a stale receipt does nothing", staleReceipt},
	{"a hidden message is delivered once more", duplicateOfHidden},
	{"an acknowledged message is delivered once more", duplicateOfAcknowledged},
	{"a message received too often is a dead letter", deadLetter},
	{"a redriven dead letter is a message again", redriven},
	{"a batch is received within as many receives", batch},
	{"publishing and receiving at once loses nothing", atOnce},
	{"a random history loses nothing", randomHistory},
}

// Run puts queues through the suite.
func Run(t *testing.T, open func(t *testing.T) Queue) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			rule.test(&desk{t, open(t), open})
		})
	}
}
