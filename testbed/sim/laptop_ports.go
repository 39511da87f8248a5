package sim

import (
	"context"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// ask makes a call of the database file and waits for it. Without an error, carryOut was
// carried out.
func (l *laptopCloud) ask(ctx context.Context, operation string, carryOut func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := taskOf(ctx).process
	deadline, bounded := ctx.Deadline()
	a := l.w.do(ctx, &call{site: "laptop " + p.kind + ": " + operation, port: databaseFile, serve: func() answer {
		if p.dead.Load() || bounded && time.Now().After(deadline) {
			return answer{err: errRefused}
		}
		l.w.publisher = p.kind
		defer func() { l.w.publisher = "" }()
		return answer{status: 200, err: carryOut()}
	}})
	if a.err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return a.err
}

// askedQueue is a queue of the file.
type askedQueue struct {
	l    *laptopCloud
	name string
}

func (q askedQueue) Publish(ctx context.Context, e webhook.Event) error {
	return q.l.ask(ctx, "Publish", func() error {
		q.l.w.queueNamed(q.name).Send(e.Encode(), nil)
		return nil
	})
}

// askedLedger is the ledger of the file.
type askedLedger struct{ l *laptopCloud }

func (a askedLedger) Post(ctx context.Context, account string, entries []ledger.Entry) (outcomes []ledger.Outcome, err error) {
	err = a.l.ask(ctx, "Post", func() (err error) { outcomes, err = a.l.file.Post(ctx, account, entries); return err })
	if err != nil {
		return nil, err
	}
	return outcomes, nil
}

func (a askedLedger) Account(ctx context.Context, account string) (found ledger.Account, err error) {
	err = a.l.ask(ctx, "Account", func() (err error) { found, err = a.l.file.Account(ctx, account); return err })
	if err != nil {
		return ledger.Account{ID: account}, err
	}
	return found, nil
}

func (a askedLedger) MarkPushed(ctx context.Context, account string, seq int64) error {
	return a.l.ask(ctx, "MarkPushed", func() error { return a.l.file.MarkPushed(ctx, account, seq) })
}

func (a askedLedger) Statement(ctx context.Context, account, cursor string, limit int) (list []ledger.Entry, next string, err error) {
	err = a.l.ask(ctx, "Statement", func() (err error) { list, next, err = a.l.file.Statement(ctx, account, cursor, limit); return err })
	if err != nil {
		return nil, "", err
	}
	return list, next, nil
}

// askedRecords are the records of the file.
type askedRecords struct{ l *laptopCloud }

func (a askedRecords) Put(ctx context.Context, r records.Record) (put bool, err error) {
	err = a.l.ask(ctx, "Put", func() (err error) { put, err = a.l.file.records().Put(ctx, r); return err })
	return put && err == nil, err
}

func (a askedRecords) Get(ctx context.Context, kind, id string) (r records.Record, ok bool, err error) {
	err = a.l.ask(ctx, "Get", func() (err error) { r, ok, err = a.l.file.records().Get(ctx, kind, id); return err })
	if err != nil {
		return records.Record{}, false, err
	}
	return r, ok, nil
}

func (a askedRecords) List(ctx context.Context, kind, cursor string, limit int) (list []records.Record, next string, err error) {
	err = a.l.ask(ctx, "List", func() (err error) { list, next, err = a.l.file.records().List(ctx, kind, cursor, limit); return err })
	if err != nil {
		return nil, "", err
	}
	return list, next, nil
}
