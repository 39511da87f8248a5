package local_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// exhaust hands a message out until the queue gives it up.
func exhaust(t *testing.T, q *local.Queue, clock *clock, v worker.Verdict) {
	t.Helper()
	for range local.MaxReceives {
		finish(t, q, receive(t, q, 1)[0], v)
		clock.advance(time.Hour)
	}
	receive(t, q, 0)
}

func list(t *testing.T, db *local.DB, filter local.Filter, n int) []local.DeadLetter {
	t.Helper()
	letters, err := db.DeadLetters().List(t.Context(), filter)
	if err != nil {
		t.Fatal(err)
	}
	if len(letters) != n {
		t.Fatalf("%d dead letters, want %d: %v", len(letters), n, letters)
	}
	return letters
}

func TestReceive_deadLettersTheExhausted(t *testing.T) {
	for _, row := range []struct {
		name   string
		give   func(t *testing.T, q *local.Queue, r local.Received)
		reason string
	}{
		{"retried", func(t *testing.T, q *local.Queue, r local.Received) {
			finish(t, q, r, worker.Verdict{Reason: "ledger is away"})
		}, "gave up after 10 receives: ledger is away"},
		{"never finished", func(*testing.T, *local.Queue, local.Received) {}, "gave up after 10 receives: no reason given"},
	} {
		t.Run(row.name, func(t *testing.T) {
			clock := newClock()
			db := open(t, newPath(t), clock.now)
			q, e := db.Queue(local.Events), event(1)
			publish(t, q, e)
			for range local.MaxReceives {
				row.give(t, q, receive(t, q, 1)[0])
				clock.advance(time.Hour)
			}
			publish(t, q, event(2))
			receive(t, q, 1) // not held up
			l := list(t, db, local.Filter{}, 1)[0]
			if l.EventID != e.ID || l.Type != e.Type || l.Reason != row.reason || l.Source != e.Source || l.Provider != e.Provider() ||
				l.Origin != local.Events || !l.Time.Equal(e.Time) || !l.Added.Equal(clock.now()) {
				t.Errorf("listed as %+v", l)
			}
			got, err := db.DeadLetters().Show(t.Context(), e.ID[:6])
			if err != nil || got.Reason != row.reason || string(got.Data) != string(e.Data) || got.KeyID != e.KeyID {
				t.Errorf("shown as %+v, error %v", got, err)
			}
		})
	}
}

func TestReceive_keepsDeadLetters(t *testing.T) {
	clock := newClock()
	db := open(t, newPath(t), clock.now)
	publish(t, db.Queue(local.Dead), dead(1, "value is negative"))
	for range local.MaxReceives + 5 {
		receive(t, db.Queue(local.Dead), 1)
		clock.advance(time.Minute)
	}
	if l := list(t, db, local.Filter{}, 1)[0]; l.Reason != "value is negative" {
		t.Errorf("reason %q", l.Reason)
	}
}

// dead is an event with a reason.
func dead(name any, reason string) webhook.Event {
	e := event(name)
	e.Reason = reason
	return e
}

func TestDeadLetters_undecodable(t *testing.T) {
	const garbage = "\x00 not an event"
	path, clock := newPath(t), newClock()
	db := open(t, path, clock.now)
	q := db.Queue(local.Events)
	publish(t, q, event(1))
	if _, err := raw(t, path).Exec("UPDATE messages SET body = ?", []byte(garbage)); err != nil {
		t.Fatal(err)
	}
	exhaust(t, q, clock, worker.Verdict{Reason: "message is corrupt"})

	l := list(t, db, local.Filter{Type: local.Undecodable}, 1)[0]
	if l.Reason != "gave up after 10 receives: message is corrupt" || l.Origin != local.Events {
		t.Errorf("listed as %+v", l)
	}
	e, err := db.DeadLetters().Show(t.Context(), l.EventID)
	if err != nil || string(e.Data) != garbage || e.Type != local.Undecodable {
		t.Errorf("shown as %v with data %q, error %v", e, e.Data, err)
	}
	if _, err := db.DeadLetters().Redrive(t.Context(), local.Filter{}, false); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, q, 1)[0].Body; string(got) != garbage {
		t.Errorf("redriven as %q, want it byte for byte", got)
	}
}

func TestDeadLetters_Show(t *testing.T) {
	db := newDB(t)
	old, other := dead(1, "old"), dead(2, "other")
	publish(t, db.Queue(local.Dead), old, dead(1, "again"), other)
	for _, row := range []struct {
		name, id, reason string
		err              error
	}{
		{"whole id", other.ID, "other", nil},
		{"beginning of an id", other.ID[:8], "other", nil},
		{"the newest of one event", old.ID, "again", nil},
		{"nothing", "", "", local.ErrAmbiguous},
		{"unknown", "zz", "", local.ErrNoLetter},
		{"a wildcard is not one", "%", "", local.ErrNoLetter},
	} {
		t.Run(row.name, func(t *testing.T) {
			e, err := db.DeadLetters().Show(t.Context(), row.id)
			if !errors.Is(err, row.err) || e.Reason != row.reason {
				t.Errorf("reason %q, error %v; want %q, %v", e.Reason, err, row.reason, row.err)
			}
		})
	}
}

func TestDeadLetters_Delete(t *testing.T) {
	db, n := newDB(t), 2
	for event(n).ID[0] != event(1).ID[0] {
		n++
	}
	mine, alike := event(1), event(n)
	publish(t, db.Queue(local.Dead), mine, mine, alike)
	publish(t, db.Queue(local.Events), mine)
	for _, row := range []struct {
		name, id string
		err      error
		left     int
	}{
		{"nothing", "", local.ErrNoLetter, 3},
		{"unknown", "zz", local.ErrNoLetter, 3},
		{"a wildcard is not one", "%", local.ErrNoLetter, 3},
		{"the beginning of several", mine.ID[:1], local.ErrAmbiguous, 3},
		{"the beginning of an id, which is there twice", mine.ID[:8], nil, 1},
		{"nothing, with one left", "", local.ErrNoLetter, 1},
		{"gone already", mine.ID, local.ErrNoLetter, 1},
		{"whole id", alike.ID, nil, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			l, err := db.DeadLetters().Delete(t.Context(), row.id)
			if !errors.Is(err, row.err) || err == nil && !strings.HasPrefix(l.EventID, row.id) {
				t.Errorf("deleted %v, error %v; want %v", l.EventID, err, row.err)
			}
			length(t, db.Queue(local.Dead), row.left)
		})
	}
	length(t, db.Queue(local.Events), 1)
}

// letters are dead ones of two platforms, and two follow-ups of our own.
func letters(t *testing.T, db *local.DB) (acme, other, balance, own webhook.Event) {
	t.Helper()
	acme, other = event("a"), event("o")
	other.Source, other.Type = "/webhooks/other", "other.usage.tracked"
	balance = webhook.FollowUp("worker", "credits.balance.changed", acme, "u1", []byte("{}"))
	own = webhook.FollowUp("worker", "lead.captured", other, "", []byte("{}"))
	for _, e := range []*webhook.Event{&acme, &other, &balance, &own} {
		e.Reason = "value is negative"
		publish(t, db.Queue(local.Dead), *e)
	}
	return acme, other, balance, own
}

func TestDeadLetters_List(t *testing.T) {
	db := newDB(t)
	acme, other, balance, own := letters(t, db)
	for _, row := range []struct {
		name   string
		filter local.Filter
		want   []webhook.Event
	}{
		{"all", local.Filter{}, []webhook.Event{acme, other, balance, own}},
		{"type", local.Filter{Type: other.Type}, []webhook.Event{other}},
		{"type is not a prefix", local.Filter{Type: "other"}, nil},
		{"provider", local.Filter{Provider: "acme"}, []webhook.Event{acme}},
		{"event id", local.Filter{EventID: own.ID}, []webhook.Event{own}},
		{"beginning of an event id", local.Filter{EventID: own.ID[:7]}, []webhook.Event{own}},
		{"the oldest two", local.Filter{Max: 2}, []webhook.Event{acme, other}},
		{"both must match", local.Filter{Provider: "acme", Type: other.Type}, nil},
		{"the first that matches", local.Filter{Type: other.Type, Max: 1}, []webhook.Event{other}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for i, l := range list(t, db, row.filter, len(row.want)) {
				if l.EventID != row.want[i].ID {
					t.Errorf("letter %d is %s, want %v", i, l.Type, row.want[i])
				}
			}
		})
	}
}

func TestDeadLetters_Redrive(t *testing.T) {
	db := newDB(t)
	first, _, balance, _ := letters(t, db)
	for _, dryRun := range []bool{true, false} {
		if moved, err := db.DeadLetters().Redrive(t.Context(), local.Filter{}, dryRun); err != nil || len(moved) != 4 {
			t.Fatalf("moved %d, error %v; want 4", len(moved), err)
		}
		length(t, db.Queue(local.Dead), map[bool]int{true: 4}[dryRun])
	}
	first.Reason = ""
	if got := receive(t, db.Queue(local.Events), 3)[0]; string(got.Body) != string(first.Encode()) || got.Receives != 1 {
		t.Errorf("redriven as %s, receive %d; want %s, receive 1", got.Body, got.Receives, first.Encode())
	}
	if got := decode(t, receive(t, db.Queue(local.Outbound), 1)[0].Body); got.ID != balance.ID || got.Reason != "" {
		t.Errorf("outbound got %v with reason %q, want %v without", got, got.Reason, balance)
	}
	if moved, err := db.DeadLetters().Redrive(t.Context(), local.Filter{}, false); len(moved) != 0 || err != nil {
		t.Errorf("moved %d again, error %v", len(moved), err)
	}
}

func TestDeadLetters_Redrive_toTheOrigin(t *testing.T) {
	clock := newClock()
	db := open(t, newPath(t), clock.now)
	_, _, balance, _ := letters(t, open(t, newPath(t), clock.now))
	publish(t, db.Queue(local.Events).Dead(), balance) // its type says outbound
	publish(t, db.Queue(local.Outbound), event(1))     // its type says events
	exhaust(t, db.Queue(local.Outbound), clock, worker.Verdict{})

	var origins []string
	for _, l := range list(t, db, local.Filter{}, 2) {
		origins = append(origins, l.Origin)
	}
	if got := strings.Join(origins, " "); got != "events outbound" {
		t.Errorf("origins %s, want events outbound", got)
	}
	if _, err := db.DeadLetters().Redrive(t.Context(), local.Filter{}, false); err != nil {
		t.Fatal(err)
	}
	length(t, db.Queue(local.Events), 1)
	length(t, db.Queue(local.Outbound), 1)
}

// A receipt from before must not finish the message's next life.
func TestDeadLetters_Redrive_forgetsReceipts(t *testing.T) {
	clock := newClock()
	db := open(t, newPath(t), clock.now)
	q := db.Queue(local.Events)
	publish(t, q, event(1))
	first := receive(t, q, 1)[0]
	finish(t, q, first, worker.Verdict{})
	clock.advance(time.Hour)
	for range local.MaxReceives - 1 {
		finish(t, q, receive(t, q, 1)[0], worker.Verdict{})
		clock.advance(time.Hour)
	}
	receive(t, q, 0)
	if _, err := db.DeadLetters().Redrive(t.Context(), local.Filter{}, false); err != nil {
		t.Fatal(err)
	}
	receive(t, q, 1)
	finish(t, q, first, done)
	length(t, q, 1)
}
