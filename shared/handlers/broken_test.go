package handlers_test

import (
	"context"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/records"
)

// brokenRecords and brokenLedger are stores that are down.
type brokenRecords struct{ err error }

func (b brokenRecords) Put(context.Context, records.Record) (bool, error) { return false, b.err }
func (b brokenRecords) Get(context.Context, string, string) (records.Record, bool, error) {
	return records.Record{}, false, b.err
}
func (b brokenRecords) List(context.Context, string, string, int) ([]records.Record, string, error) {
	return nil, "", b.err
}

type brokenLedger struct {
	ledger.Store
	err error
}

func (b brokenLedger) Post(context.Context, string, []ledger.Entry) (ledger.Account, []ledger.Outcome, error) {
	return ledger.Account{}, nil, b.err
}
