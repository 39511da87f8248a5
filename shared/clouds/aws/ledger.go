package aws

import (
	"context"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/page"
)

const (
	// contentions is how often a transaction that met another one is tried.
	contentions = 6
	// contentionBackoff is the longest wait after the first of them; it doubles.
	contentionBackoff = 25 * time.Millisecond
	// maxWrites is DynamoDB's limit for one transaction.
	maxWrites = 100
)

// Ledger is a ledger.Store in one DynamoDB table with keys pk and sk:
//
//	entry          pk "entry#<id>"        sk "entry"       an entry, also its idempotency record
//	account        pk "account#<name>"    sk "account"     balance, seq, synced_seq
//	dedup index    pk "twin#<dedup key>"  sk "time#<hex>"  when an unsuppressed entry of this key was received
//	dedup version  pk "twin#<dedup key>"  sk "guard"       version: how often a time was added
//
// Amounts are micro-credits and times Unix nanoseconds, both as numbers. The
// index account-time (account, time) holds the entries, for statements.
//
// Post is one TransactWriteItems and reads nothing: n entries cost 2(n+1) write
// units, and the index its own. Only for events without an id is something read.
type Ledger struct {
	client *Client
	table  string
}

var (
	_ ledger.Store      = (*Ledger)(nil)
	_ ledger.LimitMarks = (*Ledger)(nil)
	_ ledger.Lister     = (*Ledger)(nil)
)

// Ledger gives the ledger in a table.
func (c *Client) Ledger(table string) *Ledger { return &Ledger{c, table} }

// Account is one strongly consistent read.
func (l *Ledger) Account(ctx context.Context, account string) (ledger.Account, error) {
	a := ledger.Account{ID: account}
	stored, err := l.client.get(ctx, l.table, accountKey(account))
	if err == nil {
		err = stored.numbers(map[string]*int64{"balance": (*int64)(&a.Balance), "seq": &a.Seq, "synced_seq": &a.PushedSeq})
	}
	return a, wrap("read account", err)
}

// MarkPushed is one conditional write. A seq that was overtaken, or an account
// that does not exist, fails the condition, and that is as good as done.
func (l *Ledger) MarkPushed(ctx context.Context, account string, seq int64) error {
	const newer = "attribute_exists(pk) AND (attribute_not_exists(synced_seq) OR synced_seq < :seq)"
	var nothing struct{}
	err := l.client.call(ctx, dynamoDB, "DynamoDB_20120810.UpdateItem", update{
		l.table, accountKey(account), "SET synced_seq = :seq", condition{Expression: newer, Values: item{":seq": number(seq)}},
	}, &nothing)
	if refusedAs(err, "ConditionalCheckFailedException") {
		return nil
	}
	return wrap("mark as pushed", err)
}

// Statement reads the index, which is up to date a moment after Post. Entries of
// the same nanosecond come in DynamoDB's order.
func (l *Ledger) Statement(ctx context.Context, account, cursor string, limit int) ([]ledger.Entry, string, error) {
	q := query{
		Table: l.table, Index: "account-time", Limit: page.Limit(limit) + 1, Forward: true,
		Condition: "#account = :account",
		Names:     map[string]string{"#account": "account"},
		Values:    item{":account": text(account)},
	}
	if cursor != "" {
		at, id, err := page.Parse(cursor)
		if err != nil {
			return nil, "", err
		}
		q.After = entryKey(id)
		q.After["account"], q.After["time"] = text(account), moment(at)
	}
	entries, err := queryAll(ctx, l.client, q, readEntry)
	entries, next := page.Cut(entries, limit, ledger.Entry.Cursor)
	return entries, next, wrap("read statement", err)
}

// Accounts reads the whole table, entries as well: it is for operators, and the
// worker's role does not allow it.
func (l *Ledger) Accounts(ctx context.Context, cursor string, limit int) ([]string, string, error) {
	s := scan{Table: l.table, Filter: "sk = :account", Values: item{":account": text("account")}, Consistent: true}
	if cursor != "" {
		s.After = accountKey(cursor)
	}
	items, err := l.client.scan(ctx, s, page.Limit(limit)+1)
	names := make([]string, len(items))
	for i, stored := range items {
		names[i] = strings.TrimPrefix(stored.text("pk"), "account#")
	}
	names, next := page.Cut(names, limit, page.Name)
	return names, next, wrap("list accounts", err)
}

func accountKey(account string) item { return key("account#"+account, "account") }

func entryKey(id string) item { return key("entry#"+id, "entry") }

func versionKey(dedupKey string) item { return key("twin#"+dedupKey, "guard") }
