package awslocal

import (
	"context"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

// Environment is what `sam local` sets for the functions, for one that is run
// without it: a reference of template.yaml becomes the logical id of what it
// refers to, and queues, tables and secrets are called so.
func Environment(endpoint string) []string {
	return []string{
		"AWS_SAM_LOCAL=true", "SAM_LOCAL_ENDPOINT=" + endpoint,
		"EVENTS_QUEUE_URL=EventsQueue", "OUTBOUND_QUEUE_URL=OutboundQueue", "DEAD_LETTERS_QUEUE_URL=DeadLettersQueue",
		"WEBHOOK_SECRET_ARN=WebhookSecret", "OUTBOUND_SECRET_ARN=OutboundSecret",
		"LEDGER_TABLE=LedgerTable", "RECORDS_TABLE=RecordsTable",
	}
}

// Operator is what hooks-aws must know of a stand-in, in the form NAME=value, as
// template.yaml's output of that name is of a deployment.
func Operator(endpoint string) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + endpoint, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local",
		"LEDGER_TABLE=LedgerTable", "RECORDS_TABLE=RecordsTable", "OUTBOUND_QUEUE_URL=OutboundQueue", "EVENTS_QUEUE_URL=EventsQueue", "ACCOUNT_PER_PROJECT=false",
	}
}

var (
	queues = []string{"EventsQueue", "OutboundQueue", "DeadLettersQueue"}
	tables = map[string]string{"LedgerTable": "account", "RecordsTable": "kind"} // by what the index lists
)

type fields = map[string]any

// create makes what template.yaml has.
func create(ctx context.Context, endpoint, webhookSecret string) error {
	for _, name := range queues {
		if err := Call(ctx, endpoint, "AmazonSQS.CreateQueue", fields{"QueueName": name}, nil); err != nil {
			return err
		}
	}
	for name, by := range tables {
		if err := Call(ctx, endpoint, "DynamoDB_20120810.CreateTable", Table(name, by), nil); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{"WebhookSecret": webhookSecret, "OutboundSecret": fakeapi.SecretJSON()} {
		if err := Call(ctx, endpoint, "secretsmanager.CreateSecret", fields{"Name": name, "SecretString": value}, nil); err != nil {
			return err
		}
	}
	return nil
}

// Table is the request for a table as template.yaml describes it: with the keys
// pk and sk and the index "<by>-time".
func Table(name, by string) any {
	keys := func(hash, sort string) []fields {
		return []fields{{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}}
	}
	return fields{
		"TableName":   name,
		"BillingMode": "PAY_PER_REQUEST",
		"KeySchema":   keys("pk", "sk"),
		"AttributeDefinitions": []fields{
			{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
			{"AttributeName": by, "AttributeType": "S"}, {"AttributeName": "time", "AttributeType": "N"},
		},
		"GlobalSecondaryIndexes": []fields{{
			"IndexName": by + "-time", "KeySchema": keys(by, "time"), "Projection": fields{"ProjectionType": "ALL"},
		}},
	}
}
