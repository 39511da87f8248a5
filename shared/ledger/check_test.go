package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

// wrong is a store that was edited.
type wrong struct {
	ledger.Store
	account func(ledger.Account) ledger.Account
	entries func([]ledger.Entry) []ledger.Entry
}

func (w wrong) Account(ctx context.Context, account string) (ledger.Account, error) {
	a, err := w.Store.Account(ctx, account)
	if w.account != nil {
		a = w.account(a)
	}
	return a, err
}

func (w wrong) Statement(ctx context.Context, account, cursor string, limit int) ([]ledger.Entry, string, error) {
	entries, next, err := w.Store.Statement(ctx, account, cursor, limit)
	if w.entries != nil {
		entries = w.entries(entries)
	}
	return entries, next, err
}

func TestCheck(t *testing.T) {
	late := 4 // looks before the statement is up to date
	changes := int64(0)
	const all = 15 * time.Second // of waiting before it is called wrong
	for _, row := range []struct {
		name     string
		account  func(ledger.Account) ledger.Account
		entries  func([]ledger.Entry) []ledger.Entry
		mismatch bool
		err      bool
		waits    time.Duration
	}{
		{"as it was posted", nil, nil, false, false, 0},
		{"a balance that was edited", func(a ledger.Account) ledger.Account { a.Balance++; return a }, nil, true, true, all},
		{"a seq that was edited", func(a ledger.Account) ledger.Account { a.Seq++; return a }, nil, true, true, all},
		{"an entry that is gone", nil, func(e []ledger.Entry) []ledger.Entry { return e[1:] }, true, true, all},
		{"an entry that was edited", nil, func(e []ledger.Entry) []ledger.Entry { e[0].Amount--; return e }, true, true, all},
		{"entries that add up to the balance and a whole turn of 64 bits", nil, func(e []ledger.Entry) []ledger.Entry {
			e[0].Amount, e[1].Amount = math.MaxInt64, math.MaxInt64
			return e
		}, true, true, all},
		{"a statement that is a moment behind", nil, func(e []ledger.Entry) []ledger.Entry {
			if late--; late >= 0 {
				return e[1:]
			}
			return e
		}, false, false, all},
		{"still changing", func(a ledger.Account) ledger.Account { changes++; a.Seq += changes; return a }, nil, false, true, all},
	} {
		t.Run(row.name, func(t *testing.T) {
			store := ledger.NewMemory(time.Now)
			entries := []ledger.Entry{{ID: "1", Amount: 5}, {ID: "2", Amount: -7}}
			if _, err := store.Post(t.Context(), "u1", entries); err != nil {
				t.Fatal(err)
			}
			var waited time.Duration
			n, err := ledger.Check(t.Context(), wrong{store, row.account, row.entries}, "u1", func(_ context.Context, d time.Duration) error {
				waited += d
				return nil
			})
			var found *ledger.Mismatch
			if errors.As(err, &found) != row.mismatch || (err != nil) != row.err || err == nil && n != 2 || waited != row.waits {
				t.Errorf("%d entries, %v, after %v", n, err, waited)
			}
			if row.err && !row.mismatch && !errors.Is(err, ledger.ErrStillChanging) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestCheck_endsWithItsContext(t *testing.T) {
	stopped := errors.New("stopped")
	store := wrong{ledger.NewMemory(time.Now), func(a ledger.Account) ledger.Account { a.Balance++; return a }, nil}
	if _, err := ledger.Check(t.Context(), store, "u1", func(context.Context, time.Duration) error { return stopped }); !errors.Is(err, stopped) {
		t.Errorf("error %v", err)
	}
}

func TestCheck_readsEveryPage(t *testing.T) {
	const many = 1001 // more than two pages hold
	store := ledger.NewMemory(time.Now)
	var entries []ledger.Entry
	for i := range many {
		entries = append(entries, ledger.Entry{ID: fmt.Sprint(i), Amount: 1})
	}
	if _, err := store.Post(t.Context(), "u1", entries); err != nil {
		t.Fatal(err)
	}
	if n, err := ledger.Check(t.Context(), store, "u1", func(context.Context, time.Duration) error { return nil }); n != many || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

func TestAccount_Valid(t *testing.T) {
	for _, row := range []struct {
		name    string
		account ledger.Account
		want    bool
	}{
		{"empty", ledger.Account{}, true},
		{"pushed as it is", ledger.Account{Balance: -5, Seq: 3, PushedSeq: 3}, true},
		{"never pushed", ledger.Account{Balance: 5, Seq: 3}, true},
		{"pushed before it was posted", ledger.Account{Balance: 5, Seq: 3, PushedSeq: 4}, false},
		{"a balance from nowhere", ledger.Account{Balance: 5}, false},
		{"fewer than no entries", ledger.Account{Balance: 5, Seq: -1}, false},
		{"as much as there can be", ledger.Account{Balance: -ledger.MaxBalance, Seq: 1}, true},
		{"more than there can be", ledger.Account{Balance: ledger.MaxBalance + 1, Seq: 1}, false},
		{"less than there can be", ledger.Account{Balance: -ledger.MaxBalance - 1, Seq: 1}, false},
		{"fewer than none pushed", ledger.Account{Seq: 1, PushedSeq: -1}, false},
	} {
		if row.account.Valid() != row.want {
			t.Errorf("%s: valid %t", row.name, !row.want)
		}
	}
}
