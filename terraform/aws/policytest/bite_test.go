package policytest

import (
	"reflect"
	"testing"
)

// An assertion that this system passes would pass anything: it breaks them all.
func TestAssertionsBite(t *testing.T) {
	bad := rotten()
	for _, assertions := range [][]assertion{always, asItComes, withOptions} {
		for _, a := range assertions {
			if reflect.DeepEqual(a.got(bad), a.want) {
				t.Errorf("%s: holds for a system in which nothing is right", a.name)
			}
		}
	}
}

// rotten is what years of hasty edits would make of it.
func rotten() system {
	s := newSystem()
	open := []statement{{Effect: "Allow", Principal: "*", Actions: []string{"sqs:*"}, Resources: []string{"*"}}}
	for _, name := range []string{"events", "outbound", "dead-letters", "leftovers"} {
		s.Queues[name] = queue{MaxSize: "1024", Retention: "60", Visibility: "30", RedriveTo: "arn:aws:sqs:eu-west-1:111122223333:demo-leftovers", MaxReceives: "1", Policy: open}
	}
	for _, name := range []string{"ledger", "records", "leftovers"} {
		s.Tables[name] = table{Billing: "PROVISIONED", PointInTime: "false", TTL: "expires", Keys: keys{Hash: "id"}, Attributes: map[string]string{"time": "S"}}
	}
	environment := map[string]string{
		"EVENTS_QUEUE_URL": "demo-leftovers", "OUTBOUND_QUEUE_URL": "demo-leftovers", "LEDGER_TABLE": "demo-leftovers",
		"WEBHOOK_SECRET": "hunter2", "GABBER_API_KEY": "hunter2", "MAX_BODY_BYTES": "6000000", "TARIFF": "free", "IDLESS_WINDOW": "forever",
	}
	for _, name := range []string{"ingest", "worker", "leftovers"} {
		s.Functions[name] = function{
			Role: "AdminRole", Runtime: "go1.x", Handler: "main", Timeout: "15", Ceiling: "1", Environment: environment, Log: logging{Format: "Text"},
		}
		s.URLs[name] = functionURL{Auth: "AWS_IAM", Mode: "RESPONSE_STREAM"}
		s.Mappings[name] = mapping{Source: "demo-leftovers", BatchSize: "10000", Concurrency: "1"}
	}
	careless := s.Functions["leftovers"]
	careless.Environment = map[string]string{"GABBER_API_URL": "http://gabber.example", "TARIFF": "dear", "LEDGER_TABLE": "demo-records"}
	s.Functions["outbound"], s.Mappings["outbound"] = careless, mapping{Source: "demo-events", BatchSize: "1", Concurrency: "1"}
	for _, action := range []string{"lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:GetFunction"} {
		s.Permissions[action] = permission{Function: "worker", Principal: "*"}
	}
	grants := []statement{{Effect: "Allow", Actions: []string{
		"*", "dynamodb:Query", "dynamodb:Scan", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:GetItem", "kms:Decrypt", "logs:PutLogEvents",
		"secretsmanager:GetSecretValue", "sqs:ReceiveMessage", "sqs:SendMessage",
	}, Resources: []string{"*"}}}
	for _, name := range []string{"IngestRole", "OutboundRole", "WorkerRole", "AdminRole"} {
		s.Roles[name] = role{Trust: []statement{{Effect: "Allow", Principal: "*"}}, Policies: map[string][]statement{"admin": grants}}
	}
	s.Alarms["CFG"] = alarm{Description: "Page: alarm", Namespace: "demo", Metric: "Codes", Dimensions: map[string]string{"code": "SEC"}, Period: "3600"}
	s.Alarms["SIG"] = alarm{Description: "Ticket: alarm", Statistic: "Average", Threshold: "4000", Period: "86400", Periods: "5"}
	s.Subscriptions["alarms"] = "email nobody@example.com"
	return s
}
