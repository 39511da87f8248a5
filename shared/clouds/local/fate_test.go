package local_test

import (
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/worker"
)

func TestFates(t *testing.T) {
	for _, row := range []struct {
		name  string
		after func(t *testing.T, db *local.DB, r local.Received)
		want  local.Fate
	}{
		{"in flight", func(*testing.T, *local.DB, local.Received) {}, local.Fate{Waits: true}},
		{"comes back", func(t *testing.T, db *local.DB, r local.Received) {
			finish(t, db.Queue(local.Events), r, worker.Verdict{})
		}, local.Fate{Waits: true}},
		{"handled", func(t *testing.T, db *local.DB, r local.Received) { finish(t, db.Queue(local.Events), r, done) }, local.Fate{}},
		{"charged", func(t *testing.T, db *local.DB, r local.Received) {
			chargeNine(t, db, event(1).ID)
			finish(t, db.Queue(local.Events), r, done)
		}, local.Fate{Booked: ledger.Charge, Amount: -9}},
		{"charged by its arrival", func(t *testing.T, db *local.DB, r local.Received) {
			chargeNine(t, db, event(1).ID+"@2025-11-03T08:00:00Z")
			finish(t, db.Queue(local.Events), r, done)
		}, local.Fate{Booked: ledger.Charge, Amount: -9}},
		{"another event charged", func(t *testing.T, db *local.DB, r local.Received) {
			chargeNine(t, db, event(2).ID)
			finish(t, db.Queue(local.Events), r, done)
		}, local.Fate{}},
		{"dead again", func(t *testing.T, db *local.DB, r local.Received) {
			again := event(1)
			again.Reason = "no"
			publish(t, db.Queue(local.Events).Dead(), again)
			finish(t, db.Queue(local.Events), r, done)
		}, local.Fate{Reason: "no"}},
		{"dead again under another id", func(t *testing.T, db *local.DB, r local.Received) {
			again := event(1)
			again.ID, again.Reason = event(4).ID, "no"
			publish(t, db.Queue(local.Events).Dead(), again)
			finish(t, db.Queue(local.Events), r, done)
		}, local.Fate{Reason: "no"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			clock := newClock()
			db := open(t, newPath(t), clock.now)
			other := event(3)
			other.Reason = "another letter"
			chargeNine(t, db, event(1).ID+"-before")
			clock.advance(time.Hour)
			publish(t, db.Queue(local.Events).Dead(), event(1), other)
			moved, err := db.DeadLetters().Redrive(t.Context(), local.Filter{EventID: event(1).ID}, false)
			if err != nil || len(moved) != 1 {
				t.Fatalf("%d letters moved, %v", len(moved), err)
			}
			row.after(t, db, receive(t, db.Queue(local.Events), 1)[0])
			fates, err := db.DeadLetters().Fates(t.Context(), moved, clock.now())
			if err != nil || len(fates) != 1 || fates[0] != row.want {
				t.Errorf("%+v (%v), want %+v", fates, err, row.want)
			}
		})
	}
}

// chargeNine books nine micro-credits under an id.
func chargeNine(t *testing.T, db *local.DB, id string) {
	t.Helper()
	if _, err := db.Ledger().Post(t.Context(), "u1", []ledger.Entry{{ID: id, Kind: ledger.Charge, Amount: -9, Time: time.Now()}}); err != nil {
		t.Fatal(err)
	}
}
