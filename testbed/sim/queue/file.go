package queue

import "time"

// What follows is of the laptop's queue, which knows what its receiver asks for.

// RetryAfter shows a message in flight after a wait, unless it was received again
// meanwhile.
func (q *Queue) RetryAfter(r Received, wait time.Duration) {
	if m := q.current(r); m != nil {
		m.Visible, m.receipt = q.now().Add(wait), 0
	}
}

// Release shows the messages in flight at once; the receipts of before are stale.
func (q *Queue) Release() {
	for _, m := range q.held {
		if m.receipt > 0 {
			m.Visible, m.receipt = q.now(), 0
		}
	}
}
