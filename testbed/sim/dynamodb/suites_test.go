package dynamodb_test

import (
	"testing"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/records/recordstest"
)

// The production client passes over the simulation what it passes over DynamoDB Local.
func TestDatabase_suites(t *testing.T) {
	t.Parallel()
	for name, contend := range map[string]bool{"one request at a time": false, "requests meet": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			w.contend = contend
			client := w.client(t)
			t.Run("ledger", func(t *testing.T) {
				ledgertest.Run(t, func(t *testing.T) ledger.Store { return client.Ledger(t.Name()) })
			})
			t.Run("records", func(t *testing.T) {
				store := client.Records("records")
				recordstest.Run(t, func(*testing.T) records.Store { return store })
			})
			if contend == (w.conflicts == 0) {
				t.Errorf("%d transactions met another request", w.conflicts)
			}
		})
	}
}
