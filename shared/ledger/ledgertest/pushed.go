package ledgertest

import (
	"github.com/webhook-functions/template/shared/ledger"
)

// pushedIsRemembered: every store keeps ledger.LimitMarks, too.
func pushedIsRemembered(d *desk) {
	account, missing := d.name("a"), d.name("missing")
	marks, ok := d.store.(ledger.LimitMarks)
	if !ok {
		d.Fatal("the store keeps no ledger.LimitMarks")
	}
	mark := func(account string, push, want int64) {
		d.Helper()
		if err := marks.MarkPushed(d.Context(), account, push); err != nil {
			d.Fatal(err)
		}
		if a, err := marks.Account(d.Context(), account); err != nil || a.PushedSeq != want {
			d.Errorf("account %q: %+v (%v), want %d pushed", account, a, err, want)
		}
	}
	d.post(account, d.charge("1", 5))
	mark(account, 1, 1)
	d.post(account, d.charge("2", 5))
	for _, step := range []struct{ push, want int64 }{{0, 1}, {1, 1}, {2, 2}, {1, 2}, {2, 2}} {
		mark(account, step.push, step.want)
	}
	d.balance(account, -10, 2)
	mark(missing, 1, 0)
	d.balance(missing, 0, 0)
	d.post(missing, d.charge("3", 5))
	mark(missing, 0, 0)
}
