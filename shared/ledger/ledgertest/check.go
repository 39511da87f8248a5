package ledgertest

import (
	"context"
	"math/big"

	"github.com/webhook-functions/template/shared/ledger"
)

// Reporter is what CheckLedger needs of a test: *testing.T, *testing.B and
// *rapid.T have it.
type Reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// CheckLedger fails the test unless, for each account, the balance is the sum of
// its entries and seq their number. Nothing may be posted to the accounts meanwhile:
// the state and the statement are two reads.
func CheckLedger(t Reporter, store ledger.Store, accounts ...string) {
	t.Helper()
	for _, account := range accounts {
		state, err := store.Account(context.Background(), account)
		if err != nil {
			t.Errorf("account %q: %v", account, err)
			continue
		}
		entries, err := statement(store, account, 100)
		if err != nil {
			t.Errorf("account %q: %v", account, err)
			continue
		}
		checkLedger(t, state, entries)
	}
}

func checkLedger(t Reporter, state ledger.Account, entries []ledger.Entry) {
	t.Helper()
	sum, seen := new(big.Int), map[string]bool{}
	for i, e := range entries {
		if e.Account != state.ID {
			t.Errorf("account %q: entry %q belongs to account %q", state.ID, e.ID, e.Account)
		}
		if seen[e.ID] {
			t.Errorf("account %q: entry %q is listed twice", state.ID, e.ID)
		}
		if i > 0 && e.Time.Before(entries[i-1].Time) {
			t.Errorf("account %q: entry %q is listed after a later one", state.ID, e.ID)
		}
		if e.Kind == ledger.Suppressed && e.Amount != 0 {
			t.Errorf("account %q: entry %q is suppressed with amount %s", state.ID, e.ID, e.Amount)
		}
		seen[e.ID] = true
		sum.Add(sum, big.NewInt(int64(e.Amount)))
	}
	if sum.Cmp(big.NewInt(int64(state.Balance))) != 0 {
		t.Errorf("account %q: balance is %d micro-credits, its %d entries add up to %s", state.ID, state.Balance, len(entries), sum)
	}
	if state.Seq != int64(len(entries)) {
		t.Errorf("account %q: seq is %d, it has %d entries", state.ID, state.Seq, len(entries))
	}
}
