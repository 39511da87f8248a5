package ledgertest

import (
	"slices"
	"strings"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/page/pagetest"
)

// accountsAreListed: every store is a ledger.Lister, too.
func accountsAreListed(d *desk) {
	lister, ok := d.store.(ledger.Lister)
	if !ok {
		d.Fatal("the store is no ledger.Lister")
	}
	var want []string
	for _, name := range []string{"a", "a ", "a/b", "A", "é", "suspense\x1fx\x1f", "b"} {
		want = append(want, d.name("%s", name))
		d.post(d.name("%s", name), d.charge("of "+name, 1))
	}
	slices.Sort(want)
	for _, limit := range []int{1, 5, 1000} {
		got, err := pagetest.All(limit, func(cursor string, limit int) ([]string, string, error) {
			return lister.Accounts(d.Context(), cursor, limit)
		})
		if err != nil {
			d.Fatal(err)
		}
		got = slices.DeleteFunc(got, func(name string) bool { return !strings.HasPrefix(name, d.run) })
		slices.Sort(got)
		if !slices.Equal(got, want) {
			d.Errorf("pages of %d give %q, want %q", limit, got, want)
		}
	}
}

func checkFindsNothing(d *desk) {
	account := d.name("a")
	d.fill(account, 12)
	for name, want := range map[string]int64{account: 12, d.name("unknown"): 0} {
		if n, err := ledger.Check(d.Context(), d.store, name, ledger.Sleep); n != want || err != nil {
			d.Errorf("account %q: %d entries, %v; want %d", name, n, err, want)
		}
	}
}
