// Package ledgertest is the suite every [ledger.Store] passes.
//
//	func TestStore(t *testing.T) {
//		ledgertest.Run(t, func(t *testing.T) ledger.Store { return open(t) })
//	}
//
// Names are unique per run, so open may give the same store every time and
// the store may have held other tests' entries before. A run makes a few
// thousand calls.
//
// [CheckLedger] stands alone: a test can ask at any moment whether the ledger adds up.
package ledgertest

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/page/pagetest"
)

// Run puts a store through the suite.
func Run(t *testing.T, open func(t *testing.T) ledger.Store) {
	for _, test := range []struct {
		name string
		run  func(d *desk)
	}{
		{"an unknown account is empty", unknownAccount},
		{"an entry is kept whole", entryKeptWhole},
		{"an entry is posted once", postedOnce},
		{"a conflict writes nothing", conflicts},
		{"the write landed, the reply was lost", lostReply},
		{"a cancelled call", cancelledCall},
		{"a balance has a bound", balanceBound},
		{"accounts are byte for byte", byteForByte},
		{"the dedup index", dedupIndex},
		{"the dedup index on two accounts", dedupOnTwoAccounts},
		{"one event, fifty callers", oneEventFiftyCallers},
		{"fifty callers, one account", fiftyCallersOneAccount},
		{"fifty callers, fifty accounts", fiftyCallersFiftyAccounts},
		{"one content, fifty callers", fiftyOfOneContent},
		{"statement pages", statementPages},
		{"statement while entries arrive", statementWhileEntriesArrive},
		{"a foreign cursor is refused", foreignCursor},
		{"a naive model agrees", naiveModelAgrees},
		{"what was pushed is remembered", pushedIsRemembered},
		{"accounts are listed", accountsAreListed},
		{"a ledger that adds up is found right", checkFindsNothing},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(newDesk(t, open(t))) })
	}
}

// start is when the suite's events happen.
var start = time.Date(2025, 11, 3, 9, 0, 0, 123456789, time.UTC)

// desk is one test's place at a store: it gives out names that no other test uses
// and checks every account it touched after every step.
type desk struct {
	*testing.T
	store   ledger.Store
	run     string
	touched map[string]bool
}

func newDesk(t *testing.T, store ledger.Store) *desk {
	return &desk{T: t, store: store, run: rand.Text()[:10], touched: map[string]bool{}}
}

// name makes a name of this test's own.
func (d *desk) name(format string, args ...any) string {
	return d.run + "/" + fmt.Sprintf(format, args...)
}

// charge makes an entry that takes amount away.
func (d *desk) charge(id string, amount ledger.Micro) ledger.Entry {
	return ledger.Entry{
		ID: d.name("%s", id), Kind: ledger.Charge, Amount: -amount,
		Fingerprint: fmt.Sprintf("takes %s", amount), Time: start,
	}
}

// post must succeed; afterwards every account must add up.
func (d *desk) post(account string, entries ...ledger.Entry) []ledger.Outcome {
	d.Helper()
	outcomes, err := d.store.Post(d.Context(), account, entries)
	if err != nil {
		d.Fatalf("account %q: Post of %d entries: %v", account, len(entries), err)
	}
	if len(outcomes) != len(entries) {
		d.Fatalf("account %q: Post gave %d outcomes for %d entries", account, len(outcomes), len(entries))
	}
	d.check(account)
	return outcomes
}

// check checks the account and every account before it.
func (d *desk) check(account string) {
	d.Helper()
	d.touched[account] = true
	CheckLedger(d, d.store, slices.Sorted(maps.Keys(d.touched))...)
}

// expect posts and compares outcomes.
func (d *desk) expect(account string, entries []ledger.Entry, want ...ledger.Outcome) {
	d.Helper()
	got := d.post(account, entries...)
	if !slices.Equal(got, want) {
		d.Errorf("account %q: outcomes %v, want %v", account, got, want)
	}
}

// balance compares the account's state.
func (d *desk) balance(account string, balance ledger.Micro, seq int64) {
	d.Helper()
	a, err := d.store.Account(d.Context(), account)
	if err != nil {
		d.Fatalf("account %q: %v", account, err)
	}
	if a.ID != account || a.Balance != balance || a.Seq != seq {
		d.Errorf("account %q: read %q with balance %s and seq %d, want balance %s and seq %d",
			account, a.ID, a.Balance, a.Seq, balance, seq)
	}
}

// statement reads all pages, limit entries at a time.
func (d *desk) statement(account string, limit int) []ledger.Entry {
	d.Helper()
	all, err := statement(d.store, account, limit)
	if err != nil {
		d.Fatalf("account %q: %v", account, err)
	}
	return all
}

func statement(store ledger.Store, account string, limit int) ([]ledger.Entry, error) {
	return pagetest.All(limit, func(cursor string, limit int) ([]ledger.Entry, string, error) {
		return store.Statement(context.Background(), account, cursor, limit)
	})
}
