package sim

import (
	"context"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// file is the ledger and the records of a laptop. It tells of each write what a reader
// finds changed after it.
type file struct {
	*ledger.Memory
	kept     *records.Memory
	entries  map[string]ledger.Entry // told, by id
	onCommit func([]stored.Change)
}

func newFile() *file {
	return &file{Memory: ledger.NewMemory(time.Now), kept: records.NewMemory(), entries: map[string]ledger.Entry{}}
}

func (f *file) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	outcomes, err := f.Memory.Post(ctx, account, entries)
	f.tell(ctx, account)
	return outcomes, err
}

func (f *file) MarkPushed(ctx context.Context, account string, seq int64) error {
	err := f.Memory.MarkPushed(ctx, account, seq)
	f.tell(ctx, account)
	return err
}

// tell compares the statement of an account with what was told before.
func (f *file) tell(ctx context.Context, account string) {
	var changes []stored.Change
	list, _, _ := f.Statement(ctx, account, "", 1000) // the memory has no errors
	for _, e := range list {
		old, known := f.entries[e.ID]
		if known && old == e {
			continue
		}
		f.entries[e.ID] = e
		c := stored.Change{Table: "entries", Key: e.ID, New: stored.Item{"account": e.Account, "amount": int64(e.Amount)}}
		if known {
			c.Old = stored.Item{"account": old.Account, "amount": int64(old.Amount)}
		}
		changes = append(changes, c)
	}
	a, _ := f.Account(ctx, account)
	if a.Seq > 0 || len(list) > 0 {
		changes = append(changes, stored.Change{Table: "accounts", Key: account,
			New: stored.Item{"account": account, "balance": int64(a.Balance), "seq": a.Seq, "synced_seq": a.PushedSeq}})
	}
	f.onCommit(changes)
}

// records gives the records of the file.
func (f *file) records() records.Store { return fileRecords{f.kept, f} }

type fileRecords struct {
	*records.Memory
	file *file
}

func (r fileRecords) Put(ctx context.Context, record records.Record) (bool, error) {
	put, err := r.Memory.Put(ctx, record)
	if put {
		item := stored.Item{"version": record.Version, "data": record.Data}
		if !record.Deleted {
			item["kind"] = record.Kind
		}
		r.file.onCommit([]stored.Change{{Table: "records", Key: record.Kind + "\x00" + record.ID, New: item}})
	}
	return put, err
}
