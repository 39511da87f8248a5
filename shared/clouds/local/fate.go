package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

// Fate is what became of a dead letter that was redriven. The zero Fate: it was
// handled.
type Fate struct {
	Waits  bool         // it is in its queue, or in flight
	Reason string       // it is a dead letter again: why
	Booked ledger.Kind  // what was booked for it, if anything was
	Amount ledger.Micro // of that
}

// Fates looks at what became of letters that [DeadLetters.Redrive] moved at the
// given time or later, in their order.
func (d *DeadLetters) Fates(ctx context.Context, moved []DeadLetter, redriven time.Time) ([]Fate, error) {
	waiting, err := d.waiting(ctx) // first: a letter is dead again before it leaves its queue
	if err != nil {
		return nil, fmt.Errorf("what became of dead letters: %w", err)
	}
	dead, err := d.List(ctx, Filter{})
	if err != nil {
		return nil, err
	}
	fates := make([]Fate, len(moved))
	for i, l := range moved {
		fates[i].Waits = waiting[l.EventID]
		err := d.db.read.QueryRowContext(ctx, "SELECT kind, amount FROM entries WHERE (id = ?1 OR id > ?1 || '@' AND id < ?1 || 'A') AND recorded >= ?2",
			l.EventID, nanos(redriven)).Scan(&fates[i].Booked, &fates[i].Amount)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("what became of dead letters: %w", err)
		}
		for _, again := range dead {
			if again.row > l.row && again.data == l.data { // the id may be another: what could not be read is identified anew
				fates[i].Reason = again.Reason
			}
		}
	}
	return fates, nil
}

// waiting gives the ids of the events in queues.
func (d *DeadLetters) waiting(ctx context.Context) (map[string]bool, error) {
	rows, err := d.db.read.QueryContext(ctx, "SELECT event FROM messages WHERE queue <> ?", Dead)
	if err != nil {
		return nil, err
	}
	ids, err := scanAll(rows, scanOne[string])
	waiting := map[string]bool{}
	for _, id := range ids {
		waiting[id] = true
	}
	return waiting, err
}
