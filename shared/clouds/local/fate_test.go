package local_test

import (
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

func TestDeadLetters_Fates(t *testing.T) {
	id, otherID := event(1).ID, dead(1, "no")
	otherID.ID = event(4).ID // an undecodable event is identified anew
	charge := local.Fate{Booked: ledger.Charge, Amount: -9}
	for _, row := range []struct {
		name   string
		posted string         // id of an entry
		dead   *webhook.Event // published among the dead letters
		ends   *worker.Verdict
		want   local.Fate
	}{
		{"in flight", "", nil, nil, local.Fate{Waits: true}},
		{"retried", "", nil, &worker.Verdict{}, local.Fate{Waits: true}},
		{"handled", "", nil, &done, local.Fate{}},
		{"charged", id, nil, &done, charge},
		{"charged by its arrival", id + "@2025-11-03T08:00:00Z", nil, &done, charge},
		{"another event charged", event(2).ID, nil, &done, local.Fate{}},
		{"dead again", "", new(dead(1, "no")), &done, local.Fate{Reason: "no"}},
		{"dead again under another id", "", &otherID, &done, local.Fate{Reason: "no"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			clock := newClock()
			db := open(t, newPath(t), clock.now)
			chargeNine(t, db, id+"-before")
			clock.advance(time.Hour)
			publish(t, db.Queue(local.Events).Dead(), event(1), dead(3, "another letter"))
			moved, err := db.DeadLetters().Redrive(t.Context(), local.Filter{EventID: id}, false)
			if err != nil || len(moved) != 1 {
				t.Fatalf("%d letters moved, %v", len(moved), err)
			}
			r := receive(t, db.Queue(local.Events), 1)[0]
			if row.posted != "" {
				chargeNine(t, db, row.posted)
			}
			if row.dead != nil {
				publish(t, db.Queue(local.Events).Dead(), *row.dead)
			}
			if row.ends != nil {
				finish(t, db.Queue(local.Events), r, *row.ends)
			}
			fates, err := db.DeadLetters().Fates(t.Context(), moved, clock.now())
			if err != nil || len(fates) != 1 || fates[0] != row.want {
				t.Errorf("%+v (%v), want %+v", fates, err, row.want)
			}
		})
	}
}

// chargeNine posts nine micro-credits under an id.
func chargeNine(t *testing.T, db *local.DB, id string) {
	t.Helper()
	if _, err := db.Ledger().Post(t.Context(), "u1", []ledger.Entry{{ID: id, Kind: ledger.Charge, Amount: -9, Time: time.Now()}}); err != nil {
		t.Fatal(err)
	}
}
