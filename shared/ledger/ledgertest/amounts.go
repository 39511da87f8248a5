package ledgertest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/webhook-functions/template/shared/ledger"
)

// bounds: an amount or a balance beyond them is refused as a whole, and nothing is
// written. Full is an account at the end of its balances.
func bounds(d *desk) {
	const most, bound = ledger.MaxAmount, ledger.MaxBalance
	for _, row := range []struct {
		name   string
		posted []ledger.Micro
	}{
		{"an amount above the bound", []ledger.Micro{most + 1}},
		{"an amount below it", []ledger.Micro{-most - 1}},
		{"the end of 64 bits", []ledger.Micro{math.MaxInt64}},
		{"the other end", []ledger.Micro{math.MinInt64}},
		{"the sum comes round to zero", []ledger.Micro{math.MaxInt64, math.MaxInt64, 2}},
		{"a good entry before", []ledger.Micro{1, most + 1}},
		{"a good entry after", []ledger.Micro{-most - 1, 1}},
	} {
		d.Run(row.name, func(t *testing.T) {
			d := newDesk(t, d.store)
			d.mustOverflow(row.posted)
			d.balance(d.name("a"), 0, 0)
			d.post(d.name("a"), d.amount("most", 0, most), d.amount("least", 0, -most))
		})
	}
	for name, sign := range map[string]ledger.Micro{"up": 1, "down": -1} {
		d.Run("a full account, "+name, func(t *testing.T) {
			d := newDesk(t, d.store)
			seq := d.fillUp(sign)
			d.mustOverflow([]ledger.Micro{sign * most})
			d.mustOverflow([]ledger.Micro{sign, sign * most})
			d.mustOverflow([]ledger.Micro{-sign, sign * most})
			d.balance(d.name("a"), sign*bound, seq)
			d.check(d.name("a"))
			d.post(d.name("a"), d.amount("full", 0, sign*most)) // a duplicate adds nothing
			d.post(d.name("a"), d.amount("back", 0, -sign*most), d.amount("and forth", 0, sign*most))
			d.balance(d.name("a"), sign*bound, seq+2)
		})
	}
}

// fillUp books an account to the bound and gives the number of its entries.
func (d *desk) fillUp(sign ledger.Micro) int64 {
	d.Helper()
	var entries []ledger.Entry
	for left := ledger.MaxBalance; left > 0; left -= ledger.MaxAmount {
		entries = append(entries, d.amount("full", len(entries), sign*min(left, ledger.MaxAmount)))
	}
	for page := range slices.Chunk(entries, 30) {
		d.post(d.name("a"), page...)
	}
	return int64(len(entries))
}

func (d *desk) amount(id string, i int, amount ledger.Micro) ledger.Entry {
	e := d.charge(fmt.Sprint(id, i), 0)
	e.Kind, e.Amount = ledger.Adjust, amount
	return e
}

// mustOverflow posts the amounts together, then each entry to another account:
// one that had been written would conflict there.
func (d *desk) mustOverflow(amounts []ledger.Micro) {
	d.Helper()
	var entries []ledger.Entry
	for i, amount := range amounts {
		entries = append(entries, d.amount(fmt.Sprint("posted", amounts), i, amount))
	}
	_, err := d.store.Post(d.Context(), d.name("a"), entries)
	if !errors.Is(err, ledger.ErrOverflow) {
		d.Fatalf("account %q: amounts %v gave error %v, want %v", d.name("a"), amounts, err, ledger.ErrOverflow)
	}
	for _, e := range entries {
		e.Amount = 0
		d.expect(d.name("other"), []ledger.Entry{e}, ledger.Recorded)
	}
}

func smallAmounts(d *desk) {
	account := d.name("a")
	for batch := range 40 {
		var entries []ledger.Entry
		for i := range 25 {
			entries = append(entries, d.charge(fmt.Sprintf("%d.%d", batch, i), 1))
		}
		if _, err := d.store.Post(d.Context(), account, entries); err != nil {
			d.Fatalf("account %q: %v", account, err)
		}
	}
	d.check(account)
	d.balance(account, -1000, 1000)

	for i := range 10 {
		d.post(d.name("tenths"), d.charge(fmt.Sprintf("tenth %d", i), ledger.Credit/10))
	}
	d.balance(d.name("tenths"), -ledger.Credit, 10)
}
