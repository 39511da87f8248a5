package ledger

import (
	"context"
	"fmt"
	"math/big"
)

// Entries gives every entry of an account to each, oldest first.
func Entries(ctx context.Context, store Store, account string, each func(Entry)) error {
	for cursor := ""; ; {
		entries, next, err := store.Statement(ctx, account, cursor, 500)
		if err != nil {
			return err
		}
		for _, e := range entries {
			each(e)
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}

// Imbalance says that an account is not what its entries say: a hand in the
// store, or a backup that holds part of a write. Entries are the truth.
type Imbalance struct {
	Balance Micro
	Seq     int64
	Sum     *big.Int // of the entries, in micro-credits
	Entries int64
}

// Error shows the numbers in micro-credits.
func (i *Imbalance) Error() string {
	return fmt.Sprintf("balance %d after %d, but %d entries add up to %s micro-credits", i.Balance, i.Seq, i.Entries, i.Sum)
}

// checks is how often an account is looked at that does not rest, or whose
// statement is a moment behind.
const checks = 5

// Check compares an account with its entries and gives their number. It fails
// with an [Imbalance] if they differ although nothing was booked meanwhile.
func Check(ctx context.Context, store Store, account string) (entries int64, err error) {
	for range checks {
		var before, after Account
		if before, err = store.Account(ctx, account); err != nil {
			return 0, err
		}
		found := &Imbalance{Balance: before.Balance, Seq: before.Seq, Sum: new(big.Int)}
		err = Entries(ctx, store, account, func(e Entry) {
			found.Entries++
			found.Sum.Add(found.Sum, big.NewInt(int64(e.Amount)))
		})
		if err != nil {
			return 0, err
		}
		entries = found.Entries
		if entries == before.Seq && found.Sum.IsInt64() && found.Sum.Int64() == int64(before.Balance) {
			return entries, nil
		}
		if after, err = store.Account(ctx, account); err != nil {
			return 0, err
		}
		if err = found; after.Seq != before.Seq {
			err = fmt.Errorf("account never rested during %d checks", checks)
		}
	}
	return entries, err
}
