package local_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/records/recordstest"
)

func TestLedger(t *testing.T) {
	db := newDB(t)
	ledgertest.Run(t, func(*testing.T) ledger.Store { return db.Ledger() })
}

// turns sends each call to the next of several stores on one file, as several
// processes would.
type turns struct {
	stores []ledger.Store
	calls  atomic.Int64
}

func (s *turns) next() ledger.Store { return s.stores[int(s.calls.Add(1))%len(s.stores)] }

func (s *turns) Post(ctx context.Context, account string, entries []ledger.Entry) (ledger.Account, []ledger.Outcome, error) {
	return s.next().Post(ctx, account, entries)
}

func (s *turns) Account(ctx context.Context, account string) (ledger.Account, error) {
	return s.next().Account(ctx, account)
}

func (s *turns) Statement(ctx context.Context, account, cursor string, limit int) ([]ledger.Entry, string, error) {
	return s.next().Statement(ctx, account, cursor, limit)
}

func TestLedgerInTwoProcesses(t *testing.T) {
	path := newPath(t)
	store := &turns{stores: []ledger.Store{open(t, path, time.Now).Ledger(), open(t, path, time.Now).Ledger()}}
	ledgertest.Run(t, func(*testing.T) ledger.Store { return store })
}

func TestLedgerMarkSynced(t *testing.T) {
	ctx, store := t.Context(), newDB(t).Ledger()
	for _, id := range []string{"1", "2"} {
		if _, _, err := store.Post(ctx, "u1", []ledger.Entry{{ID: id, Amount: -5, Time: time.Now()}}); err != nil {
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
	if a, _, err := store.Post(ctx, "u1", []ledger.Entry{{ID: "3", Amount: -5, Time: time.Now()}}); err != nil || a.SyncedSeq != 2 {
		t.Errorf("after another entry: %+v, %v; want SyncedSeq 2 still", a, err)
	}
}

func TestRecords(t *testing.T) {
	db := newDB(t)
	recordstest.Run(t, func(*testing.T) records.Store { return db.Records() })
}

func BenchmarkPost(b *testing.B) {
	store := newDB(b).Ledger()
	for i := 0; b.Loop(); i++ {
		entry := ledger.Entry{ID: event(i).ID, Kind: ledger.Charge, Amount: -30, Fingerprint: "f", Time: event(i).Time}
		if _, _, err := store.Post(b.Context(), "u1", []ledger.Entry{entry}); err != nil {
			b.Fatal(err)
		}
	}
}
