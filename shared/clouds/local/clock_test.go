package local_test

import (
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/worker"
)

const setBack = 2 * time.Hour

// What was stored under a clock that was ahead is not held until the clock has
// caught up, whether or not the process saw the change.
func TestReceive_afterTheClockWasSetBack(t *testing.T) {
	again := worker.Verdict{Reason: "ledger is away"}
	for _, row := range []struct {
		name   string
		before func(t *testing.T, q *local.Queue)
		wait   time.Duration // at most
	}{
		{"never received", func(*testing.T, *local.Queue) {}, 0},
		{"waits for a retry", func(t *testing.T, q *local.Queue) { finish(t, q, receive(t, q, 1)[0], again) }, time.Minute},
		{"waits as long as it can", func(t *testing.T, q *local.Queue) {
			finish(t, q, receive(t, q, 1)[0], worker.Verdict{After: 24 * time.Hour})
		}, time.Minute},
		{"in flight", func(t *testing.T, q *local.Queue) { receive(t, q, 1) }, time.Minute},
	} {
		for _, restart := range []bool{false, true} {
			for _, back := range []time.Duration{30 * time.Minute, setBack} {
				t.Run(row.name+map[bool]string{false: ", same process", true: ", next process"}[restart]+", "+back.String(), func(t *testing.T) {
					clock, path := newClock(), newPath(t)
					q := open(t, path, clock.now).Queue(local.Events)
					receive(t, q, 0) // as a poller does
					publish(t, q, event(1))
					row.before(t, q)
					clock.advance(-back)
					if restart {
						q = open(t, path, clock.now).Queue(local.Events)
						if err := q.Release(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					received, err := q.Receive(t.Context(), 10, time.Minute)
					if err != nil {
						t.Fatal(err)
					}
					wait := row.wait
					if restart && row.wait != 0 && back < time.Hour { // as any delay, once the process that saw the change is gone
						wait += back + 5*time.Minute
					}
					if len(received) == 0 && wait > 0 {
						clock.advance(wait)
						received = receive(t, q, 1)
					}
					if receive(t, q, 0); len(received) != 1 {
						t.Errorf("%d messages at once, want 1", len(received))
					}
				})
			}
		}
	}
}

func TestReceive_nothingTwiceWhileTheClockMoves(t *testing.T) {
	for name, moves := range map[string][]time.Duration{
		"back":             {-setBack},
		"back twice":       {-setBack, -setBack},
		"forward and back": {50 * time.Second, -setBack},
		"a little back":    {-time.Second, -time.Second, -time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			clock := newClock()
			q := open(t, newPath(t), clock.now).Queue(local.Events)
			receive(t, q, 0)
			publish(t, q, event(1))
			held := receive(t, q, 1)[0]
			for _, move := range moves {
				clock.advance(move)
				receive(t, q, 0)
			}
			clock.advance(time.Minute - 5*time.Second)
			receive(t, q, 0) // its visibility time counts anew
			finish(t, q, held, done)
			length(t, q, 0)
		})
	}
}

// A delay that is legal is kept: nothing happened to the clock.
func TestReceive_keepsDelays(t *testing.T) {
	clock, path := newClock(), newPath(t)
	q := open(t, path, clock.now).Queue(local.Events)
	publish(t, q, event(1))
	finish(t, q, receive(t, q, 1)[0], worker.Verdict{After: 10 * time.Minute})
	q = open(t, path, clock.now).Queue(local.Events)
	clock.advance(10*time.Minute - 1)
	receive(t, q, 0)
	clock.advance(1)
	if r := receive(t, q, 1)[0]; r.Receives != 2 {
		t.Errorf("received %d times, want 2", r.Receives)
	}
}

// Outbound does not call Release; messages that were never received are seen all the same.
func TestReceive_withoutRelease(t *testing.T) {
	clock, path := newClock(), newPath(t)
	q := open(t, path, clock.now).Queue(local.Outbound)
	for i := range 300 {
		publish(t, q, event(i))
	}
	clock.advance(-setBack)
	q = open(t, path, clock.now).Queue(local.Outbound)
	publish(t, q, event("new")) // before the first receive
	for range 30 {
		receive(t, q, 10)
	}
	receive(t, q, 1)
}

// Rows that another program moved ahead are seen by a receiver that is at work.
func TestReceive_whatAnotherProcessLeftAhead(t *testing.T) {
	clock, path := newClock(), newPath(t)
	q := open(t, path, clock.now).Queue(local.Events)
	receive(t, q, 0)
	publish(t, q, event(1), event(2))
	finish(t, q, receive(t, q, 2)[0], worker.Verdict{})
	if _, err := raw(t, path).Exec("UPDATE messages SET visible_at = visible_at + ?", int64(setBack)); err != nil {
		t.Fatal(err)
	}
	receive(t, q, 0)
	clock.advance(time.Minute)
	receive(t, q, 2)
}
