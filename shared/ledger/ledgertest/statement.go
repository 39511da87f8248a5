package ledgertest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/page/pagetest"
)

// ids gives the entries' IDs in order of time; those of one moment sorted.
func ids(entries []ledger.Entry) (ids []string) {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b ledger.Entry) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.ID, b.ID))
	})
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}

// fill posts n entries out of order, three to each moment.
func (d *desk) fill(account string, n int) (entries []ledger.Entry) {
	for i := range n {
		e := d.charge(fmt.Sprintf("%02d", i), 1)
		e.Time = start.Add(time.Duration(i*7%n/3) * time.Nanosecond)
		entries = append(entries, e)
	}
	for batch := range slices.Chunk(entries, 10) {
		d.post(account, batch...)
	}
	return entries
}

func statementPages(d *desk) {
	const n = 23
	account := d.name("a")
	want := ids(d.fill(account, n))
	d.post(d.name("a "), d.charge("another account's", 1))
	for _, limit := range []int{1, 2, 7, n - 1, n, n + 1, 100} {
		all := d.statement(account, limit)
		if !slices.IsSortedFunc(all, func(a, b ledger.Entry) int { return a.Time.Compare(b.Time) }) {
			d.Errorf("account %q: pages of %d are not oldest first", account, limit)
		}
		if got := ids(all); !slices.Equal(got, want) {
			d.Errorf("account %q: pages of %d give %d entries\n%q, want %d\n%q", account, limit, len(got), got, len(want), want)
		}
	}
}

// statementWhileEntriesArrive posts older and newer entries between pages: the
// ones that were there before are each seen once, and none is seen twice.
func statementWhileEntriesArrive(d *desk) {
	account, pages := d.name("a"), 0
	before := ids(d.fill(account, 12))
	all, err := pagetest.All(5, func(cursor string, limit int) ([]ledger.Entry, string, error) {
		if pages++; cursor != "" && pages < 5 {
			older, newer := d.charge(fmt.Sprintf("older %d", pages), 1), d.charge(fmt.Sprintf("newer %d", pages), 1)
			older.Time, newer.Time = start.Add(-time.Hour), start.Add(time.Hour)
			d.post(account, older, newer)
		}
		return d.store.Statement(d.Context(), account, cursor, limit)
	})
	if err != nil {
		d.Fatalf("account %q: %v", account, err)
	}
	seen := ids(all)
	if len(slices.Compact(slices.Sorted(slices.Values(seen)))) != len(seen) {
		d.Errorf("account %q: an entry is on two pages: %q", account, seen)
	}
	for _, id := range before {
		if !slices.Contains(seen, id) {
			d.Errorf("account %q: entry %q got lost between pages", account, id)
		}
	}
}

func foreignCursor(d *desk) {
	d.fill(d.name("a"), 3)
	if _, _, err := d.store.Statement(d.Context(), d.name("a"), "not a cursor", 10); err == nil {
		d.Error("a cursor the store never gave out was accepted")
	}
}
