package gcp

import (
	"context"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/page"
)

const (
	// contentions is how often a commit that met another one is tried.
	contentions = 8
	// contentionBackoff is the longest wait after the first of them; it doubles.
	contentionBackoff = 25 * time.Millisecond
)

// Ledger is a ledger.Store and ledger.LimitMarks in one Firestore database. Its collections:
//
//	entries   <id>               an entry, also its idempotency record
//	accounts  <name>             account, balance, seq, synced_seq
//	twins     <dedup key>        version of the dedup index: how often a time was added
//	twins     <dedup key>~<hex>  dedup index: when an unsuppressed entry of this key was received
//
// Amounts are micro-credits and times Unix nanoseconds, both as integers.
//
// Post is one commit and reads nothing: it creates the entry and increments the
// account, which never conflicts with other increments. An event costs two
// writes. Only what the commit is refused for is read: an entry that exists,
// an account that does not. Events without an id and amounts above [blindMost] are
// read first.
type Ledger struct{ database }

var (
	_ ledger.Store      = (*Ledger)(nil)
	_ ledger.LimitMarks = (*Ledger)(nil)
	_ ledger.Lister     = (*Ledger)(nil)
)

// Ledger gives the ledger in a database.
func (c *Client) Ledger(database string) *Ledger { return &Ledger{c.database(database)} }

// Account is one strongly consistent read.
func (l *Ledger) Account(ctx context.Context, account string) (ledger.Account, error) {
	found, err := l.get(ctx, l.accountName(account))
	if err != nil {
		return ledger.Account{}, wrap("read account", err)
	}
	state, err := readAccount(account, found[l.accountName(account)])
	return state, wrap("read account", err)
}

// MarkPushed is tried again when it meets a charge: charges are written to the
// same document, and without the mark its limit is pushed again.
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
		case refusedAs(err, "NOT_FOUND"): // no such account: nothing was pushed for it
			return nil
		case !contended(err) || try == contentions || l.client.pause(ctx, try, contentionBackoff) != nil:
			return wrap("mark as pushed", err)
		}
	}
}

// Statement needs the index (account, time).
func (l *Ledger) Statement(ctx context.Context, account, after string, limit int) ([]ledger.Entry, string, error) {
	q := query{
		From:    []collection{{"entries"}},
		Where:   where("account", "EQUAL", text(account)),
		OrderBy: by("time", "ASCENDING"),
		Limit:   page.Limit(limit) + 1,
	}
	if after != "" {
		at, id, err := page.Parse(after)
		if err != nil {
			return nil, "", err
		}
		q.StartAt = &cursor{Values: []value{moment(at), reference(l.entryName(id))}}
	}
	entries, err := queryAll(ctx, l.database, q, readEntry)
	entries, next := page.Cut(entries, limit, ledger.Entry.Cursor)
	return entries, next, wrap("read statement", err)
}

// Accounts lists them by the names of their documents.
func (l *Ledger) Accounts(ctx context.Context, after string, limit int) ([]string, string, error) {
	q := query{From: []collection{{"accounts"}}, OrderBy: []order{{field{"__name__"}, "ASCENDING"}}, Limit: page.Limit(limit) + 1}
	if after != "" {
		q.StartAt = &cursor{Values: []value{reference(l.accountName(after))}}
	}
	names, err := queryAll(ctx, l.database, q, func(d *document) (string, error) { return d.Fields.text("account"), nil })
	names, next := page.Cut(names, limit, page.Name)
	return names, next, wrap("list accounts", err)
}

func (l *Ledger) entryName(id string) string { return l.name("entries", documentID(id)) }

func (l *Ledger) accountName(account string) string { return l.name("accounts", documentID(account)) }

func (l *Ledger) versionName(dedupKey string) string { return l.name("twins", documentID(dedupKey)) }

func (l *Ledger) timeName(dedupKey string, at int64) string {
	return l.versionName(dedupKey) + "~" + sortable(at)
}
