package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/operator/operatortest"
	"github.com/webhook-functions/template/testbed/aws/awstest"
	"github.com/webhook-functions/template/testbed/aws/sqstest"
)

func TestMain(m *testing.M) { operatortest.Main(m, main) }

func TestOpenAndOperate(t *testing.T) {
	dynamoDB, sqs := awstest.DynamoDB(t), sqstest.Start(t)
	queue := sqs.Queue(t, "outbound", nil)
	env := []string{"LEDGER_TABLE=" + dynamoDB.LedgerTable(t), "RECORDS_TABLE=" + dynamoDB.RecordsTable(t), "OUTBOUND_QUEUE_URL=" + queue, "EVENTS_QUEUE_URL=" + sqs.Queue(t, "events", nil), "ACCOUNT_PER_PROJECT=false",
		"AWS_ENDPOINT_URL_SQS=" + sqs.URL, "AWS_ENDPOINT_URL_DYNAMODB=" + dynamoDB.URL}
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		env = append(env, name+"="+dynamoDB.Env(name))
	}
	operatortest.Run(t, operatortest.Command(t, env...))
	if n := len(sqs.Take(t, queue)); n != operatortest.Bookings {
		t.Errorf("outbound is notified %d times, want once a booking", n)
	}
}

// The output operator sets every variable of a deployment.
func TestVariables(t *testing.T) {
	for _, file := range []string{"template.yaml", "terraform/aws/outputs.tf"} {
		text, err := os.ReadFile("../../" + file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a fork may keep one of them
		}
		_, output, _ := strings.Cut(string(text), "export ")
		_, err = config.Read[variables](func(name string) string {
			if strings.Contains(output, " "+name+"=${") {
				return "set"
			}
			return ""
		})
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
