// Package queue is a queue with the habits of SQS standard queues and of Pub/Sub
// subscriptions, in memory and in the caller's time.
//
//	dead := queue.New("dead", queue.Options{Retention: 14 * day}, now, random)
//	events := queue.New("events", queue.Options{
//		Visibility: 3 * time.Minute, MaxReceives: 10, Retention: 4 * day, Dead: dead, KeepsAge: true,
//	}, now, random)
//
// What it does, and which documents say so:
//
//	delivery         at least once, in random order; [Queue.Duplicate] delivers a
//	                 message once more that is hidden or was acknowledged lately
//	receive count    of this receive included; approximate after a duplicate, as
//	                 ApproximateReceiveCount and deliveryAttempt are
//	a stale receipt  does nothing (DeleteMessage: "the request succeeds, but the
//	                 message might not be deleted"); the latest receipt still
//	                 acknowledges after its visibility time
//	retry            SQS with Lambda: at the end of the visibility time. Pub/Sub: after
//	                 the back-off of its retry policy, which an ended deadline waits, too
//	dead letter      at the receive after the last one allowed. SQS moves the message
//	                 with its id and enqueue time, Pub/Sub publishes a new one
//	retention        from the enqueue time, for a hidden message, too
//	redrive          a new message: id, enqueue time and count begin again
//
// A queue is for one goroutine. Equal calls with equal random streams give equal
// results.
package queue

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// Options of a queue; what is left zero does not happen.
type Options struct {
	Visibility  time.Duration // how long a received message is hidden: visibility timeout, ack deadline
	MinBackoff  time.Duration // of Pub/Sub's retry policy; it doubles. 0: a retry is visible at the end of Visibility
	MaxBackoff  time.Duration
	MaxReceives int           // then the message goes to Dead
	Retention   time.Duration // since the enqueue time
	Dead        *Queue
	KeepsAge    bool // SQS: a dead letter keeps its id, enqueue time and count
	Once        bool // there are no duplicates
}

// Queue holds messages until they are acknowledged, dead letters or too old.
type Queue struct {
	Name   string
	OnSend func(q *Queue, m Message) // if set, called for each message that q takes: sent, dead letter or redriven

	options       Options
	now           func() time.Time
	random        *rand.Rand
	sent, receipt int        // the numbers given last
	held          []*message // in the order of their coming
	acked         []*message // lately
	expired       []Message
}

// Message is one that a queue holds. Body and Attributes are shared, not copied.
type Message struct {
	ID         string
	Body       []byte
	Attributes map[string]string
	Enqueued   time.Time
	Receives   int       // so far
	Visible    time.Time // from then on it can be received
}

type message struct {
	Message
	receipt int       // of its latest receive, 0: none
	acked   time.Time // zero: not
}

// Received is a message in flight.
type Received struct {
	ID         string
	Receipt    int // of this receive; the next one makes it stale
	Body       []byte
	Attributes map[string]string
	Receives   int // this one included
}

// New gives an empty queue.
func New(name string, o Options, now func() time.Time, random *rand.Rand) *Queue {
	return &Queue{Name: name, options: o, now: now, random: random}
}

// Send stores a message and gives its id.
func (q *Queue) Send(body []byte, attributes map[string]string) (id string) {
	m := Message{ID: q.nextID(), Body: body, Attributes: attributes, Enqueued: q.now(), Visible: q.now()}
	q.add(m)
	return m.ID
}

func (q *Queue) nextID() string {
	q.sent++
	return q.Name + "-" + strconv.Itoa(q.sent)
}

func (q *Queue) add(m Message) {
	q.held = append(q.held, &message{Message: m})
	if q.OnSend != nil {
		q.OnSend(q, m)
	}
}

// Receive gives up to limit of the visible messages, in random order, and hides them.
// Before, the exhausted among the visible become dead letters.
func (q *Queue) Receive(limit int) []Received {
	q.expire()
	q.deadLetterExhausted()
	now := q.now()
	visible := q.choose(func(m *message) bool { return !m.Visible.After(now) })
	q.random.Shuffle(len(visible), func(i, j int) { visible[i], visible[j] = visible[j], visible[i] })
	var received []Received
	for _, m := range visible[:min(limit, len(visible))] {
		q.receipt++
		m.receipt = q.receipt
		m.Receives++
		m.Visible = now.Add(q.options.Visibility + q.backOff(m.Receives))
		received = append(received, Received{m.ID, m.receipt, m.Body, m.Attributes, m.Receives})
	}
	return received
}

func (q *Queue) choose(is func(*message) bool) (chosen []*message) {
	for _, m := range q.held {
		if is(m) {
			chosen = append(chosen, m)
		}
	}
	return chosen
}

func (q *Queue) exhausted(m *message) bool {
	return q.options.Dead != nil && q.options.MaxReceives > 0 && m.Receives >= q.options.MaxReceives
}

func (q *Queue) deadLetterExhausted() {
	now, dead := q.now(), q.options.Dead
	q.held = slices.DeleteFunc(q.held, func(m *message) bool {
		if m.Visible.After(now) || !q.exhausted(m) {
			return false
		}
		if q.options.KeepsAge {
			dead.add(m.Message)
		} else {
			dead.Send(m.Body, m.Attributes)
		}
		return true
	})
}

// backOff is 0 without a retry policy.
func (q *Queue) backOff(receives int) time.Duration {
	wait := q.options.MinBackoff
	for ; receives > 1 && wait < q.options.MaxBackoff; receives-- {
		wait *= 2
	}
	return min(wait, max(q.options.MinBackoff, q.options.MaxBackoff))
}

// Ack removes a message, unless it was received again meanwhile.
func (q *Queue) Ack(r Received) {
	q.expire()
	if m := q.current(r); m != nil {
		q.remove(m)
		m.acked = q.now()
		q.acked = append(q.acked, m)
	}
}

// Retry shows a hidden message after the back-off, unless it was received again
// meanwhile. Without a retry policy nothing changes.
func (q *Queue) Retry(r Received) {
	now := q.now()
	if m := q.current(r); m != nil && q.options.MinBackoff > 0 && m.Visible.After(now) {
		m.Visible = now.Add(q.backOff(m.Receives))
	}
}

// current gives the message of a receipt that is not stale, or nil.
func (q *Queue) current(r Received) *message {
	i := slices.IndexFunc(q.held, func(m *message) bool { return m.ID == r.ID && m.receipt == r.Receipt && r.Receipt > 0 })
	if i < 0 {
		return nil
	}
	return q.held[i]
}

func (q *Queue) remove(m *message) {
	i := slices.Index(q.held, m)
	q.held = slices.Delete(q.held, i, i+1)
}

// Len counts the messages, the hidden ones included.
func (q *Queue) Len() int {
	q.expire()
	return len(q.held)
}

// Messages gives the messages, the hidden ones included, oldest first.
func (q *Queue) Messages() []Message {
	q.expire()
	all := make([]Message, len(q.held))
	for i, m := range q.held {
		all[i] = m.Message
	}
	slices.SortStableFunc(all, func(a, b Message) int { return a.Enqueued.Compare(b.Enqueued) })
	return all
}

// Next gives the earliest moment at which a receive gives a message or makes a dead
// letter, false if there is none.
func (q *Queue) Next() (next time.Time, ok bool) {
	q.expire()
	now := q.now()
	for _, m := range q.held {
		at := m.Visible
		if at.Before(now) {
			at = now
		}
		if !q.tooOld(m, at) && (!ok || at.Before(next)) {
			next, ok = at, true
		}
	}
	return next, ok
}

// Redrive moves a visible message to another queue as a new one; false if there is
// none with that id.
func (q *Queue) Redrive(id string, to *Queue) bool {
	q.expire()
	now := q.now()
	i := slices.IndexFunc(q.held, func(m *message) bool { return m.ID == id && !m.Visible.After(now) })
	if i < 0 {
		return false
	}
	m := q.held[i]
	q.remove(m)
	to.Send(m.Body, m.Attributes)
	return true
}

// Expired gives the messages that retention took, in the order of their end.
func (q *Queue) Expired() []Message {
	q.expire()
	return slices.Clone(q.expired)
}

func (q *Queue) tooOld(m *message, now time.Time) bool {
	return q.options.Retention > 0 && now.Sub(m.Enqueued) >= q.options.Retention
}

func (q *Queue) expire() {
	now := q.now()
	old := q.choose(func(m *message) bool { return q.tooOld(m, now) })
	slices.SortStableFunc(old, func(a, b *message) int { return cmp.Compare(a.Enqueued.UnixNano(), b.Enqueued.UnixNano()) })
	for _, m := range old {
		q.remove(m)
		q.expired = append(q.expired, m.Message)
	}
}
