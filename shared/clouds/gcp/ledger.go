package gcp

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/webhook"
)

const (
	// contentions is how often a commit that met another one is tried.
	contentions = 8
	// contentionBackoff is the longest wait after the first of them; it doubles.
	contentionBackoff = 25 * time.Millisecond
)

// Ledger is a ledger.Store and a ledger.LimitMarks in one Firestore database. Its collections:
//
//	entries   <id>          an entry, also its idempotency record
//	accounts  <name>        account, balance, seq, synced_seq
//	twins     <twin>        version: how often an anchor was added
//	twins     <twin>~<hex>  an anchor: when an unsuppressed entry of this twin was received
//
// Amounts are micro-credits and times Unix nanoseconds, both as integers.
//
// Post is one commit and reads nothing: it creates the entry and increments the
// account, which never conflicts with other increments. An event costs two
// writes. Only what the commit is refused for is looked at: an entry that exists,
// an account that does not. Events without an id and amounts above [blindMost] are
// looked at first. A database of an older release has a collection "fences", too,
// which nothing reads (docs/decisions/0012-bounds.md).
type Ledger struct{ database }

var (
	_ ledger.Store      = (*Ledger)(nil)
	_ ledger.LimitMarks = (*Ledger)(nil)
	_ ledger.Lister     = (*Ledger)(nil)
)

// Ledger gives the ledger in a database.
func (c *Client) Ledger(database string) *Ledger { return &Ledger{c.database(database)} }

// Post plans a commit, tries it, and plans anew with what a refusal made it look
// at. An entry that our own first try wrote, whose answer was lost, comes out as
// a duplicate: it is there and means the same.
func (l *Ledger) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	if !utf8.ValidString(account) { // JSON would merge it with another account
		return nil, webhook.Permanent("account name is not UTF-8")
	}
	if err := ledger.CheckAmounts(entries); err != nil {
		return nil, err
	}
	p := &posting{account: account, entries: entries}
	look := p.needsALook()
	for try := 1; ; try++ {
		if look {
			if err := l.look(ctx, p); err != nil {
				return nil, fmt.Errorf("post to ledger: %w", err)
			}
		}
		plan, err := l.plan(p)
		if err != nil {
			return nil, err
		}
		if len(plan.created) == 0 {
			return plan.outcomes, nil
		}
		if err = l.commit(ctx, plan.writes); err == nil {
			return plan.outcomes, nil
		}
		if !stale(err) && !contended(err) || try == contentions {
			return nil, l.refused(err, len(entries))
		}
		if look || contended(err) { // somebody else was faster: not again at the same moment
			_ = l.client.pause(ctx, try, contentionBackoff)
		}
		look = look || stale(err)
	}
}

// refused calls an entry that Firestore can never store permanent, but not its
// neighbours: together they come back, and the worker then posts them alone.
func (l *Ledger) refused(err error, entries int) error {
	if invalid(err) && entries == 1 {
		return webhook.Permanent("the ledger's database cannot hold the entry")
	}
	return fmt.Errorf("post to ledger: %w", err)
}

// Account is one strongly consistent read.
func (l *Ledger) Account(ctx context.Context, account string) (ledger.Account, error) {
	found, err := l.get(ctx, l.accountName(account))
	if err != nil {
		return ledger.Account{}, fmt.Errorf("read account: %w", err)
	}
	state, err := readAccount(account, found[l.accountName(account)])
	if err != nil {
		return ledger.Account{}, fmt.Errorf("read account: %w", err)
	}
	return state, nil
}

// MarkPushed notes that the balance as of seq was pushed to the platform. It
// never goes back: an older push that reports late changes nothing. It is tried
// again when it meets a charge: the account is the document that charges are
// written to, and without the mark its limit is pushed again.
func (l *Ledger) MarkPushed(ctx context.Context, account string, seq int64) error {
	mark := []write{{
		Update:     &document{Name: l.accountName(account), Fields: fields{"account": text(account)}},
		Mask:       &mask{[]string{"account"}},
		Transforms: []transform{{Field: "synced_seq", Maximum: new(number(seq))}},
		If:         present,
	}}
	for try := 1; ; try++ {
		err := l.commit(ctx, mark)
		switch {
		case err == nil || refusedAs(err, "NOT_FOUND"): // no such account: nothing was pushed for it
			return nil
		case !contended(err) || try == contentions || l.client.pause(ctx, try, contentionBackoff) != nil:
			return fmt.Errorf("mark as pushed: %w", err)
		}
	}
}

// Statement needs the index (account, time).
func (l *Ledger) Statement(ctx context.Context, account, after string, limit int) ([]ledger.Entry, string, error) {
	limit = max(limit, 1)
	q := query{
		From:    []collection{{"entries"}},
		Where:   where("account", "EQUAL", text(account)),
		OrderBy: by("time", "ASCENDING"),
		Limit:   limit + 1,
	}
	if after != "" {
		at, id, err := parseCursor(after)
		if err != nil {
			return nil, "", err
		}
		q.StartAt = &cursor{Values: []value{at, reference(l.entryName(id))}}
	}
	documents, err := l.query(ctx, q)
	if err != nil {
		return nil, "", fmt.Errorf("read statement: %w", err)
	}
	entries := make([]ledger.Entry, len(documents))
	for i, d := range documents {
		if entries[i], err = readEntry(d.Fields); err != nil {
			return nil, "", fmt.Errorf("read statement: %w", err)
		}
	}
	if len(entries) <= limit {
		return entries, "", nil
	}
	last := entries[limit-1]
	return entries[:limit], formatCursor(last.Time, last.ID), nil
}

// Accounts lists them by the names of their documents.
func (l *Ledger) Accounts(ctx context.Context, after string, limit int) ([]string, string, error) {
	limit = max(limit, 1)
	q := query{From: []collection{{"accounts"}}, OrderBy: []order{{field{"__name__"}, "ASCENDING"}}, Limit: limit + 1}
	if after != "" {
		q.StartAt = &cursor{Values: []value{reference(l.accountName(after))}}
	}
	documents, err := l.query(ctx, q)
	if err != nil {
		return nil, "", fmt.Errorf("list accounts: %w", err)
	}
	names := make([]string, len(documents))
	for i, d := range documents {
		names[i] = d.Fields.text("account")
	}
	if len(names) <= limit {
		return names, "", nil
	}
	return names[:limit], names[limit-1], nil
}

func (l *Ledger) entryName(id string) string { return l.name("entries", documentID(id)) }

func (l *Ledger) accountName(account string) string { return l.name("accounts", documentID(account)) }

func (l *Ledger) guardName(twin string) string { return l.name("twins", documentID(twin)) }

func (l *Ledger) anchorName(twin string, at int64) string {
	return l.guardName(twin) + "~" + sortable(at)
}
