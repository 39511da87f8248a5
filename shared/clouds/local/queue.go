package local

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// The queues of the pipeline.
const (
	Events   = "events"   // ingest to worker
	Outbound = "outbound" // worker to outbound
	Dead     = "dead"     // dead letters, for operators
)

// MaxReceives is how often a message is received before it becomes a dead letter.
const MaxReceives = 10

// Queue holds events until they are acknowledged. It is safe for concurrent use, by
// several processes too.
type Queue struct {
	db     *DB
	name   string
	origin string // of dead letters
}

var _ webhook.Publisher = (*Queue)(nil)

// Queue gives the queue of that name; there is no need to create one.
func (db *DB) Queue(name string) *Queue { return &Queue{db: db, name: name} }

// Dead gives the dead-letter queue of q: a redrive sends its letters back to q.
func (q *Queue) Dead() *Queue { return &Queue{db: q.db, name: Dead, origin: q.name} }

// Publish stores the event. It is on the disk when Publish returns nil.
func (q *Queue) Publish(ctx context.Context, e webhook.Event) error {
	if err := q.insert(ctx, q.db.write, letterOf(e)); err != nil {
		return wrap("publish to queue "+q.name, err)
	}
	q.db.signal(q.name)
	return nil
}

// letter is a message without its place in a queue.
type letter struct {
	kind, event, reason string // the body's type, id and reason
	body                []byte
}

func letterOf(e webhook.Event) letter { return letter{e.Type, e.ID, e.Reason, e.Encode()} }

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (q *Queue) insert(ctx context.Context, to execer, l letter) error {
	_, err := to.ExecContext(ctx, `INSERT INTO messages (queue, origin, type, event, reason, body, added_at, visible_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)`,
		q.name, q.origin, l.kind, l.event, l.reason, l.body, nanos(q.clock()))
	return err
}

// Received is a message in flight.
type Received struct {
	worker.Message
	Receipt int // of this receive; the next one makes it stale

	row    int64
	reason string // of the last retry
}

// Receive gives up to limit messages, the longest visible first, and hides them for
// the visibility time: a message that is not finished by then is received again. It
// does not wait for messages. A message that has been received MaxReceives times
// becomes a dead letter instead, in the same transaction.
func (q *Queue) Receive(ctx context.Context, limit int, visibility time.Duration) (received []Received, err error) {
	now := q.clock()
	ready, err := q.ready(ctx, now, visibility)
	if err != nil || !ready {
		return nil, err
	}
	err = q.db.update(ctx, func(tx *sql.Tx) error {
		for {
			claimed, err := q.claim(ctx, tx, now, limit-len(received), visibility)
			if err != nil {
				return err
			}
			alive, err := q.deadLetterExhausted(ctx, tx, claimed)
			received = append(received, alive...)
			if err != nil || len(alive) == len(claimed) {
				return err
			}
		}
	})
	if err != nil {
		return nil, wrap("receive from queue "+q.name, err)
	}
	return received, nil
}

// The statements of a receive. Each must find its rows by an index: a queue may
// be long.
const (
	readyQuery = `SELECT EXISTS (SELECT 1 FROM messages WHERE queue = ?1 AND visible_at <= ?2),
		EXISTS (SELECT 1 FROM messages WHERE queue = ?1 AND visible_at > ?3)`
	claimQuery = `UPDATE messages SET visible_at = ?, receives = receives + 1, in_flight = 1
		WHERE id IN (SELECT id FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, id LIMIT ?)
		RETURNING id, receives, body, reason`
	removeQuery = "DELETE FROM messages WHERE id = ?"
)

// ready looks without the write lock, which publishers of other processes need. It
// first resets the delays of a clock that was ahead.
func (q *Queue) ready(ctx context.Context, now time.Time, visibility time.Duration) (ready bool, err error) {
	longest, delay := max(longestDelay, visibility), max(minDelay, visibility)
	first, back := q.wentBack(now)
	ahead := false
	err = q.db.read.QueryRowContext(ctx, readyQuery, q.name, nanos(now), nanos(now.Add(longest))).Scan(&ready, &ahead)
	if err != nil {
		return false, wrap("read queue "+q.name, err)
	}
	if back {
		longest = delay
	}
	if first || back || ahead {
		return true, q.resetDelays(ctx, now, longest, delay)
	}
	return ready, nil
}

// claim takes messages in flight, oldest first.
func (q *Queue) claim(ctx context.Context, tx *sql.Tx, now time.Time, limit int, visibility time.Duration) ([]Received, error) {
	claimed, err := queryAll(ctx, tx, scanReceived, claimQuery, nanos(now.Add(visibility)), q.name, nanos(now), limit)
	slices.SortFunc(claimed, func(a, b Received) int { return cmp.Compare(a.row, b.row) }) // SQLite promises no order here
	return claimed, err
}

func scanReceived(row row) (r Received, err error) {
	err = row.Scan(&r.row, &r.Receives, &r.Body, &r.reason)
	r.ID, r.Receipt = strconv.FormatInt(r.row, 10), r.Receives
	return r, err
}

// Finish ends receives with one write to the disk: received[i] is acknowledged, or
// retried after the longer of verdicts[i].After and the back-off, within an hour.
// Nothing happens to a message that was received again meanwhile.
func (q *Queue) Finish(ctx context.Context, received []Received, verdicts []worker.Verdict) error {
	const ours = " WHERE id = ? AND queue = ? AND receives = ? AND in_flight = 1"
	return wrap("finish in queue "+q.name, q.db.update(ctx, func(tx *sql.Tx) error {
		for i, r := range received {
			statement, args := "DELETE FROM messages"+ours, []any{r.row, q.name, r.Receipt}
			if v := verdicts[i]; !v.Ack {
				back := q.clock().Add(min(max(v.After, backOff(r.Receipt)), longestDelay))
				statement, args = "UPDATE messages SET visible_at = ?, reason = ?, in_flight = 0"+ours, append([]any{nanos(back), v.Reason}, args...)
			}
			if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
				return err
			}
		}
		return nil
	}))
}

// backOff doubles from one second to five minutes.
func backOff(receives int) time.Duration {
	const longest = 5 * time.Minute
	if receives > 9 { // 2^9 s is over the limit already
		return longest
	}
	return min(time.Second<<max(receives-1, 0), longest)
}

// Release makes messages in flight visible at once, and those with a longer delay
// than there can be: a server calls it when it starts, for the messages that its
// predecessor held. Call it only while no other process receives from the queue.
func (q *Queue) Release(ctx context.Context) error {
	now := q.clock()
	_, err := q.db.write.ExecContext(ctx, `UPDATE messages SET visible_at = min(added_at, ?2), in_flight = 0
		WHERE queue = ?1 AND (in_flight = 1 OR visible_at > ?3)`, q.name, nanos(now), nanos(now.Add(longestDelay)))
	if err != nil {
		return wrap("release queue "+q.name, err)
	}
	q.db.signal(q.name)
	return nil
}

// Len counts the messages, those in flight and those that wait for a retry included.
func (q *Queue) Len(ctx context.Context) (n int, err error) {
	err = q.db.read.QueryRowContext(ctx, "SELECT count(*) FROM messages WHERE queue = ?", q.name).Scan(&n)
	return n, wrap("count queue "+q.name, err)
}

// wake is where pollers of the queue wait in this process.
func (db *DB) wake(queue string) chan struct{} {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.wakes[queue] == nil {
		db.wakes[queue] = make(chan struct{}, 16) // one token wakes one poller
	}
	return db.wakes[queue]
}

func (db *DB) signal(queue string) {
	select {
	case db.wake(queue) <- struct{}{}:
	default: // enough pollers are awake
	}
}
