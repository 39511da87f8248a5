package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// migrations[v] takes a file from user_version v to v + 1. Append only: files
// out there have run the earlier ones.
var migrations = []string{`
CREATE TABLE accounts (
	id         TEXT PRIMARY KEY,
	balance    INTEGER NOT NULL, -- micro-credits
	seq        INTEGER NOT NULL,
	synced_seq INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
	id          TEXT PRIMARY KEY,
	account     TEXT NOT NULL REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED,
	kind        TEXT NOT NULL,
	amount      INTEGER NOT NULL, -- micro-credits
	fingerprint TEXT NOT NULL,
	time        INTEGER NOT NULL,
	recorded    INTEGER NOT NULL,
	twin        TEXT NOT NULL,
	twin_window INTEGER NOT NULL, -- nanoseconds
	usage       TEXT NOT NULL,
	value       TEXT NOT NULL,
	source      TEXT NOT NULL,
	note        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_by_account ON entries (account, time, id);
CREATE INDEX entries_by_twin ON entries (twin, time) WHERE twin <> '' AND kind <> 'suppressed';

-- An operator at a SQL prompt does not edit the ledger by accident.
CREATE TRIGGER entries_are_not_altered BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never altered'); END;
CREATE TRIGGER entries_are_not_removed BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END;

CREATE TABLE records (
	kind    TEXT NOT NULL,
	id      TEXT NOT NULL,
	ord     TEXT NOT NULL, -- records.Record.Order
	version INTEGER NOT NULL,
	time    INTEGER NOT NULL,
	deleted INTEGER NOT NULL,
	data    BLOB NOT NULL,
	PRIMARY KEY (kind, id)
) STRICT;
CREATE INDEX records_by_time ON records (kind, time DESC, id) WHERE deleted = 0;

CREATE TABLE messages (
	id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice, so an old receipt fits no other message
	queue      TEXT NOT NULL,
	origin     TEXT NOT NULL,    -- of a dead letter: the queue it came from, if known
	type       TEXT NOT NULL,    -- type, event and reason repeat the body's, for listing
	event      TEXT NOT NULL,
	reason     TEXT NOT NULL,    -- dead letter: why. else: why it was not done last time
	body       BLOB NOT NULL,
	added_at   INTEGER NOT NULL,
	visible_at INTEGER NOT NULL,
	receives   INTEGER NOT NULL DEFAULT 0, -- also the receipt of the last one
	in_flight  INTEGER NOT NULL DEFAULT 0  -- 1 from receive to settle
) STRICT;
CREATE INDEX messages_by_visibility ON messages (queue, visible_at, id);
`}

var errNewerFile = errors.New("the file was written by a newer version of this program")

// migrate brings the schema up to date in one transaction: two processes that
// open a new file at once do it one after the other, the second finds it done.
func (db *DB) migrate(ctx context.Context) error {
	return db.update(ctx, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version > len(migrations) {
			return errNewerFile
		}
		for ; version < len(migrations); version++ {
			if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
				return fmt.Errorf("migrate from schema version %d: %w", version, err)
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	})
}
