package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/webhook-functions/template/shared/page"
)

// Entries gives every entry of an account to each, oldest first.
func Entries(ctx context.Context, store Store, account string, each func(Entry)) error {
	return page.Each(
		func(cursor string) ([]Entry, string, error) { return store.Statement(ctx, account, cursor, 500) },
		func(e Entry) error { each(e); return nil })
}

// Mismatch says that an account is not what its entries say: after an edit in the
// store, or of a backup that holds part of a write. Entries are the truth.
type Mismatch struct {
	Balance Micro
	Seq     int64
	Sum     *big.Int // of the entries, in micro-credits
	Entries int64
}

// Error shows the numbers in micro-credits.
func (i *Mismatch) Error() string {
	return fmt.Sprintf("balance %d after %d, but %d entries add up to %s micro-credits", i.Balance, i.Seq, i.Entries, i.Sum)
}

// ErrStillChanging: entries were posted to an account at every look.
var ErrStillChanging = errors.New("the account is still changing")

// looks are the waits before the looks at an account that changes or seems wrong: a
// statement may be a moment behind, on DynamoDB seconds.
var looks = []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// Check compares an account with its entries and gives their number. It fails
// with a [Mismatch] if they go on differing although nothing is posted, and
// with [ErrStillChanging] if it cannot tell. wait waits, unless ctx ends first.
func Check(ctx context.Context, store Store, account string, wait func(context.Context, time.Duration) error) (entries int64, err error) {
	for _, pause := range looks {
		if pause > 0 {
			if err := wait(ctx, pause); err != nil {
				return entries, err
			}
		}
		entries, err = look(ctx, store, account)
		if _, wrong := errors.AsType[*Mismatch](err); !wrong && !errors.Is(err, ErrStillChanging) {
			return entries, err
		}
	}
	return entries, err
}

// Sleep is the wait of a program that has the time: it waits, unless ctx ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// look reads the account, its entries and, if they differ, the account again.
func look(ctx context.Context, store Store, account string) (int64, error) {
	before, err := store.Account(ctx, account)
	if err != nil {
		return 0, err
	}
	found := &Mismatch{Balance: before.Balance, Seq: before.Seq, Sum: new(big.Int)}
	err = Entries(ctx, store, account, func(e Entry) {
		found.Entries++
		found.Sum.Add(found.Sum, big.NewInt(int64(e.Amount)))
	})
	if err != nil || found.balances() {
		return found.Entries, err
	}
	after, err := store.Account(ctx, account)
	switch {
	case err != nil:
		return found.Entries, err
	case after.Seq != before.Seq:
		return found.Entries, ErrStillChanging
	}
	return found.Entries, found
}

func (i *Mismatch) balances() bool {
	return i.Entries == i.Seq && i.Sum.Cmp(big.NewInt(int64(i.Balance))) == 0
}
