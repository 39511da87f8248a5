package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
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

// Post books entry by entry inside one transaction; an error undoes them all.
func (l *Ledger) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	if err := ledger.CheckAmounts(entries); err != nil {
		return nil, err
	}
	p := posting{ctx: ctx, now: l.db.now()}
	outcomes := make([]ledger.Outcome, len(entries))
	err := l.db.update(ctx, func(tx *sql.Tx) (err error) {
		if p.account, err = readAccount(ctx, tx, account); err != nil {
			return err
		}
		p.tx = tx
		before := p.account.Seq
		for i, e := range entries {
			if outcomes[i], err = p.post(e); err != nil {
				return err
			}
		}
		if p.account.Seq == before {
			return nil
		}
		return p.writeAccount()
	})
	if errors.Is(err, ledger.ErrOverflow) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("post to ledger: %w", err)
	}
	return outcomes, nil
}

// posting is one Post under way.
type posting struct {
	ctx     context.Context
	tx      *sql.Tx
	now     time.Time
	account ledger.Account
}

func (p *posting) post(e ledger.Entry) (ledger.Outcome, error) {
	if outcome, err := p.find(e); outcome != "" || err != nil {
		return outcome, err
	}
	suppress, err := p.hasTwin(e)
	if err != nil {
		return "", err
	}
	outcome := ledger.Recorded
	if suppress {
		outcome, e.Kind, e.Amount = ledger.WasSuppressed, ledger.Suppressed, 0
	}
	balance, ok := p.account.Balance.Add(e.Amount)
	if !ok {
		return "", ledger.ErrOverflow
	}
	p.account.Balance, p.account.Seq = balance, p.account.Seq+1
	return outcome, p.create(e)
}

// find says what a stored entry of the same ID makes of e, "" if there is none.
func (p *posting) find(e ledger.Entry) (ledger.Outcome, error) {
	var account, fingerprint string
	err := p.tx.QueryRowContext(p.ctx, "SELECT account, fingerprint FROM entries WHERE id = ?", e.ID).Scan(&account, &fingerprint)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err != nil:
		return "", err
	case account == p.account.ID && fingerprint == e.Fingerprint:
		return ledger.Duplicate, nil
	}
	return ledger.Conflict, nil
}

func (p *posting) hasTwin(e ledger.Entry) (found bool, err error) {
	if e.DedupKey == "" {
		return false, nil
	}
	err = p.tx.QueryRowContext(p.ctx, `SELECT EXISTS (
		SELECT 1 FROM entries WHERE twin = ? AND twin <> '' AND kind <> 'suppressed' AND abs(time - ?) <= ?)`,
		e.DedupKey, nanos(e.Time), int64(e.DedupWindow)).Scan(&found)
	return found, err
}

const entryColumns = "id, account, kind, amount, fingerprint, time, recorded, twin, twin_window, usage, value, source, note"

func (p *posting) create(e ledger.Entry) error {
	_, err := p.tx.ExecContext(p.ctx, "INSERT INTO entries ("+entryColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		e.ID, p.account.ID, string(e.Kind), int64(e.Amount), e.Fingerprint, nanos(e.Time), nanos(p.now),
		e.DedupKey, int64(e.DedupWindow), e.Usage, e.Value, e.Source, e.Note)
	return err
}

func (p *posting) writeAccount() error {
	_, err := p.tx.ExecContext(p.ctx, `INSERT INTO accounts (id, balance, seq) VALUES (?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET balance = excluded.balance, seq = excluded.seq`,
		p.account.ID, int64(p.account.Balance), p.account.Seq)
	return err
}

// Account reads the newest committed state.
func (l *Ledger) Account(ctx context.Context, account string) (ledger.Account, error) {
	a, err := readAccount(ctx, l.db.read, account)
	if err != nil {
		return ledger.Account{}, fmt.Errorf("read account: %w", err)
	}
	return a, nil
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readAccount(ctx context.Context, q queryer, account string) (ledger.Account, error) {
	a := ledger.Account{ID: account}
	err := q.QueryRowContext(ctx, "SELECT balance, seq, synced_seq FROM accounts WHERE id = ?", account).
		Scan(&a.Balance, &a.Seq, &a.PushedSeq)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return ledger.Account{}, err
	}
	return a, nil
}

// MarkPushed notes that the balance as of seq was pushed to the platform. It
// never goes back: an older push that reports late changes nothing.
func (l *Ledger) MarkPushed(ctx context.Context, account string, seq int64) error {
	_, err := l.db.write.ExecContext(ctx, "UPDATE accounts SET synced_seq = ?2 WHERE id = ?1 AND synced_seq < ?2", account, seq)
	if err != nil {
		return fmt.Errorf("mark as pushed: %w", err)
	}
	return nil
}

// Statement pages by (time, id), so that entries posted meanwhile neither
// repeat nor hide one.
func (l *Ledger) Statement(ctx context.Context, account, cursor string, limit int) ([]ledger.Entry, string, error) {
	query, args := "SELECT "+entryColumns+" FROM entries WHERE account = ?", []any{account}
	if cursor != "" {
		at, id, err := parseCursor(cursor)
		if err != nil {
			return nil, "", err
		}
		query, args = query+" AND (time, id) > (?, ?)", append(args, at, id)
	}
	limit = max(limit, 1)
	rows, err := l.db.read.QueryContext(ctx, query+" ORDER BY time, id LIMIT ?", append(args, limit+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("read statement: %w", err)
	}
	entries, err := scanAll(rows, scanEntry)
	if err != nil {
		return nil, "", fmt.Errorf("read statement: %w", err)
	}
	if len(entries) <= limit {
		return entries, "", nil
	}
	last := entries[limit-1]
	return entries[:limit], formatCursor(last.Time, last.ID), nil
}

// Accounts lists them by name.
func (l *Ledger) Accounts(ctx context.Context, cursor string, limit int) ([]string, string, error) {
	limit = max(limit, 1)
	rows, err := l.db.read.QueryContext(ctx, "SELECT id FROM accounts WHERE id > ?1 OR ?1 = '' ORDER BY id LIMIT ?2", cursor, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list accounts: %w", err)
	}
	names, err := scanAll(rows, scanName)
	if err != nil {
		return nil, "", fmt.Errorf("list accounts: %w", err)
	}
	if len(names) <= limit {
		return names, "", nil
	}
	return names[:limit], names[limit-1], nil
}

func scanName(rows *sql.Rows) (name string, err error) {
	err = rows.Scan(&name)
	return name, err
}

func scanEntry(rows *sql.Rows) (e ledger.Entry, err error) {
	var at, recorded int64
	err = rows.Scan(&e.ID, &e.Account, &e.Kind, &e.Amount, &e.Fingerprint, &at, &recorded,
		&e.DedupKey, &e.DedupWindow, &e.Usage, &e.Value, &e.Source, &e.Note)
	e.Time, e.Recorded = fromNanos(at), fromNanos(recorded)
	return e, err
}

// scanAll reads and closes rows.
func scanAll[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) (all []T, err error) {
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

// A cursor is the (time, id) of the last row given out.
func formatCursor(at time.Time, id string) string { return fmt.Sprintf("%d %s", nanos(at), id) }

func parseCursor(cursor string) (at int64, id string, err error) {
	number, id, ok := strings.Cut(cursor, " ")
	at, err = strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return 0, "", errors.New("cursor is not one of this store")
	}
	return at, id, nil
}
