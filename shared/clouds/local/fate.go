package local

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

// Fate is the state of a dead letter after a redrive. The zero Fate: it was handled.
type Fate struct {
	Waits  bool         // it is in its queue, or in flight
	Reason string       // it is a dead letter again: why
	Booked ledger.Kind  // the entry that was posted for it, if one was
	Amount ledger.Micro // of that
}

// Fates gives the fates of letters that [DeadLetters.Redrive] moved at the given
// time or later, in their order.
func (d *DeadLetters) Fates(ctx context.Context, moved []DeadLetter, redriven time.Time) ([]Fate, error) {
	// The queues first: a letter is dead again before it leaves its queue.
	waiting, err := queryAll(ctx, d.db.read, scanOne[string], "SELECT event FROM messages WHERE queue <> ?", Dead)
	if err != nil {
		return nil, wrap("fates of dead letters", err)
	}
	dead, err := d.List(ctx, Filter{})
	if err != nil {
		return nil, err
	}
	fates := make([]Fate, len(moved))
	for i, l := range moved {
		fates[i].Waits = slices.Contains(waiting, l.EventID)
		err := d.db.read.QueryRowContext(ctx, "SELECT kind, amount FROM entries WHERE (id = ?1 OR id > ?1 || '@' AND id < ?1 || 'A') AND recorded >= ?2",
			l.EventID, nanos(redriven)).Scan(&fates[i].Booked, &fates[i].Amount)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, wrap("fates of dead letters", err)
		}
		for _, again := range dead {
			if again.row > l.row && again.data == l.data { // by content: an undecodable event is identified anew
				fates[i].Reason = again.Reason
			}
		}
	}
	return fates, nil
}
