package ledgertest

import (
	"github.com/webhook-functions/template/shared/ledger"
)

// pushedIsRemembered: every store is a ledger.LimitMarks, too.
func pushedIsRemembered(d *desk) {
	account, nobody := d.name("a"), d.name("nobody")
	syncer, ok := d.store.(ledger.LimitMarks)
	if !ok {
		d.Fatal("the store is no ledger.LimitMarks")
	}
	d.post(account, d.charge("1", 5))
	d.post(account, d.charge("2", 5))
	synced := func(want int64) {
		d.Helper()
		a, err := syncer.Account(d.Context(), account)
		if err != nil || a.PushedSeq != want || a.Balance != -10 || a.Seq != 2 {
			d.Errorf("account %q: %+v (%v), want synced_seq %d and the rest as it was", account, a, err, want)
		}
	}
	synced(0)
	for _, step := range []struct{ push, want int64 }{{1, 1}, {2, 2}, {1, 2}, {2, 2}} {
		if err := syncer.MarkPushed(d.Context(), account, step.push); err != nil {
			d.Fatal(err)
		}
		synced(step.want)
	}
	if err := syncer.MarkPushed(d.Context(), nobody, 1); err != nil {
		d.Errorf("an account that does not exist: %v", err)
	}
	d.balance(nobody, 0, 0)
	unmarked := func() {
		d.Helper()
		if a, err := syncer.Account(d.Context(), nobody); err != nil || a.PushedSeq != 0 {
			d.Errorf("account %q: %+v (%v), although nothing of it was pushed", nobody, a, err)
		}
	}
	unmarked()
	d.post(nobody, d.charge("3", 5))
	unmarked()
}
