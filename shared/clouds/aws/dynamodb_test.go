package aws_test

import (
	"testing"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/records/recordstest"
	"github.com/webhook-functions/template/testbed/aws/awstest"
)

func TestDynamoDB(t *testing.T) {
	server := awstest.DynamoDB(t)
	client, err := aws.FromEnv(server.Env)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("ledger", func(t *testing.T) {
		ledgertest.Run(t, func(t *testing.T) ledger.Store { return client.Ledger(server.LedgerTable(t)) })
	})
	t.Run("records", func(t *testing.T) {
		store := client.Records(server.RecordsTable(t))
		recordstest.Run(t, func(*testing.T) records.Store { return store })
	})
}
