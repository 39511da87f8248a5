package local_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// event makes an event that only name tells from others.
func event(name any) webhook.Event {
	return webhook.Event{
		ID: webhook.Identity("gabber", "usage.tracked", fmt.Sprint(name)), Source: "/webhooks/gabber", Type: "gabber.usage.tracked",
		Time: time.Date(2025, 11, 3, 8, 0, 0, 7, time.UTC), Data: []byte(fmt.Sprintf("\x00{%v}\xff", name)), Basis: webhook.ByID, KeyID: "1",
	}
}

func publish(t testing.TB, q *local.Queue, events ...webhook.Event) {
	t.Helper()
	for _, e := range events {
		if err := q.Publish(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

// receive wants exactly n messages.
func receive(t testing.TB, q *local.Queue, n int) []local.Received {
	t.Helper()
	received, err := q.Receive(t.Context(), 10, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if len(received) != n {
		t.Fatalf("received %d messages, want %d", len(received), n)
	}
	return received
}

func finish(t testing.TB, q *local.Queue, r local.Received, v worker.Verdict) {
	t.Helper()
	if err := q.Finish(t.Context(), r, v); err != nil {
		t.Fatal(err)
	}
}

func length(t testing.TB, q *local.Queue, want int) {
	t.Helper()
	if n, err := q.Len(t.Context()); n != want || err != nil {
		t.Errorf("the queue holds %d messages, want %d (error %v)", n, want, err)
	}
}

func decode(t testing.TB, body []byte) webhook.Event {
	t.Helper()
	e, err := webhook.DecodeEvent(body)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var done = worker.Verdict{Ack: true}

func TestQueueHandsOutOldestFirst(t *testing.T) {
	clock := newClock()
	q := open(t, newPath(t), clock.now).Queue(local.Events)
	for i := range 12 {
		publish(t, q, event(i))
	}
	first, second := receive(t, q, 10), receive(t, q, 2)
	for i, r := range append(first, second...) {
		got := decode(t, r.Body)
		if want := event(i); got.ID != want.ID || string(got.Data) != string(want.Data) || !got.Time.Equal(want.Time) {
			t.Errorf("message %d is %v with data %q, want %v with %q", i, got, got.Data, want, want.Data)
		}
		if r.Receives != 1 {
			t.Errorf("message %d: %d receives, want 1", i, r.Receives)
		}
	}
	receive(t, q, 0)
	length(t, q, 12)
}

func TestQueuesAreApart(t *testing.T) {
	db := newDB(t)
	publish(t, db.Queue("a"), event(1))
	receive(t, db.Queue("b"), 0)
	r := receive(t, db.Queue("a"), 1)[0]
	finish(t, db.Queue("b"), r, done)
	length(t, db.Queue("a"), 1)
}

func TestVisibilityAndReceipts(t *testing.T) {
	clock := newClock()
	q := open(t, newPath(t), clock.now).Queue(local.Events)
	publish(t, q, event(1))

	first := receive(t, q, 1)[0]
	clock.advance(time.Minute - 1)
	receive(t, q, 0)
	clock.advance(1) // the visibility time is over
	second := receive(t, q, 1)[0]
	if second.ID != first.ID || second.Receives != 2 || second.Receipt == first.Receipt {
		t.Errorf("handed out again as %s, receive %d, receipt %d; was %s, 1, %d", second.ID, second.Receives, second.Receipt, first.ID, first.Receipt)
	}

	finish(t, q, first, done)
	length(t, q, 1) // a stale receipt removes nothing
	finish(t, q, first, worker.Verdict{})
	clock.advance(time.Minute - 1)
	receive(t, q, 0) // nor does it show anything early
	finish(t, q, second, done)
	length(t, q, 0)
	finish(t, q, second, done)
}

func TestSettleAfterTheVisibilityTime(t *testing.T) {
	clock := newClock()
	q := open(t, newPath(t), clock.now).Queue(local.Events)
	publish(t, q, event(1))
	r := receive(t, q, 1)[0]
	clock.advance(time.Hour)
	finish(t, q, r, done) // nobody else has it: the receipt is the current one
	length(t, q, 0)
}

func TestBackOff(t *testing.T) {
	clock := newClock()
	q := open(t, newPath(t), clock.now).Queue(local.Events)
	publish(t, q, event(1))
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300} {
		finish(t, q, receive(t, q, 1)[0], worker.Verdict{Reason: "ledger is away"})
		clock.advance(want*time.Second - 1)
		if i < local.MaxReceives-1 {
			receive(t, q, 0)
		}
		clock.advance(1)
	}
	receive(t, q, 0)
	length(t, q, 0)
}

func TestVerdictAfter(t *testing.T) {
	for _, row := range []struct {
		name        string
		after, want time.Duration
	}{
		{"longer than the back-off", time.Minute, time.Minute},
		{"shorter than the back-off", time.Millisecond, time.Second},
		{"longer than the longest back-off", time.Hour, time.Hour},
	} {
		t.Run(row.name, func(t *testing.T) {
			clock := newClock()
			q := open(t, newPath(t), clock.now).Queue(local.Events)
			publish(t, q, event(1))
			finish(t, q, receive(t, q, 1)[0], worker.Verdict{After: row.after})
			clock.advance(row.want - 1)
			receive(t, q, 0)
			clock.advance(1)
			receive(t, q, 1)
		})
	}
}

func TestOneThatComesBackDoesNotHoldUpOthers(t *testing.T) {
	clock := newClock()
	q := open(t, newPath(t), clock.now).Queue(local.Events)
	publish(t, q, event(1), event(2))
	finish(t, q, receive(t, q, 2)[0], worker.Verdict{})
	publish(t, q, event(3))
	if got := decode(t, receive(t, q, 1)[0].Body); got.ID != event(3).ID {
		t.Errorf("received %v, want the new one", got)
	}
}

func TestRelease(t *testing.T) {
	clock := newClock()
	q := open(t, newPath(t), clock.now).Queue(local.Events)
	publish(t, q, event(1), event(2))
	held := receive(t, q, 2)
	finish(t, q, held[1], worker.Verdict{After: time.Hour})
	if err := q.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	finish(t, q, held[0], done) // by somebody who was thought dead: too late
	again := receive(t, q, 1)   // the other one was settled, it waits its hour
	if again[0].ID != held[0].ID {
		t.Errorf("released %s, want %s", again[0].ID, held[0].ID)
	}
}

func BenchmarkPublish(b *testing.B) {
	q, e := newDB(b).Queue(local.Events), event(1)
	e.Data = make([]byte, 600) // a usage event's size
	for b.Loop() {
		publish(b, q, e)
	}
}

func BenchmarkPublishParallel(b *testing.B) {
	q, e := newDB(b).Queue(local.Events), event(1)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			publish(b, q, e)
		}
	})
}

func BenchmarkReceiveIdle(b *testing.B) {
	q := newDB(b).Queue(local.Events)
	for b.Loop() {
		receive(b, q, 0)
	}
}

// A receive costs the same however many messages wait: each of its statements
// finds its rows by an index and sorts nothing.
func TestReceiveVisitsOnlyWhatItTakes(t *testing.T) {
	path := newPath(t)
	open(t, path, time.Now)
	for name, statement := range local.ReceiveStatements {
		rows, err := raw(t, path).Query("EXPLAIN QUERY PLAN " + regexp.MustCompile(`\?\d*`).ReplaceAllString(statement, "0"))
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(step, "SCAN messages") || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s: %s", name, step)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// Exhausted messages do not stand in the way of others.
func TestReceiveGoesPastTheExhausted(t *testing.T) {
	path := newPath(t)
	db := open(t, path, time.Now)
	q := db.Queue(local.Events)
	for i := range 25 {
		publish(t, q, event(i))
	}
	if _, err := raw(t, path).Exec("UPDATE messages SET receives = ? WHERE id <= 20", local.MaxReceives); err != nil {
		t.Fatal(err)
	}
	receive(t, q, 5)
	length(t, q, 5)
	length(t, db.Queue(local.Dead), 20)
}

// 100 rows and 100,000 must cost the same.
func BenchmarkReceive(b *testing.B) {
	for _, waiting := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			path := newPath(b)
			q := open(b, path, time.Now).Queue(local.Events)
			publish(b, q, event(1))
			if _, err := raw(b, path).Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
				INSERT INTO messages (queue, origin, type, event, reason, body, added_at, visible_at)
				SELECT queue, origin, type, event, reason, body, added_at, visible_at FROM messages, n`, waiting-1); err != nil {
				b.Fatal(err)
			}
			rows := raw(b, path)
			for b.Loop() {
				received, err := q.Receive(b.Context(), 10, 0) // visible again at once, behind the others
				if err != nil || len(received) != 10 {
					b.Fatalf("%d messages, %v", len(received), err)
				}
				b.StopTimer()
				if _, err := rows.Exec("UPDATE messages SET receives = 0 WHERE id BETWEEN ? AND ?", received[0].ID, received[9].ID); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
