// Package local is the cloud on a laptop: queues with visibility timeouts and
// dead letters, the ledger and the records, all in one SQLite file, and webhook
// secrets from environment variables.
//
//	db, err := local.Open(ctx, "hooks.db", time.Now)
//	events, outbound := db.Queue(local.Events), db.Queue(local.Outbound)
//	ingest: publish to events; unusable deliveries to events.Dead()
//	worker: go local.Poll(ctx, events, handle, local.PollOptions{Log: log})
//	operator: db.DeadLetters().List(...), .Show(...), .Redrive(...)
//
// It makes the promises of the clouds: a nil error means that the data is on the
// disk (synchronous=FULL), a message is delivered at least once, an entry is
// posted at most once. A kill at any moment loses nothing: messages in flight are
// delivered again.
//
// Several processes may have the file open at once; one writes at a time and the
// others wait. Each write waits for the disk. So it is for a laptop and a small
// single machine, and for a local disk, not a network share. Beyond that there are
// the clouds; they pass the same suites.
package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"modernc.org/sqlite" // the driver "sqlite": pure Go, so no C compiler is needed
)

// DB is one open file. It is safe for concurrent use.
type DB struct {
	now   func() time.Time
	write *sql.DB // one connection: writers of this process wait here, not for the file's lock
	read  *sql.DB

	mu     sync.Mutex
	wakes  map[string]chan struct{} // by queue
	latest map[string]int64         // reading of the clock by queue, see wentBack
}

const (
	busyTimeout = 2500 * time.Millisecond // of a write, for another process's; ingest must answer in 3 s
	readers     = 4                       // reads at the same time
)

// Open opens the file at path and creates it if there is none, readable by its
// owner only: it holds personal data. A file written by a newer version of this
// program is refused.
func Open(ctx context.Context, path string, now func() time.Time) (*DB, error) {
	if err := create(path); err != nil {
		return nil, fmt.Errorf("create database: %w", err)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := &DB{now: now, wakes: map[string]chan struct{}{}, latest: map[string]int64{}}
	if db.write, err = connect(absolute, "immediate", 1); err != nil {
		return nil, err
	}
	if db.read, err = connect(absolute, "deferred", readers); err != nil {
		return nil, errors.Join(err, db.write.Close())
	}
	if err := db.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	return db, nil
}

// create leaves an existing file alone: closing a second handle on it would
// drop the locks that this process holds.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// begin brings the file to the newest schema. Where several connections make a new file's
// journal at once SQLite answers busy and does not wait.
func (db *DB) begin(ctx context.Context) error {
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if err := db.migrate(ctx); !isBusy(err) || time.Since(start) > busyTimeout {
			return err
		}
	}
}

func isBusy(err error) bool {
	const busy = 5 // SQLITE_BUSY, in the low byte
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == busy
}

func connect(path, txlock string, connections int) (*sql.DB, error) {
	options := url.Values{"_txlock": {txlock}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), // first: the next one may have to wait
		"journal_mode(WAL)",                         // readers and the writer do not block one another
		"synchronous(FULL)",                         // a commit is on the disk,
		"fullfsync(ON)", "checkpoint_fullfsync(ON)", // on macOS, too, where it would be in the drive's cache
		"foreign_keys(ON)",
	}}
	dsn := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: options.Encode()}
	pool, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool, nil
}

// Close closes the file. What was committed stays.
func (db *DB) Close() error { return errors.Join(db.write.Close(), db.read.Close()) }

// update runs do in one transaction that holds the write lock from its start
// (BEGIN IMMEDIATE): what do reads is still so when it writes.
func (db *DB) update(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit this does nothing
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// wrap says what failed, if anything did.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// nanos is how times are stored; it holds the years 1678 to 2262.
func nanos(t time.Time) int64 { return t.UnixNano() }

func fromNanos(n int64) time.Time { return time.Unix(0, n).UTC() }
