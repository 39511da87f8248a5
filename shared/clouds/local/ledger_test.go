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

func TestLedger(t *testing.T) {
	db := newDB(t)
	ledgertest.Run(t, func(*testing.T) ledger.Store { return db.Ledger() })
}

// turns sends each call to the next of several stores on one file: several processes.
type turns struct {
	stores []*local.Ledger
	calls  atomic.Int64
}

func (s *turns) next() *local.Ledger { return s.stores[int(s.calls.Add(1))%len(s.stores)] }

func (s *turns) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	return s.next().Post(ctx, account, entries)
}

func (s *turns) Account(ctx context.Context, account string) (ledger.Account, error) {
	return s.next().Account(ctx, account)
}

func (s *turns) Statement(ctx context.Context, account, cursor string, limit int) ([]ledger.Entry, string, error) {
	return s.next().Statement(ctx, account, cursor, limit)
}

func (s *turns) MarkPushed(ctx context.Context, account string, seq int64) error {
	return s.next().MarkPushed(ctx, account, seq)
}

func (s *turns) Accounts(ctx context.Context, cursor string, limit int) ([]string, string, error) {
	return s.next().Accounts(ctx, cursor, limit)
}

func TestLedger_twoProcesses(t *testing.T) {
	path := newPath(t)
	store := &turns{stores: []*local.Ledger{open(t, path, time.Now).Ledger(), open(t, path, time.Now).Ledger()}}
	ledgertest.Run(t, func(*testing.T) ledger.Store { return store })
}

func TestRecords(t *testing.T) {
	db := newDB(t)
	recordstest.Run(t, func(*testing.T) records.Store { return db.Records() })
}
