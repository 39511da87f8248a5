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

func Example() {
	store := ledger.NewMemory(time.Now)
	usage := ledger.Entry{ID: "v1-of-the-event", Kind: ledger.Charge, Amount: -30 * ledger.Credit, Fingerprint: "u1 conversational_seconds 30"}

	for range 2 { // a queue delivers at least once
		outcomes, err := store.Post(context.Background(), "u1", []ledger.Entry{usage})
		fmt.Println(outcomes, err)
	}
	account, err := store.Account(context.Background(), "u1")
	fmt.Println(account.Balance, account.Seq, err)
	// Output:
	// [recorded] <nil>
	// [duplicate] <nil>
	// -30 1 <nil>
}
