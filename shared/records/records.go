// Package records keeps the latest state of things platforms report: leads,
// contacts, conversations, sessions.
//
// Events arrive late, twice and out of order. A [Record] therefore carries an
// order of its own, and a [Store] replaces a record only by one of higher
// order: after any sequence of deliveries every store ends in the same state. A deletion is a record too (a tombstone), so that a late update does
// not bring a deleted thing back.
//
// Records hold personal data. Their Data is never logged.
package records

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/page"
)

// Once is the version of a record that is written once.
const Once = 1

// Record is the state of one thing after one event.
type Record struct {
	Kind    string    // "acme.lead", "acme.contact"
	ID      string    // within the kind
	Version int64     // what the kind is ordered by; the handler that writes it says how
	Time    time.Time // what List is ordered by: when the event was received, or a message written
	Deleted bool      // a tombstone: Data is empty
	Data    []byte    // one JSON value
}

// Order is a string that sorts as records replace one another: by version, a
// deletion after an update of the same version, then by content, so that two
// records never tie unless they are the same.
func (r Record) Order() string {
	deleted := 0
	if r.Deleted {
		deleted = 1
	}
	return fmt.Sprintf("%020d.%d.%x", max(r.Version, 0), deleted, sha256.Sum256(r.Data))
}

// Cursor gives the cursor behind the record, for lists.
func (r Record) Cursor() string { return page.Cursor(r.Time, r.ID) }

// LogValue shows no data.
func (r Record) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", r.kind()), slog.Int("bytes", len(r.Data)))
}

// String shows no data.
func (r Record) String() string { return "record of kind " + r.kind() }

// kind leaves out what a kind may have behind a slash: a conversation.
func (r Record) kind() string {
	kind, _, _ := strings.Cut(r.Kind, "/")
	return kind
}

// GoString shows no data.
func (r Record) GoString() string { return r.String() }

// Store keeps records.
type Store interface {
	// Put stores the record if there is none of its kind and id or if the stored
	// one has a lower [Record.Order], in one atomic unit. It says whether it
	// did; putting a record again is harmless.
	Put(ctx context.Context, r Record) (stored bool, err error)

	// Get reads the newest committed state, tombstones included; ok is false
	// when there never was one.
	Get(ctx context.Context, kind, id string) (r Record, ok bool, err error)

	// List gives up to limit records of a kind, newest Time first, tombstones
	// left out, after the cursor ("" for the first page), and the next cursor
	// ("" when there is none).
	List(ctx context.Context, kind, cursor string, limit int) (page []Record, next string, err error)
}
