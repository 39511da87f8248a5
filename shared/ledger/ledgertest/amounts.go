package ledgertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/webhook-functions/template/shared/ledger"
)

// balanceBound: an account at the bound goes back, but no further, alone or with
// other entries. The model tests the bound of an amount.
func balanceBound(d *desk) {
	const most, bound = ledger.MaxAmount, ledger.MaxBalance
	for name, sign := range map[string]ledger.Micro{"up": 1, "down": -1} {
		d.Run(name, func(t *testing.T) {
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

// fillUp takes an account to the bound and gives the number of its entries.
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
	if err != ledger.ErrOverflow { // itself: its text becomes the reason of a dead letter
		d.Fatalf("account %q: amounts %v gave error %v, want %v", d.name("a"), amounts, err, ledger.ErrOverflow)
	}
	for _, e := range entries {
		e.Amount = 0
		d.expect(d.name("other"), []ledger.Entry{e}, ledger.Recorded)
	}
}
