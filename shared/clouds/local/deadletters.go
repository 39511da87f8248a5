package local

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
)

// Undecodable is the type of a dead letter whose body is no event of this version.
// Its event id is the SHA-256 of the body.
const Undecodable = "unreadable.message"

// DeadLetter is what may be listed of a dead letter: all but the body.
type DeadLetter struct {
	EventID  string
	Type     string
	Reason   string
	Source   string    // empty when undecodable
	Provider string    // empty for a follow-up of our own
	Origin   string    // the queue a redrive sends it to
	Time     time.Time // when ingest received it; zero when undecodable
	Added    time.Time // when it became a dead letter

	row  int64
	data [sha256.Size]byte // of the event's data
}

// Filter chooses dead letters; empty fields choose all.
type Filter struct {
	EventID  string // or its beginning
	Type     string
	Provider string
	Max      int // the oldest so many, 0: no limit
}

func (f Filter) matches(l DeadLetter) bool {
	return strings.HasPrefix(l.EventID, f.EventID) &&
		(f.Type == "" || f.Type == l.Type) &&
		(f.Provider == "" || f.Provider == l.Provider)
}

var (
	// ErrNoLetter: no dead letter has that event id.
	ErrNoLetter = errors.New("no such dead letter")
	// ErrAmbiguous: the beginning of an event id fits several events.
	ErrAmbiguous = errors.New("several dead letters begin like that")
)

// DeadLetters is the operator's view of the dead-letter queue.
type DeadLetters struct{ db *DB }

// DeadLetters gives the view.
func (db *DB) DeadLetters() *DeadLetters { return &DeadLetters{db} }

// List gives the chosen dead letters, oldest first.
func (d *DeadLetters) List(ctx context.Context, filter Filter) ([]DeadLetter, error) {
	all, err := queryAll(ctx, d.db.read, scanLetter,
		"SELECT id, origin, type, event, reason, added_at, body FROM messages WHERE queue = ? ORDER BY id", Dead)
	if err != nil {
		return nil, wrap("list dead letters", err)
	}
	letters := slices.DeleteFunc(all, func(l DeadLetter) bool { return !filter.matches(l) })
	if filter.Max > 0 && len(letters) > filter.Max {
		letters = letters[:filter.Max]
	}
	return letters, nil
}

func scanLetter(row row) (l DeadLetter, err error) {
	var added int64
	var body []byte
	if err := row.Scan(&l.row, &l.Origin, &l.Type, &l.EventID, &l.Reason, &added, &body); err != nil {
		return DeadLetter{}, err
	}
	l.Added, l.data = fromNanos(added), sha256.Sum256(body)
	if e, err := webhook.DecodeEvent(body); err == nil {
		l.Source, l.Provider, l.Time, l.data = e.Source, e.Provider(), e.Time, sha256.Sum256(e.Data)
	}
	if l.Origin == "" {
		l.Origin = originOf(l)
	}
	return l, nil
}

// originOf guesses the origin of a letter that was published without one.
func originOf(l DeadLetter) string {
	if strings.HasPrefix(l.Source, "/functions/") && strings.HasPrefix(l.Type, "credits.") {
		return Outbound
	}
	return Events
}

// Show gives one dead letter whole, by its event id or the beginning of it; of
// several of the same event, the newest. An undecodable one is an event of type
// Undecodable whose Data is the message as it was.
func (d *DeadLetters) Show(ctx context.Context, eventID string) (webhook.Event, error) {
	newest, err := d.newest(ctx, eventID)
	if err != nil {
		return webhook.Event{}, err
	}
	return d.read(ctx, newest)
}

func (d *DeadLetters) newest(ctx context.Context, eventID string) (DeadLetter, error) {
	letters, err := d.List(ctx, Filter{EventID: eventID})
	if err != nil {
		return DeadLetter{}, err
	}
	if len(letters) == 0 {
		return DeadLetter{}, ErrNoLetter
	}
	newest := letters[len(letters)-1]
	for _, l := range letters {
		if l.EventID != newest.EventID {
			return DeadLetter{}, ErrAmbiguous
		}
	}
	return newest, nil
}

// Delete removes every dead letter of an event for ever, by its event id or the
// beginning of it, and gives the newest.
func (d *DeadLetters) Delete(ctx context.Context, eventID string) (DeadLetter, error) {
	if eventID == "" { // the beginning of every id
		return DeadLetter{}, ErrNoLetter
	}
	l, err := d.newest(ctx, eventID)
	if err != nil {
		return DeadLetter{}, err
	}
	_, err = d.db.write.ExecContext(ctx, "DELETE FROM messages WHERE queue = ? AND event = ?", Dead, l.EventID)
	return l, wrap("delete dead letter "+webhook.ShortID(l.EventID), err)
}

func (d *DeadLetters) read(ctx context.Context, l DeadLetter) (webhook.Event, error) {
	var body []byte
	err := d.db.read.QueryRowContext(ctx, "SELECT body FROM messages WHERE id = ?", l.row).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) { // redriven a moment ago
		return webhook.Event{}, ErrNoLetter
	}
	if err != nil {
		return webhook.Event{}, wrap("show dead letter", err)
	}
	e, err := webhook.DecodeEvent(body)
	if err != nil {
		return webhook.Event{ID: l.EventID, Type: l.Type, Reason: l.Reason, Time: l.Added, Data: body}, nil
	}
	return e, nil
}

// Redrive sends the chosen dead letters back to their queues, as if they had
// just been published there, and gives those it moved; with dryRun it moves
// none and gives those it would. Each moves in a transaction of its own: after
// an error the ones given have moved and the others are where they were.
func (d *DeadLetters) Redrive(ctx context.Context, filter Filter, dryRun bool) ([]DeadLetter, error) {
	chosen, err := d.List(ctx, filter)
	if err != nil || dryRun {
		return chosen, err
	}
	var moved []DeadLetter
	for _, l := range chosen {
		ok, err := d.move(ctx, l)
		if err != nil {
			return moved, wrap("redrive dead letter "+webhook.ShortID(l.EventID), err)
		}
		if ok {
			moved = append(moved, l)
		}
	}
	return moved, nil
}

// move is false when another process has moved the letter already.
func (d *DeadLetters) move(ctx context.Context, l DeadLetter) (moved bool, err error) {
	to := d.db.Queue(l.Origin)
	err = d.db.update(ctx, func(tx *sql.Tx) error {
		var body []byte
		err := tx.QueryRowContext(ctx, "DELETE FROM messages WHERE id = ? AND queue = ? RETURNING body", l.row, Dead).Scan(&body)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		moved = true
		return to.insert(ctx, tx, withReason(body, ""))
	})
	if err != nil {
		return false, err
	}
	d.db.signal(to.name)
	return moved, nil
}

// withReason rewrites a message for another queue. An undecodable one stays as it
// is, byte for byte: a newer version of this program may decode it.
func withReason(body []byte, reason string) letter {
	e, err := webhook.DecodeEvent(body)
	if err != nil {
		sum := sha256.Sum256(body)
		return letter{Undecodable, hex.EncodeToString(sum[:]), reason, body}
	}
	e.Reason = reason
	return letterOf(e)
}

// deadLetterExhausted makes dead letters of claimed messages that were received too
// often, and gives the others. Dead letters themselves stay.
func (q *Queue) deadLetterExhausted(ctx context.Context, tx *sql.Tx, claimed []Received) (alive []Received, err error) {
	for _, r := range claimed {
		if r.Receives <= MaxReceives || q.name == Dead {
			alive = append(alive, r)
			continue
		}
		if _, err := tx.ExecContext(ctx, removeQuery, r.row); err != nil {
			return nil, err
		}
		reason := fmt.Sprintf("gave up after %d receives: %s", MaxReceives, cmp.Or(r.reason, "no reason given"))
		if err := q.Dead().insert(ctx, tx, withReason(r.Body, reason)); err != nil {
			return nil, err
		}
	}
	return alive, nil
}
