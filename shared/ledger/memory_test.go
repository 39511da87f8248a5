package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
)

func TestMemory(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) ledger.Store { return ledger.NewMemory(time.Now) })
}

func TestMemoryMarkSynced(t *testing.T) {
	ctx, store := t.Context(), ledger.NewMemory(time.Now)
	for _, id := range []string{"1", "2"} {
		if _, _, err := store.Post(ctx, "u1", []ledger.Entry{{ID: id, Amount: -5}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct{ push, want int64 }{{1, 1}, {2, 2}, {1, 2}} {
		if err := store.MarkSynced(ctx, "u1", step.push); err != nil {
			t.Fatal(err)
		}
		if a, err := store.Account(ctx, "u1"); err != nil || a.SyncedSeq != step.want || a.Balance != -10 || a.Seq != 2 {
			t.Errorf("after a push of seq %d: %+v, %v; want SyncedSeq %d", step.push, a, err, step.want)
		}
	}
	if err := store.MarkSynced(ctx, "nobody", 1); err != nil {
		t.Fatal(err)
	}
	if a, _ := store.Account(ctx, "nobody"); a.SyncedSeq != 0 {
		t.Errorf("a push made an account: %+v", a)
	}
}

func Example() {
	store := ledger.NewMemory(time.Now)
	usage := ledger.Entry{ID: "v1-of-the-event", Kind: ledger.Charge, Amount: -30 * ledger.Credit, Fingerprint: "u1 conversational_seconds 30"}

	for range 2 { // a queue delivers at least once
		account, outcomes, err := store.Post(context.Background(), "u1", []ledger.Entry{usage})
		fmt.Println(outcomes[0], account.Balance, account.Seq, err)
	}
	// Output:
	// recorded -30 1 <nil>
	// duplicate -30 1 <nil>
}
