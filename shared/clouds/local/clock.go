package local

import (
	"context"
	"time"
)

// Times in the file are the wall clock's. If the clock is set back, a message would
// wait until the clock has caught up. Three rules find such a message: it has a
// delay although it was never received; its delay is longer than longestDelay; or,
// once this process saw the clock go back, longer than the visibility time and
// minDelay. A message in flight stays in flight: its visibility time counts anew.
const (
	longestDelay = time.Hour
	minDelay     = time.Minute     // of outbound, after a call with an unknown outcome
	clockSlack   = 5 * time.Second // readings of several goroutines are not in order
)

// clock reads the wall clock.
func (q *Queue) clock() time.Time {
	now := q.db.now()
	q.db.mu.Lock()
	defer q.db.mu.Unlock()
	if latest, known := q.db.latest[q.name]; known && nanos(now) > latest {
		q.db.latest[q.name] = nanos(now)
	}
	return now
}

// wentBack says whether now is the first reading by a receiver in this process,
// and whether it is behind the latest reading: [Queue.resetDelays] is due then.
func (q *Queue) wentBack(now time.Time) (first, back bool) {
	q.db.mu.Lock()
	defer q.db.mu.Unlock()
	latest, known := q.db.latest[q.name]
	return !known, known && latest-nanos(now) > int64(clockSlack) // not time.Sub, which asks the monotonic clock
}

// resetDelays shortens delays over longest to delay, and to nothing where the
// message was never received.
func (q *Queue) resetDelays(ctx context.Context, now time.Time, longest, delay time.Duration) error {
	_, err := q.db.write.ExecContext(ctx, `UPDATE messages SET visible_at = iif(receives = 0, ?2, ?2 + ?4)
		WHERE queue = ?1 AND visible_at > iif(receives = 0, ?2, ?2 + ?3)`, q.name, nanos(now), int64(longest), int64(delay))
	if err != nil {
		return wrap("reset delays of queue "+q.name, err)
	}
	q.db.mu.Lock()
	defer q.db.mu.Unlock()
	q.db.latest[q.name] = nanos(now)
	return nil
}
