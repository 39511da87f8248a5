package aws

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/webhook"
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
//	entry    pk "entry#<id>"      sk "entry"       an entry, also its idempotency record
//	account  pk "account#<name>"  sk "account"     balance, seq, synced_seq
//	anchor   pk "twin#<twin>"     sk "time#<hex>"  when an unsuppressed entry of this twin was received
//	guard    pk "twin#<twin>"     sk "guard"       version: how often an anchor was added
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

// Post plans the writes, tries them, and plans anew with what a refusal taught:
// which entries exist already, that a twin arrived meanwhile. One transaction
// carries at most 99 entries with an id, 33 without.
func (l *Ledger) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	if !utf8.ValidString(account) { // JSON would merge it with another account
		return nil, webhook.Permanent("account name is not UTF-8")
	}
	if err := ledger.CheckAmounts(entries); err != nil {
		return nil, err
	}
	p := posting{account: account, entries: entries, found: make(map[string]identity)}
	for try := 1; ; {
		plan, err := l.plan(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("post to ledger: %w", err)
		}
		if len(plan.created) == 0 {
			return plan.outcomes, nil
		}
		err = l.commit(ctx, plan)
		if err == nil {
			return plan.outcomes, nil
		}
		switch plan.learn(err, p.found) {
		case planAnew:
			continue
		case contended:
			if try == contentions || l.client.pause(ctx, try, contentionBackoff) != nil {
				return nil, fmt.Errorf("post to ledger: %w", err)
			}
			try++
		case overflows:
			return nil, ledger.ErrOverflow
		default:
			return nil, l.refused(err, len(entries))
		}
	}
}

// refused calls an entry that DynamoDB can never store permanent, but not its
// neighbours: together they come back, and the worker then posts them alone.
func (l *Ledger) refused(err error, entries int) error {
	if invalid(err) && entries == 1 {
		return webhook.Permanent("the ledger's table cannot hold the entry")
	}
	return fmt.Errorf("post to ledger: %w", err)
}

func (l *Ledger) commit(ctx context.Context, p *plan) error {
	writes := p.writes(l.table, l.client.now())
	if len(writes) > maxWrites {
		return errors.New("too many entries for one transaction")
	}
	var nothing struct{}
	return l.client.call(ctx, dynamoDB, "DynamoDB_20120810.TransactWriteItems", transaction{writes, rand.Text()}, &nothing)
}

// Account is one strongly consistent read.
func (l *Ledger) Account(ctx context.Context, account string) (ledger.Account, error) {
	stored, err := l.client.get(ctx, l.table, accountKey(account))
	if err != nil {
		return ledger.Account{}, fmt.Errorf("read account: %w", err)
	}
	a := ledger.Account{ID: account}
	err = stored.numbers(map[string]*int64{"balance": (*int64)(&a.Balance), "seq": &a.Seq, "synced_seq": &a.PushedSeq})
	if err != nil {
		return ledger.Account{}, fmt.Errorf("read account: %w", err)
	}
	return a, nil
}

// MarkPushed is one conditional write. A seq that was overtaken, or an account
// that does not exist, fails the condition, and that is as good as done.
func (l *Ledger) MarkPushed(ctx context.Context, account string, seq int64) error {
	const newer = "attribute_exists(pk) AND (attribute_not_exists(synced_seq) OR synced_seq < :seq)"
	var nothing struct{}
	err := l.client.call(ctx, dynamoDB, "DynamoDB_20120810.UpdateItem", update{
		l.table, accountKey(account), "SET synced_seq = :seq", condition{Expression: newer, Values: item{":seq": number(seq)}},
	}, &nothing)
	if err != nil && !refusedAs(err, "ConditionalCheckFailedException") {
		return fmt.Errorf("mark as pushed: %w", err)
	}
	return nil
}

// Statement reads the index, which is up to date a moment after Post. Entries of
// the same nanosecond come in DynamoDB's order.
func (l *Ledger) Statement(ctx context.Context, account, cursor string, limit int) ([]ledger.Entry, string, error) {
	limit = max(limit, 1)
	q := query{
		Table: l.table, Index: "account-time", Limit: limit + 1, Forward: true,
		Condition: "#account = :account",
		Names:     map[string]string{"#account": "account"},
		Values:    item{":account": text(account)},
	}
	if cursor != "" {
		at, id, err := parseCursor(cursor)
		if err != nil {
			return nil, "", err
		}
		q.After = entryKey(id)
		q.After["account"], q.After["time"] = text(account), at
	}
	items, err := l.client.query(ctx, q)
	if err != nil {
		return nil, "", fmt.Errorf("read statement: %w", err)
	}
	entries := make([]ledger.Entry, len(items))
	for i, stored := range items {
		if entries[i], err = readEntry(stored); err != nil {
			return nil, "", fmt.Errorf("read statement: %w", err)
		}
	}
	if len(entries) <= limit {
		return entries, "", nil
	}
	last := entries[limit-1]
	return entries[:limit], formatCursor(last.Time, last.ID), nil
}

// Accounts reads the whole table, entries as well: it is for operators, and the
// worker's role does not allow it.
func (l *Ledger) Accounts(ctx context.Context, cursor string, limit int) ([]string, string, error) {
	limit = max(limit, 1)
	s := scan{Table: l.table, Filter: "sk = :account", Values: item{":account": text("account")}, Consistent: true}
	if cursor != "" {
		s.After = accountKey(cursor)
	}
	items, err := l.client.scan(ctx, s, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list accounts: %w", err)
	}
	names := make([]string, len(items))
	for i, stored := range items {
		names[i] = strings.TrimPrefix(stored.text("pk"), "account#")
	}
	if len(names) <= limit {
		return names, "", nil
	}
	return names[:limit], names[limit-1], nil
}

func accountKey(account string) item { return key("account#"+account, "account") }

func entryKey(id string) item { return key("entry#"+id, "entry") }
