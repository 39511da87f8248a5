package ledgertest

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/webhook-functions/template/shared/ledger"
)

func overflow(d *desk) {
	const most, least = math.MaxInt64, math.MinInt64
	for _, row := range []struct {
		name           string
		stored, posted []ledger.Micro
	}{
		{"one over the top", []ledger.Micro{most}, []ledger.Micro{1}},
		{"one under the bottom", []ledger.Micro{least}, []ledger.Micro{-1}},
		{"within one call", nil, []ledger.Micro{most, 1}},
		{"within one call, down", nil, []ledger.Micro{least, -1}},
		{"the sum comes round to zero", nil, []ledger.Micro{most, most, 2}},
		{"the sum fits, the balance does not", []ledger.Micro{most - 5}, []ledger.Micro{3, 3}},
		{"a good entry before", []ledger.Micro{most - 5}, []ledger.Micro{1, most}},
		{"a good entry after", []ledger.Micro{least + 5}, []ledger.Micro{least, -1}},
	} {
		d.Run(row.name, func(t *testing.T) {
			d := newDesk(t, d.store)
			var balance ledger.Micro
			for i, amount := range row.stored {
				d.post(d.name("a"), d.amount("stored", i, amount))
				balance += amount
			}
			d.mustOverflow(row.posted)
			d.balance(d.name("a"), balance, int64(len(row.stored)))
			d.check(d.name("a"))
		})
	}
	d.Run("up to the limit", func(t *testing.T) {
		d := newDesk(t, d.store)
		last := d.amount("last", 0, 5)
		d.post(d.name("a"), d.amount("first", 0, most-5))
		d.expect(d.name("a"), []ledger.Entry{last}, ledger.Recorded)
		d.balance(d.name("a"), most, 2)
		d.expect(d.name("a"), []ledger.Entry{last}, ledger.Duplicate) // adds nothing: no overflow
	})
	d.Run("there and back in one call", func(t *testing.T) { // may be refused, must never be half done
		d := newDesk(t, d.store)
		_, err := d.store.Post(d.Context(), d.name("a"), []ledger.Entry{
			d.amount("e", 0, most), d.amount("e", 1, 1), d.amount("e", 2, -1)})
		if errors.Is(err, ledger.ErrOverflow) {
			d.balance(d.name("a"), 0, 0)
		} else {
			d.balance(d.name("a"), most, 3)
		}
		d.check(d.name("a"))
	})
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
		entries = append(entries, d.amount("posted", i, amount))
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
