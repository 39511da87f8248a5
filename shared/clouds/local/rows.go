package local

import (
	"context"
	"database/sql"
)

// queryer is a pool or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row is one of several, or the only one.
type row interface{ Scan(...any) error }

// queryAll reads every row.
func queryAll[T any](ctx context.Context, q queryer, scan func(row) (T, error), query string, args ...any) (all []T, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// scanOne reads a row of one column.
func scanOne[T any](r row) (one T, err error) {
	err = r.Scan(&one)
	return one, err
}
