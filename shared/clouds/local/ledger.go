package local

import (
	"context"
	"database/sql"
	"errors"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/page"
)

// Ledger keeps credits in the file.
type Ledger struct{ db *DB }

var (
	_ ledger.Store      = (*Ledger)(nil)
	_ ledger.LimitMarks = (*Ledger)(nil)
	_ ledger.Lister     = (*Ledger)(nil)
)

// Ledger gives the file's ledger.
func (db *DB) Ledger() *Ledger { return &Ledger{db} }

// Post reads, decides and writes in one transaction.
func (l *Ledger) Post(ctx context.Context, account string, entries []ledger.Entry) (outcomes []ledger.Outcome, err error) {
	now := l.db.now()
	err = l.db.update(ctx, func(tx *sql.Tx) error {
		found, err := find(ctx, tx, account, entries)
		if err != nil {
			return err
		}
		decision, err := ledger.Plan(account, entries, found, now)
		if err != nil {
			return err
		}
		outcomes = decision.Outcomes
		return write(ctx, tx, decision.After(*found.Account), decision.Entries)
	})
	if errors.Is(err, ledger.ErrOverflow) {
		return nil, err
	}
	if err != nil {
		return nil, wrap("post to ledger", err)
	}
	return outcomes, nil
}

// find reads what a posting is about. The table of entries is the dedup index, too.
func find(ctx context.Context, tx *sql.Tx, account string, entries []ledger.Entry) (ledger.Found, error) {
	state, err := readAccount(ctx, tx, account)
	found := ledger.Found{Entries: map[string]ledger.Entry{}, Dedup: map[string][]int64{}, Account: &state}
	if err != nil {
		return found, err
	}
	for _, e := range entries {
		err := tx.QueryRowContext(ctx, "SELECT account, fingerprint FROM entries WHERE id = ?", e.ID).Scan(&e.Account, &e.Fingerprint)
		if err == nil {
			found.Entries[e.ID] = e
		} else if !errors.Is(err, sql.ErrNoRows) {
			return found, err
		}
	}
	for key, span := range ledger.DedupSpans(entries, found.Entries) {
		found.Dedup[key], err = queryAll(ctx, tx, scanOne[int64],
			"SELECT time FROM entries WHERE twin = ? AND twin <> '' AND kind <> 'suppressed' AND time BETWEEN ? AND ?", key, span.From, span.To)
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

const entryColumns = "id, account, kind, amount, fingerprint, time, recorded, twin, twin_window, usage, value, source, note"

func write(ctx context.Context, tx *sql.Tx, account ledger.Account, entries []ledger.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	for _, e := range entries {
		_, err := tx.ExecContext(ctx, "INSERT INTO entries ("+entryColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			e.ID, e.Account, string(e.Kind), int64(e.Amount), e.Fingerprint, nanos(e.Time), nanos(e.Recorded),
			e.DedupKey, int64(e.DedupWindow), e.Usage, e.Value, e.Source, e.Note)
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO accounts (id, balance, seq) VALUES (?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET balance = excluded.balance, seq = excluded.seq`,
		account.ID, int64(account.Balance), account.Seq)
	return err
}

// Account reads the newest committed state.
func (l *Ledger) Account(ctx context.Context, account string) (ledger.Account, error) {
	a, err := readAccount(ctx, l.db.read, account)
	return a, wrap("read account", err)
}

func readAccount(ctx context.Context, q queryer, account string) (ledger.Account, error) {
	a := ledger.Account{ID: account}
	err := q.QueryRowContext(ctx, "SELECT balance, seq, synced_seq FROM accounts WHERE id = ?", account).
		Scan(&a.Balance, &a.Seq, &a.PushedSeq)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return a, err
}

// MarkPushed never goes back.
func (l *Ledger) MarkPushed(ctx context.Context, account string, seq int64) error {
	_, err := l.db.write.ExecContext(ctx, "UPDATE accounts SET synced_seq = ?2 WHERE id = ?1 AND synced_seq < ?2", account, seq)
	return wrap("mark as pushed", err)
}

// Statement pages by (time, id), so that entries posted meanwhile neither
// repeat nor hide one.
func (l *Ledger) Statement(ctx context.Context, account, cursor string, limit int) ([]ledger.Entry, string, error) {
	query, args := "SELECT "+entryColumns+" FROM entries WHERE account = ?", []any{account}
	if cursor != "" {
		at, id, err := page.Parse(cursor)
		if err != nil {
			return nil, "", err
		}
		query, args = query+" AND (time, id) > (?, ?)", append(args, nanos(at), id)
	}
	entries, err := queryAll(ctx, l.db.read, scanEntry, query+" ORDER BY time, id LIMIT ?", append(args, page.Limit(limit)+1)...)
	entries, next := page.Cut(entries, limit, ledger.Entry.Cursor)
	return entries, next, wrap("read statement", err)
}

// Accounts lists them by name.
func (l *Ledger) Accounts(ctx context.Context, cursor string, limit int) ([]string, string, error) {
	names, err := queryAll(ctx, l.db.read, scanOne[string],
		"SELECT id FROM accounts WHERE id > ?1 OR ?1 = '' ORDER BY id LIMIT ?2", cursor, page.Limit(limit)+1)
	names, next := page.Cut(names, limit, page.Name)
	return names, next, wrap("list accounts", err)
}

func scanEntry(r row) (e ledger.Entry, err error) {
	var at, recorded int64
	err = r.Scan(&e.ID, &e.Account, &e.Kind, &e.Amount, &e.Fingerprint, &at, &recorded,
		&e.DedupKey, &e.DedupWindow, &e.Usage, &e.Value, &e.Source, &e.Note)
	e.Time, e.Recorded = fromNanos(at), fromNanos(recorded)
	return e, err
}
