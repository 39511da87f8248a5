package local

import (
	"context"
	"database/sql"
	"errors"

	"github.com/webhook-functions/template/shared/page"
	"github.com/webhook-functions/template/shared/records"
)

// Records keeps the latest state of things in the file.
type Records struct{ db *DB }

var _ records.Store = (*Records)(nil)

// Records gives the file's records.
func (db *DB) Records() *Records { return &Records{db} }

// Put is one statement, so it is atomic by itself.
func (s *Records) Put(ctx context.Context, r records.Record) (bool, error) {
	data := append([]byte{}, r.Data...) // never nil, which is NULL
	result, err := s.db.write.ExecContext(ctx, `
		INSERT INTO records (kind, id, ord, version, time, deleted, data) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, id) DO UPDATE SET
			ord = excluded.ord, version = excluded.version, time = excluded.time, deleted = excluded.deleted, data = excluded.data
		WHERE excluded.ord > ord`,
		r.Kind, r.ID, r.Order(), r.Version, nanos(r.Time), r.Deleted, data)
	if err != nil {
		return false, wrap("put record", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

const recordColumns = "kind, id, version, time, deleted, data"

// Get reads one record, tombstones included.
func (s *Records) Get(ctx context.Context, kind, id string) (records.Record, bool, error) {
	r, err := scanRecord(s.db.read.QueryRowContext(ctx, "SELECT "+recordColumns+" FROM records WHERE kind = ? AND id = ?", kind, id))
	if errors.Is(err, sql.ErrNoRows) {
		return records.Record{}, false, nil
	}
	return r, err == nil, wrap("get record", err)
}

// List pages by (time descending, id).
func (s *Records) List(ctx context.Context, kind, cursor string, limit int) ([]records.Record, string, error) {
	query, args := "SELECT "+recordColumns+" FROM records WHERE kind = ? AND deleted = 0", []any{kind}
	if cursor != "" {
		at, id, err := page.Parse(cursor)
		if err != nil {
			return nil, "", err
		}
		query, args = query+" AND (time < ? OR (time = ? AND id > ?))", append(args, nanos(at), nanos(at), id)
	}
	list, err := queryAll(ctx, s.db.read, scanRecord, query+" ORDER BY time DESC, id LIMIT ?", append(args, page.Limit(limit)+1)...)
	list, next := page.Cut(list, limit, records.Record.Cursor)
	return list, next, wrap("list records", err)
}

func scanRecord(row row) (r records.Record, err error) {
	var at int64
	err = row.Scan(&r.Kind, &r.ID, &r.Version, &at, &r.Deleted, &r.Data)
	r.Time = fromNanos(at)
	return r, err
}
