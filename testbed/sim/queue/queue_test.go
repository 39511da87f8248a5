package queue_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/webhook-functions/template/testbed/sim/queue"
)

const day = 24 * time.Hour

// world is a queue with its dead letters at a time that only the test moves.
type world struct {
	testing.TB
	at           time.Time
	events, dead *queue.Queue
}

// sqs and pubsub are as deployed, with fewer receives.
var (
	sqs    = queue.Options{Visibility: 3 * time.Minute, MaxReceives: 3, Retention: 4 * day, KeepsAge: true}
	pubsub = queue.Options{Visibility: 10 * time.Minute, MinBackoff: 10 * time.Second, MaxBackoff: 10 * time.Minute, MaxReceives: 5, Retention: 7 * day}
)

func newWorld(t testing.TB, o queue.Options, seed uint64) *world {
	w := &world{TB: t, at: time.Date(2025, 11, 3, 8, 0, 0, 0, time.UTC)}
	now, random := func() time.Time { return w.at }, rand.New(rand.NewPCG(seed, 0))
	w.dead = queue.New("dead", queue.Options{Visibility: o.Visibility, Retention: 14 * day}, now, random)
	o.Dead = w.dead
	w.events = queue.New("events", o, now, random)
	return w
}

func (w *world) send(n int) (ids []string) {
	for i := range n {
		ids = append(ids, w.events.Send(fmt.Append(nil, i), nil))
	}
	return ids
}

func (w *world) receive(want int) []queue.Received {
	w.Helper()
	received := w.events.Receive(10)
	if len(received) != want {
		w.Fatalf("received %d messages, want %d", len(received), want)
	}
	return received
}

func (w *world) lengths(events, dead int) {
	w.Helper()
	if n, m := w.events.Len(), w.dead.Len(); n != events || m != dead {
		w.Errorf("%d messages and %d dead letters, want %d and %d", n, m, events, dead)
	}
}

// exhaust receives the message of the queue as often as that is allowed.
func (w *world) exhaust(receives int) {
	w.Helper()
	for i := range receives {
		r := w.receive(1)[0]
		if r.Receives != i+1 {
			w.Errorf("receive %d counts %d", i+1, r.Receives)
		}
		w.events.Retry(r)
		w.at = w.at.Add(20 * time.Minute)
	}
	w.receive(0)
}

func TestReceive_order(t *testing.T) {
	orders := map[string]bool{}
	for seed := range uint64(50) {
		w := newWorld(t, sqs, seed)
		w.send(3)
		orders[fmt.Sprint(w.receive(3))] = true
	}
	if len(orders) != 6 {
		t.Errorf("%d orders of three messages, want all 6", len(orders))
	}
}

func TestReceive_limit(t *testing.T) {
	w := newWorld(t, sqs, 1)
	w.send(14)
	w.receive(10)
	w.receive(4)
	w.receive(0)
}

func TestReceive_deadLetters(t *testing.T) {
	t.Run("SQS", func(t *testing.T) {
		w := newWorld(t, sqs, 1)
		id := w.send(1)[0]
		first := w.events.Messages()[0].Enqueued
		w.exhaust(sqs.MaxReceives)
		w.lengths(0, 1)
		if m := w.dead.Messages()[0]; m.ID != id || !m.Enqueued.Equal(first) {
			t.Errorf("the dead letter is %s of %v, want %s of %v", m.ID, m.Enqueued, id, first)
		}
		w.at = first.Add(14 * day)
		w.lengths(0, 0)
	})
	t.Run("Pub/Sub", func(t *testing.T) {
		w := newWorld(t, pubsub, 1)
		id := w.send(1)[0]
		w.exhaust(pubsub.MaxReceives)
		w.lengths(0, 1)
		if m := w.dead.Messages()[0]; m.ID == id || !m.Enqueued.Equal(w.at) {
			t.Errorf("the dead letter is %s of %v, want a new one of %v", m.ID, m.Enqueued, w.at)
		}
	})
}

// A message in its last receive is no dead letter yet.
func TestReceive_last(t *testing.T) {
	w := newWorld(t, sqs, 1)
	w.send(1)
	var last queue.Received
	for range sqs.MaxReceives {
		w.at = w.at.Add(sqs.Visibility)
		last = w.receive(1)[0]
	}
	w.receive(0)
	w.lengths(1, 0)
	w.events.Ack(last)
	w.lengths(0, 0)
}

func TestRetry(t *testing.T) {
	for _, row := range []struct {
		name  string
		o     queue.Options
		waits []time.Duration
	}{
		{"SQS", sqs, []time.Duration{3 * time.Minute, 3 * time.Minute}},
		{"Pub/Sub", pubsub, []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second}},
		{"the longest back-off", queue.Options{Visibility: day, MinBackoff: 4 * time.Minute, MaxBackoff: 10 * time.Minute},
			[]time.Duration{4 * time.Minute, 8 * time.Minute, 10 * time.Minute, 10 * time.Minute}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, row.o, 1)
			w.send(1)
			for _, wait := range row.waits {
				w.events.Retry(w.receive(1)[0])
				if next, ok := w.events.Next(); !ok || next.Sub(w.at) != wait {
					t.Errorf("the next receive is in %v (%v), want %v", next.Sub(w.at), ok, wait)
				}
				w.at = w.at.Add(wait - 1)
				w.receive(0)
				w.at = w.at.Add(1)
			}
			w.receive(1)
		})
	}
}

// A deadline that ends is a retry to Pub/Sub.
func TestReceive_backOff(t *testing.T) {
	w := newWorld(t, pubsub, 1)
	w.send(1)
	for _, wait := range []time.Duration{pubsub.MinBackoff, 2 * pubsub.MinBackoff} {
		w.receive(1)
		w.at = w.at.Add(pubsub.Visibility + wait - 1)
		w.receive(0)
		w.at = w.at.Add(1)
	}
	w.receive(1)
}

func TestRetry_visible(t *testing.T) {
	w := newWorld(t, pubsub, 1)
	w.send(1)
	r := w.receive(1)[0]
	w.at = w.at.Add(time.Hour)
	w.events.Retry(r)
	w.receive(1)
}

func TestAck_stale(t *testing.T) {
	w := newWorld(t, sqs, 1)
	w.send(1)
	first := w.receive(1)[0]
	w.at = w.at.Add(sqs.Visibility)
	second := w.receive(1)[0]
	w.events.Ack(first)
	w.lengths(1, 0)
	w.at = w.at.Add(sqs.Visibility)
	w.events.Ack(second)
	w.lengths(0, 0)
}

func TestDuplicate(t *testing.T) {
	t.Run("of none", func(t *testing.T) {
		w := newWorld(t, sqs, 1)
		w.send(1)
		if w.events.Duplicate() {
			t.Error("a visible message was delivered twice")
		}
	})
	t.Run("of a hidden message", func(t *testing.T) {
		w := newWorld(t, sqs, 1)
		w.send(1)
		first := w.receive(1)[0]
		if !w.events.Duplicate() {
			t.Fatal("no duplicate")
		}
		second := w.receive(1)[0]
		w.events.Ack(first)
		w.lengths(1, 0)
		w.events.Ack(second)
		w.lengths(0, 0)
	})
	t.Run("of an acknowledged message", func(t *testing.T) {
		w := newWorld(t, sqs, 1)
		w.send(1)
		r := w.receive(1)[0]
		w.events.Ack(r)
		w.at = w.at.Add(time.Minute)
		if !w.events.Duplicate() || w.events.Duplicate() {
			t.Fatal("want one duplicate")
		}
		again := w.receive(1)[0]
		if again.ID != r.ID || again.Receipt == r.Receipt || string(again.Body) != string(r.Body) {
			t.Errorf("received %+v, want %+v with another receipt", again, r)
		}
	})
	t.Run("of an acknowledged message, acknowledged again before it is received", func(t *testing.T) {
		w := newWorld(t, sqs, 1)
		w.send(1)
		r := w.receive(1)[0]
		w.events.Ack(r)
		w.events.Duplicate()
		w.events.Ack(r)
		w.lengths(1, 0)
	})
	t.Run("counts fewer receives at times", func(t *testing.T) {
		counts := map[int]bool{}
		for seed := range uint64(50) {
			w := newWorld(t, sqs, seed)
			w.send(1)
			w.receive(1)
			w.at = w.at.Add(sqs.Visibility)
			w.receive(1)
			w.events.Duplicate()
			if received := w.events.Receive(1); len(received) == 1 {
				counts[received[0].Receives] = true
			}
		}
		if len(counts) != 3 {
			t.Errorf("counts %v, want 1 to 3", counts)
		}
	})
	t.Run("of one past its retention", func(t *testing.T) {
		w := newWorld(t, sqs, 1)
		w.send(1)
		w.at = w.at.Add(sqs.Retention - 1)
		w.events.Ack(w.receive(1)[0])
		w.at = w.at.Add(1)
		if w.events.Duplicate() {
			t.Error("delivered again after its retention")
		}
	})
	t.Run("of one acknowledged long ago", func(t *testing.T) {
		w := newWorld(t, sqs, 1)
		w.send(1)
		w.events.Ack(w.receive(1)[0])
		w.at = w.at.Add(day)
		if w.events.Duplicate() {
			t.Error("delivered again after a day")
		}
	})
}

func TestExpired(t *testing.T) {
	w := newWorld(t, sqs, 1)
	ids := w.send(2)
	w.receive(2)
	w.at = w.at.Add(sqs.Retention - 1)
	w.lengths(2, 0)
	if next, ok := w.events.Next(); !ok || !next.Equal(w.at) {
		t.Errorf("the next receive is at %v (%v), want now", next, ok)
	}
	w.at = w.at.Add(1)
	expired := w.events.Expired()
	if len(expired) != 2 || expired[0].ID != ids[0] || expired[1].ID != ids[1] {
		t.Errorf("expired %+v, want %q", expired, ids)
	}
	w.receive(0)
	if _, ok := w.events.Next(); ok {
		t.Error("an empty queue has a next receive")
	}
}

func TestNext_tooLate(t *testing.T) {
	w := newWorld(t, sqs, 1)
	w.send(1)
	w.at = w.at.Add(sqs.Retention - 1)
	w.receive(1)
	if next, ok := w.events.Next(); ok {
		t.Errorf("a receive at %v, after the end of the message", next)
	}
}

func TestNext_earliest(t *testing.T) {
	w := newWorld(t, sqs, 1)
	w.send(1)
	w.receive(1)
	w.at = w.at.Add(time.Minute)
	w.send(1)
	if next, ok := w.events.Next(); !ok || !next.Equal(w.at) {
		t.Errorf("the next receive is at %v (%v), want now", next, ok)
	}
	w.receive(1)
	if next, ok := w.events.Next(); !ok || next.Sub(w.at) != sqs.Visibility-time.Minute {
		t.Errorf("the next receive is in %v (%v), want when the first message is visible", next.Sub(w.at), ok)
	}
}

// A dead letter that keeps its age comes after younger ones and ends before them.
func TestMessages_oldestFirst(t *testing.T) {
	w := newWorld(t, sqs, 1)
	old := w.send(1)[0]
	w.at = w.at.Add(time.Minute)
	young := w.dead.Send(nil, nil)
	w.exhaust(sqs.MaxReceives)
	for _, all := range [][]queue.Message{w.dead.Messages(), func() []queue.Message { w.at = w.at.Add(15 * day); return w.dead.Expired() }()} {
		if len(all) != 2 || all[0].ID != old || all[1].ID != young {
			t.Errorf("messages %+v, want %s and %s", all, old, young)
		}
	}
}

func TestRedrive_hidden(t *testing.T) {
	w := newWorld(t, sqs, 1)
	id := w.dead.Send(nil, nil)
	w.dead.Receive(1)
	if w.dead.Redrive(id, w.events) {
		t.Error("a hidden message was moved")
	}
	w.lengths(0, 1)
}

func TestRedrive(t *testing.T) {
	w := newWorld(t, sqs, 1)
	w.events.Send([]byte("x"), map[string]string{"type": "t"})
	w.exhaust(sqs.MaxReceives)
	letter := w.dead.Messages()[0]
	if !w.dead.Redrive(letter.ID, w.events) || w.dead.Redrive(letter.ID, w.events) {
		t.Fatal("want one move")
	}
	w.lengths(1, 0)
	if m := w.events.Messages()[0]; m.ID == letter.ID || !m.Enqueued.Equal(w.at) || string(m.Body) != "x" || m.Attributes["type"] != "t" {
		t.Errorf("redriven as %+v", m)
	}
	w.exhaust(sqs.MaxReceives)
}

func TestOnSend(t *testing.T) {
	w := newWorld(t, sqs, 1)
	var seen []string
	hook := func(q *queue.Queue, m queue.Message) { seen = append(seen, q.Name+" "+string(m.Body)) }
	w.events.OnSend, w.dead.OnSend = hook, hook
	w.send(1)
	w.exhaust(sqs.MaxReceives)
	w.dead.Redrive(w.dead.Messages()[0].ID, w.events)
	if want := []string{"events 0", "dead 0", "events 0"}; !slices.Equal(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
}

func BenchmarkQueue(b *testing.B) {
	w := newWorld(b, sqs, 1)
	w.send(100)
	for b.Loop() {
		w.events.Send([]byte("x"), nil)
		for _, r := range w.events.Receive(1) {
			w.events.Ack(r)
		}
		w.events.Next()
		w.at = w.at.Add(time.Second)
	}
}
