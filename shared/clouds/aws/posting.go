package aws

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/webhook"
)

// Post plans the writes, tries them, and plans anew with what a refusal says: an
// entry exists already, the dedup index changed. One transaction carries at most
// 99 entries with an id, 33 without.
func (l *Ledger) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	if !utf8.ValidString(account) { // JSON would merge it with another account
		return nil, webhook.Permanent("account name is not UTF-8")
	}
	found := ledger.Found{Entries: map[string]ledger.Entry{}}
	for try := 1; ; {
		versions, err := l.readDedup(ctx, entries, &found)
		if err != nil {
			return nil, wrap("post to ledger", err)
		}
		decision, err := ledger.Plan(account, entries, found, l.client.now())
		if err != nil || len(decision.Entries) == 0 {
			return decision.Outcomes, err
		}
		err = l.commit(ctx, l.writes(account, decision, versions))
		if err == nil {
			return decision.Outcomes, nil
		}
		existing, cause := classify(err, decision.Entries)
		maps.Copy(found.Entries, existing)
		switch cause {
		case existingEntries:
			continue
		case contended:
			if try == contentions || l.client.pause(ctx, try, contentionBackoff) != nil {
				return nil, wrap("post to ledger", err)
			}
			try++
		case overflow:
			return nil, ledger.ErrOverflow
		default:
			return nil, refused(err, len(entries))
		}
	}
}

// refused calls an entry that DynamoDB can never store permanent, but not its
// neighbours: together they come back, and the worker then posts them alone.
func refused(err error, entries int) error {
	if invalid(err) && entries == 1 {
		return webhook.Permanent("the ledger's table cannot hold the entry")
	}
	return wrap("post to ledger", err)
}

func (l *Ledger) commit(ctx context.Context, writes []write) error {
	if len(writes) > maxWrites {
		return errors.New("too many entries for one transaction")
	}
	var nothing struct{}
	return l.client.call(ctx, dynamoDB, "DynamoDB_20120810.TransactWriteItems", transaction{writes, rand.Text()}, &nothing)
}

// writes lists the entries first, then the account, then the dedup index:
// classify relies on that order. The balance is not read; the condition on it
// lets an account pass that does not exist, for 99 amounts stay within the bounds.
func (l *Ledger) writes(account string, d ledger.Decision, versions map[string]int64) (writes []write) {
	for _, e := range d.Entries {
		absent := condition{Expression: "attribute_not_exists(pk)", OnFailure: oldItem}
		writes = append(writes, write{Put: &put{l.table, writeEntry(e), absent}})
	}
	least, most := d.BalanceRange()
	fits := condition{Expression: "attribute_not_exists(pk) OR (balance >= :least AND balance <= :most)", Values: item{
		":sum": number(d.Sum), ":entries": number(int64(len(d.Entries))), ":least": number(least), ":most": number(most),
	}}
	writes = append(writes, write{Update: &update{l.table, accountKey(account), "ADD balance :sum, seq :entries", fits}})
	for _, key := range slices.Sorted(maps.Keys(d.Dedup)) {
		writes = append(writes, l.dedupWrites(key, versions[key], d.Dedup[key])...)
	}
	return writes
}

// cause is why a transaction was refused.
type cause int

const (
	final           cause = iota // no other try can help, or the error is not about the plan
	existingEntries              // some entries exist already: plan without them
	contended                    // another transaction was in the way: wait, then plan anew
	overflow                     // the balance would leave its bounds
)

// classify reads why the transaction that creates these entries was canceled, and
// which of them exist. Several reasons may come at once. An entry counts as
// existing only if it came back, and the balance as out of range only if nothing
// else was wrong: without a duplicate the sum is another.
func classify(err error, entries []ledger.Entry) (existing map[string]ledger.Entry, why cause) {
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Code != "TransactionCanceledException" || invalid(err) {
		return nil, final
	}
	existing = map[string]ledger.Entry{}
	for i, e := range entries {
		if i < len(refusal.canceled) && refusal.canceled[i].Code == conditionFailed && refusal.canceled[i].Item != nil {
			e.Account, e.Fingerprint = refusal.canceled[i].Item.text("account"), refusal.canceled[i].Item.text("fingerprint")
			existing[e.ID] = e
		}
	}
	failed := slices.DeleteFunc(slices.Clone(refusal.canceled), func(c cancellation) bool { return c.Code == "None" })
	switch at := len(entries); {
	case len(existing) > 0:
		return existing, existingEntries
	case len(failed) == 1 && at < len(refusal.canceled) && refusal.canceled[at].Code == conditionFailed:
		return existing, overflow
	}
	return existing, contended
}

const conditionFailed = "ConditionalCheckFailed"
