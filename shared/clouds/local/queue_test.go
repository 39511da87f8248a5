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
		ID: webhook.Identity("acme", "usage.tracked", fmt.Sprint(name)), Source: "/webhooks/acme", Type: "acme.usage.tracked",
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
	if err := q.Finish(t.Context(), []local.Received{r}, []worker.Verdict{v}); err != nil {
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

func TestReceive_oldestFirst(t *testing.T) {
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

func TestQueue_apart(t *testing.T) {
	db := newDB(t)
	publish(t, db.Queue("a"), event(1))
	receive(t, db.Queue("b"), 0)
	r := receive(t, db.Queue("a"), 1)[0]
	finish(t, db.Queue("b"), r, done)
	length(t, db.Queue("a"), 1)
}

func TestQueue_Finish_receipts(t *testing.T) {
	clock := newClock()
	q := open(t, newPath(t), clock.now).Queue(local.Events)
	publish(t, q, event(1))

	first := receive(t, q, 1)[0]
	clock.advance(time.Minute - 1)
	receive(t, q, 0)
	clock.advance(1) // the visibility time is over
	second := receive(t, q, 1)[0]
	if second.ID != first.ID || second.Receives != 2 || second.Receipt == first.Receipt {
		t.Errorf("received again as %s, receive %d, receipt %d; was %s, 1, %d", second.ID, second.Receives, second.Receipt, first.ID, first.Receipt)
	}

	finish(t, q, first, done)
	length(t, q, 1) // a stale receipt removes nothing
	finish(t, q, first, worker.Verdict{})
	clock.advance(time.Minute - 1)
	receive(t, q, 0) // nor does it show anything early
	clock.advance(time.Hour)
	finish(t, q, second, done) // late, but still the current receipt
	length(t, q, 0)
	finish(t, q, second, done)
}

func TestQueue_Finish_retries(t *testing.T) {
	const s = time.Second
	backOff := []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 64 * s, 128 * s, 256 * s, 300 * s}
	for _, row := range []struct {
		name  string
		after time.Duration
		waits []time.Duration // of one retry after the other
	}{
		{"back-off", 0, backOff},
		{"longer than the back-off", time.Minute, []time.Duration{time.Minute}},
		{"shorter than the back-off", time.Millisecond, backOff[:1]},
		{"as long as can be", 24 * time.Hour, []time.Duration{time.Hour}},
	} {
		t.Run(row.name, func(t *testing.T) {
			clock := newClock()
			q := open(t, newPath(t), clock.now).Queue(local.Events)
			publish(t, q, event(1))
			for i, wait := range row.waits {
				r := receive(t, q, 1)[0]
				if r.Receives != i+1 {
					t.Errorf("receive %d, want %d", r.Receives, i+1)
				}
				finish(t, q, r, worker.Verdict{After: row.after})
				clock.advance(wait - 1)
				length(t, q, 1)
				receive(t, q, 0)
				clock.advance(1)
			}
			receive(t, q, map[bool]int{true: 1}[len(row.waits) < local.MaxReceives])
		})
	}
}

func TestReceive_pastARetry(t *testing.T) {
	clock := newClock()
	q := open(t, newPath(t), clock.now).Queue(local.Events)
	publish(t, q, event(1), event(2))
	finish(t, q, receive(t, q, 2)[0], worker.Verdict{})
	publish(t, q, event(3))
	if got := decode(t, receive(t, q, 1)[0].Body); got.ID != event(3).ID {
		t.Errorf("received %v, want the new one", got)
	}
}

func TestQueue_Release(t *testing.T) {
	clock := newClock()
	q := open(t, newPath(t), clock.now).Queue(local.Events)
	publish(t, q, event(1), event(2))
	held := receive(t, q, 2)
	finish(t, q, held[1], worker.Verdict{After: time.Hour})
	if err := q.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := receive(t, q, 1)   // the other one waits its hour
	finish(t, q, held[0], done) // with a stale receipt
	if again[0].ID != held[0].ID {
		t.Errorf("released %s, want %s", again[0].ID, held[0].ID)
	}
	length(t, q, 2)
}

// A receive costs the same however many messages wait: each of its statements
// finds its rows by an index and sorts nothing.
func TestReceive_visitsOnlyWhatItTakes(t *testing.T) {
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
func TestReceive_pastTheExhausted(t *testing.T) {
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
