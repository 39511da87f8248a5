package local_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/records/recordstest"
)

// turns posts through two processes by turns and reads in one of them.
type turns struct {
	*local.Ledger
	other *local.Ledger
	posts atomic.Int64
}

func (s *turns) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	if s.posts.Add(1)%2 == 0 {
		return s.other.Post(ctx, account, entries)
	}
	return s.Ledger.Post(ctx, account, entries)
}

func TestLedger(t *testing.T) {
	path := newPath(t)
	store := &turns{Ledger: open(t, path, time.Now).Ledger(), other: open(t, path, time.Now).Ledger()}
	ledgertest.Run(t, func(*testing.T) ledger.Store { return store })
}

func TestRecords(t *testing.T) {
	db := newDB(t)
	recordstest.Run(t, func(*testing.T) records.Store { return db.Records() })
}
