package queue

import (
	"slices"
	"time"
)

// lately is how long after its acknowledgement a message may still be delivered: a
// server with a copy did not hear of it.
const lately = time.Hour

// Duplicate makes one message visible that is hidden or was acknowledged within the
// last hour; false if there is none. Its copy may have missed some of its receives.
func (q *Queue) Duplicate() bool {
	if q.options.Once {
		return false
	}
	q.expire()
	now := q.now()
	q.acked = slices.DeleteFunc(q.acked, func(m *message) bool { return now.Sub(m.acked) > lately || q.tooOld(m, now) })
	candidates := append(q.choose(func(m *message) bool { return m.Visible.After(now) }), q.acked...)
	if len(candidates) == 0 {
		return false
	}
	m := candidates[q.random.IntN(len(candidates))]
	m.Visible, m.Receives = now, q.random.IntN(m.Receives+1)
	if !m.acked.IsZero() {
		q.acked = slices.DeleteFunc(q.acked, func(other *message) bool { return other == m })
		m.acked, m.receipt = time.Time{}, 0
		q.held = append(q.held, m)
	}
	return true
}
