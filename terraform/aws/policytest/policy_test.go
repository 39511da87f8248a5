package policytest

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

// assertion is one thing that must be so, in the template and in the plan.
type assertion struct {
	name string
	got  func(system) any
	want any
}

// always holds whatever options are chosen.
var always = []assertion{
	// Queues.
	{"there are three queues", func(s system) any { return names(s.Queues) }, "dead-letters,events,outbound"},
	{"events are kept for four days", func(s system) any { return s.Queues["events"].Retention }, "345600"},
	{"outbound is kept for four days", func(s system) any { return s.Queues["outbound"].Retention }, "345600"},
	{"dead letters are kept for 14 days, the longest there is", func(s system) any { return s.Queues["dead-letters"].Retention }, "1209600"},
	{"events are tried ten times", func(s system) any { return s.Queues["events"].MaxReceives }, "10"},
	{"outbound is tried ten times", func(s system) any { return s.Queues["outbound"].MaxReceives }, "10"},
	{"events then become dead letters", func(s system) any { return short(s.Queues["events"].RedriveTo) }, "dead-letters"},
	{"outbound then becomes dead letters", func(s system) any { return short(s.Queues["outbound"].RedriveTo) }, "dead-letters"},
	{"dead letters go nowhere by themselves", func(s system) any { return s.Queues["dead-letters"].RedriveTo }, ""},
	{"events stay hidden for six worker timeouts", func(s system) any {
		return number(s.Queues["events"].Visibility) >= 6*number(s.Functions["worker"].Timeout)
	}, true},
	{"outbound stays hidden for six timeouts of outbound", func(s system) any {
		timeout := number(s.Functions["outbound"].Timeout)
		return timeout > 0 && number(s.Queues["outbound"].Visibility) >= 6*timeout
	}, true},
	{"a call whose answer was lost has landed before it is made again", func(s system) any {
		return number(s.Queues["outbound"].Visibility)-number(s.Functions["outbound"].Timeout) >= 60
	}, true},
	{"events refuse plain HTTP", tlsOnly("events"), true},
	{"outbound refuses plain HTTP", tlsOnly("outbound"), true},
	{"dead letters refuse plain HTTP", tlsOnly("dead-letters"), true},
	{"no queue policy lets anybody in", func(s system) any { return s.queuePolicyEffects() }, "Deny"},
	{"every queue is encrypted", func(s system) any {
		return all(s.Queues, func(q queue) bool { return q.SQSKey == "true" || q.KMSKey != "" })
	}, true},
	{"a body at the cap fits into every queue", func(s system) any {
		body := number(s.Functions["ingest"].Environment["MAX_BODY_BYTES"])
		return body > 0 && all(s.Queues, func(q queue) bool { return (body+2)/3*4+8<<10 <= number(q.MaxSize) })
	}, true},

	// Storage.
	{"there are two tables", func(s system) any { return names(s.Tables) }, "ledger,records"},
	{"the ledger forgets nothing", func(s system) any { return s.Tables["ledger"].TTL }, ""},
	{"records forget nothing", func(s system) any { return s.Tables["records"].TTL }, ""},
	{"the ledger can be restored to any second", func(s system) any { return s.Tables["ledger"].PointInTime }, "true"},
	{"records can be restored to any second", func(s system) any { return s.Tables["records"].PointInTime }, "true"},
	{"tables are paid per request", func(s system) any {
		return all(s.Tables, func(t table) bool { return t.Billing == "PAY_PER_REQUEST" })
	}, true},
	{"tables have the keys that the code writes", func(s system) any {
		return all(s.Tables, func(t table) bool {
			return t.Keys == keys{Hash: "pk", Range: "sk"} && t.Attributes["pk"] == "S" && t.Attributes["sk"] == "S"
		})
	}, true},
	{"the ledger has statements by account and time", func(s system) any { return s.Tables["ledger"].Indexes },
		map[string]index{"account-time": {Keys: keys{Hash: "account", Range: "time"}, Projection: "ALL"}}},
	{"records have lists by kind and time", func(s system) any { return s.Tables["records"].Indexes },
		map[string]index{"kind-time": {Keys: keys{Hash: "kind", Range: "time"}, Projection: "ALL"}}},
	{"times are numbers", func(s system) any {
		return all(s.Tables, func(t table) bool { return t.Attributes["time"] == "N" })
	}, true},

	// Functions.
	{"there are three functions", func(s system) any { return names(s.Functions) }, "ingest,outbound,worker"},
	{"functions are built from their own source", func(s system) any {
		return s.Functions["ingest"].Code + "," + s.Functions["outbound"].Code + "," + s.Functions["worker"].Code
	}, "ingest,outbound,worker"},
	{"functions run on Amazon Linux 2023", func(s system) any {
		return all(s.Functions, func(f function) bool { return f.Runtime == "provided.al2023" && f.Handler == "bootstrap" })
	}, true},
	{"ingest outlives its own budget, and not by much", func(s system) any {
		timeout := time.Duration(number(s.Functions["ingest"].Timeout)) * time.Second
		return timeout > ingest.Budget && timeout <= 10*time.Second
	}, true},
	{"worker has 30 s for a batch", func(s system) any { return number(s.Functions["worker"].Timeout) >= 30 }, true},
	{"outbound has 30 s for a batch", func(s system) any { return number(s.Functions["outbound"].Timeout) >= 30 }, true},
	{"ingest knows its two queues and its secret", func(s system) any { return names(withoutSchemes(s.Functions["ingest"].Environment)) },
		"DEAD_LETTERS_QUEUE_URL,EVENTS_QUEUE_URL,MAX_BODY_BYTES,WEBHOOK_SECRET_ARN"},
	{"ingest sends to the right queues", func(s system) any {
		return short(s.Functions["ingest"].Environment["EVENTS_QUEUE_URL"]) + "," + short(s.Functions["ingest"].Environment["DEAD_LETTERS_QUEUE_URL"])
	}, "events,dead-letters"},
	{"worker knows its queues and tables, and its business rules", func(s system) any { return names(s.Functions["worker"].Environment) },
		"ACCOUNT_PER_PROJECT,ANONYMOUS_HUMANS,DEAD_LETTERS_QUEUE_URL,EXCLUDE_SIMULATED,GABBER_CREDIT,GABBER_LEDGER,IDLESS_WINDOW," +
			"LEADS_FORWARD_URL,LEDGER_TABLE,OUTBOUND_QUEUE_URL,RECORDS_TABLE,SPEAK_FAILURE,SPEAK_RESULT,TARIFF"},
	{"worker sends to the right queues", func(s system) any {
		return short(s.Functions["worker"].Environment["OUTBOUND_QUEUE_URL"]) + "," + short(s.Functions["worker"].Environment["DEAD_LETTERS_QUEUE_URL"])
	}, "outbound,dead-letters"},
	{"worker writes to the right tables", func(s system) any {
		return short(s.Functions["worker"].Environment["LEDGER_TABLE"]) + "," + short(s.Functions["worker"].Environment["RECORDS_TABLE"])
	}, "ledger,records"},
	{"worker understands its business rules", func(s system) any {
		_, err := handlers.SettingsFromEnv(func(name string) string { return s.Functions["worker"].Environment[name] })
		return err
	}, nil},
	{"outbound knows its queues, tables and secret, and whom to call", func(s system) any { return names(s.Functions["outbound"].Environment) },
		"DEAD_LETTERS_QUEUE_URL,END_EXHAUSTED_SESSIONS,GABBER_API_URL,LEADS_FORWARD_URL,LEDGER_TABLE,OUTBOUND_QUEUE_URL,OUTBOUND_SECRET_ARN,RECORDS_TABLE,TARIFF"},
	{"outbound sends to the right queues", func(s system) any {
		return short(s.Functions["outbound"].Environment["OUTBOUND_QUEUE_URL"]) + "," + short(s.Functions["outbound"].Environment["DEAD_LETTERS_QUEUE_URL"])
	}, "outbound,dead-letters"},
	{"outbound reads the right tables", func(s system) any {
		return short(s.Functions["outbound"].Environment["LEDGER_TABLE"]) + "," + short(s.Functions["outbound"].Environment["RECORDS_TABLE"])
	}, "ledger,records"},
	{"outbound understands its settings, once it has the keys", func(s system) any {
		_, err := calls.SettingsFromEnv(func(name string) string {
			if name == "LEADS_FORWARD_SECRET" {
				return fakeapi.LeadsSecret
			}
			return s.Functions["outbound"].Environment[name]
		})
		return err
	}, nil},
	{"outbound calls over TLS", func(s system) any {
		return strings.HasPrefix(s.Functions["outbound"].Environment["GABBER_API_URL"], "https://")
	}, true},
	{"worker and outbound have the same prices and the same idea of where leads go", func(s system) any {
		worker, outbound := s.Functions["worker"].Environment, s.Functions["outbound"].Environment
		return worker["TARIFF"] == outbound["TARIFF"] && worker["LEADS_FORWARD_URL"] == outbound["LEADS_FORWARD_URL"]
	}, true},
	{"the environment holds no secret, only where it is, and where only who needs it", func(s system) any { return s.settings("SECRET") },
		"ingest WEBHOOK_SECRET_ARN=webhook-AbCdEf,outbound OUTBOUND_SECRET_ARN=outbound-AbCdEf"},
	{"no API key is in an environment", func(s system) any { return s.settings("_KEY") }, ""},

	// The way in.
	{"only ingest has a URL", func(s system) any { return names(s.URLs) }, "ingest"},
	{"the URL is open and answers as a whole", func(s system) any { return s.URLs["ingest"] }, functionURL{Auth: "NONE", Mode: "BUFFERED"}},
	{"the URL may be called", func(s system) any { return s.Permissions["lambda:InvokeFunctionUrl"] },
		permission{Function: "ingest", Principal: "*", URLAuth: "NONE"}},
	{"ingest may be invoked through its URL, and only so, by a change that waits for the other", func(s system) any { return s.Permissions["lambda:InvokeFunction"] },
		permission{Function: "ingest", Principal: "*", ThroughURL: "true", After: "lambda:InvokeFunctionUrl"}},
	{"nobody has another permission on a function", func(s system) any { return names(s.Permissions) },
		"lambda:InvokeFunction,lambda:InvokeFunctionUrl"},
	{"every platform has its address in the outputs, and no other platform's", func(s system) any { return s.Routes }, routes()},

	// The way from queues to functions.
	{"worker and outbound are fed by a queue", func(s system) any { return names(s.Mappings) }, "outbound,worker"},
	{"outbound is fed with what worker asks for", func(s system) any { return short(s.Mappings["outbound"].Source) }, "outbound"},
	{"outbound names the messages that failed", func(s system) any { return s.Mappings["outbound"].Responses }, "ReportBatchItemFailures"},
	{"a batch of outbound has ten messages", func(s system) any { return s.Mappings["outbound"].BatchSize }, "10"},
	{"calls to platforms have a ceiling, and AWS takes it", func(s system) any {
		ceiling := number(s.Mappings["outbound"].Concurrency)
		return ceiling >= 2 && ceiling <= 1000
	}, true},
	{"the worker is fed with events", func(s system) any { return short(s.Mappings["worker"].Source) }, "events"},
	{"the worker names the messages that failed", func(s system) any { return s.Mappings["worker"].Responses }, "ReportBatchItemFailures"},
	{"a batch has ten messages", func(s system) any { return s.Mappings["worker"].BatchSize }, "10"},
	{"at least two batches run at once", func(s system) any { return number(s.Mappings["worker"].Concurrency) >= 2 }, true},

	// Who may do what.
	{"every function has its own role", func(s system) any {
		return s.Functions["ingest"].Role + "," + s.Functions["outbound"].Role + "," + s.Functions["worker"].Role + " of " + names(s.Roles)
	}, "IngestRole,OutboundRole,WorkerRole of IngestRole,OutboundRole,WorkerRole"},
	{"only Lambda takes the roles", func(s system) any {
		return all(s.Roles, func(r role) bool {
			return len(r.Trust) == 1 && r.Trust[0].Effect == "Allow" && r.Trust[0].Principal == "map[Service:lambda.amazonaws.com]"
		})
	}, true},
	{"a role has one policy, its own", func(s system) any {
		return names(s.Roles["IngestRole"].Policies) + " " + names(s.Roles["OutboundRole"].Policies) + " " + names(s.Roles["WorkerRole"].Policies)
	}, "ingest outbound worker"},
	{"ingest may send to two queues", mayOn("IngestRole", "sqs:SendMessage"), "dead-letters,events"},
	{"ingest may read one secret", mayOn("IngestRole", "secretsmanager:GetSecretValue"), "webhook-AbCdEf"},
	{"ingest may touch no table", mayOn("IngestRole", tableActions...), ""},
	{"ingest may write its own log", mayOn("IngestRole", "logs:PutLogEvents"), "/aws/lambda/demo-ingest"},
	{"ingest may do nothing else", mayDo("IngestRole"),
		"logs:CreateLogStream,logs:PutLogEvents,secretsmanager:GetSecretValue,sqs:SendMessage"},
	{"worker may take from events only", mayOn("WorkerRole", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), "events"},
	{"worker may send to two queues", mayOn("WorkerRole", "sqs:SendMessage"), "dead-letters,outbound"},
	{"worker may write two tables", mayOn("WorkerRole", "dynamodb:PutItem"), "ledger,records"},
	{"worker may change balances", mayOn("WorkerRole", "dynamodb:UpdateItem"), "ledger"},
	{"worker may look up what it knows the name of", mayOn("WorkerRole", "dynamodb:GetItem"), "ledger,records"},
	{"worker may search the ledger, but not through an index, and list records", mayOn("WorkerRole", "dynamodb:Query"), "kind-time,ledger"},
	{"worker may write its own log", mayOn("WorkerRole", "logs:PutLogEvents"), "/aws/lambda/demo-worker"},
	{"worker may not read secrets", mayOn("WorkerRole", "secretsmanager:GetSecretValue"), ""},
	{"worker may neither delete nor scan", mayOn("WorkerRole", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:Scan", "dynamodb:DeleteTable"), ""},
	{"worker may do nothing else", mayDo("WorkerRole"),
		"dynamodb:GetItem,dynamodb:PutItem,dynamodb:Query,dynamodb:UpdateItem," +
			"logs:CreateLogStream,logs:PutLogEvents,sqs:DeleteMessage,sqs:GetQueueAttributes,sqs:ReceiveMessage,sqs:SendMessage"},
	{"outbound may take from outbound only", mayOn("OutboundRole", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"), "outbound"},
	{"outbound may send to two queues", mayOn("OutboundRole", "sqs:SendMessage"), "dead-letters,outbound"},
	{"outbound may look up what it knows the name of", mayOn("OutboundRole", "dynamodb:GetItem"), "ledger,records"},
	{"outbound may book nothing, only keep records", mayOn("OutboundRole", "dynamodb:PutItem"), "records"},
	{"outbound may note in the ledger what the platform knows", mayOn("OutboundRole", "dynamodb:UpdateItem"), "ledger"},
	{"outbound may neither delete nor scan", mayOn("OutboundRole", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:Scan", "dynamodb:DeleteTable"), ""},
	{"outbound may write its own log", mayOn("OutboundRole", "logs:PutLogEvents"), "/aws/lambda/demo-outbound"},
	{"outbound may read one secret, the API keys", mayOn("OutboundRole", "secretsmanager:GetSecretValue"), "outbound-AbCdEf"},
	{"the API keys are for outbound and nobody else", func(s system) any {
		return s.grants(func(g grant) bool { return strings.HasPrefix(g.action, "secretsmanager:") && g.role != "OutboundRole" })
	}, "IngestRole secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:111122223333:secret:demo-webhook-AbCdEf"},
	{"no role has a wildcard in an action", func(s system) any {
		return s.grants(func(g grant) bool { return strings.Contains(g.action, "*") })
	}, ""},
	{"no role has a wildcard in a resource, but for the streams of its log", func(s system) any {
		return s.grants(func(g grant) bool {
			return strings.Contains(strings.TrimSuffix(g.resource, ":*"), "*") || strings.HasSuffix(g.resource, ":*") && !strings.HasPrefix(g.action, "logs:")
		})
	}, ""},

	// Outputs.
	{"outputs are what they are called after", func(s system) any {
		outputs := map[string]string{}
		for name, value := range s.Outputs {
			if name != "operator" {
				outputs[name] = short(value)
			}
		}
		return outputs
	}, map[string]string{
		"alarm_topic_arn": "alarms", "dead_letters_queue_url": "dead-letters", "events_queue_url": "events", "ledger_table": "ledger",
		"outbound_secret_arn": "outbound-AbCdEf", "records_table": "records", "webhook_secret_arn": "webhook-AbCdEf",
	}},
	{"operators work on this deployment", func(s system) any {
		worker := s.Functions["worker"].Environment
		return s.Outputs["operator"] == "export AWS_REGION="+region+" LEDGER_TABLE="+worker["LEDGER_TABLE"]+" RECORDS_TABLE="+worker["RECORDS_TABLE"]+
			" OUTBOUND_QUEUE_URL="+worker["OUTBOUND_QUEUE_URL"]+" EVENTS_QUEUE_URL="+s.Outputs["events_queue_url"]+" ACCOUNT_PER_PROJECT="+worker["ACCOUNT_PER_PROJECT"]
	}, true},

	// Secrets.
	{"there are two secrets, in and out apart", func(s system) any { return names(s.Secrets) }, "outbound,webhook"},

	// Logs, alarms, dashboard.
	{"every function logs JSON into its own group", func(s system) any {
		return all(s.Functions, func(f function) bool {
			name := strings.ToLower(strings.TrimSuffix(f.Role, "Role"))
			return f.Log == logging{Group: "/aws/lambda/demo-" + name, Format: "JSON", ApplicationLevel: "INFO", SystemLevel: "WARN"}
		})
	}, true},
	{"no log is kept for ever", func(s system) any {
		return len(s.Logs) == 3 && all(s.Logs, func(l logGroup) bool { return number(l.Retention) > 0 })
	}, true},
	{"codes are counted in every log, and in that of ingest what each platform lost and what was stored", func(s system) any { return s.Filters }, map[string]filter{
		"ingest codes":   {Pattern: "{ $.code = * }", Namespace: "demo", Metric: "Codes", Value: "1", Dimensions: map[string]string{"code": "$.code"}},
		"outbound codes": {Pattern: "{ $.code = * }", Namespace: "demo", Metric: "Codes", Value: "1", Dimensions: map[string]string{"code": "$.code"}},
		"worker codes":   {Pattern: "{ $.code = * }", Namespace: "demo", Metric: "Codes", Value: "1", Dimensions: map[string]string{"code": "$.code"}},

		"ingest missed":       {Pattern: "{ $.missed IS TRUE }", Namespace: "demo", Metric: "Missed", Value: "1", Dimensions: map[string]string{"provider": "$.provider"}},
		"ingest accepted":     {Pattern: `{ ($.message = "queued") || ($.message = "dead letter") }`, Namespace: "demo", Metric: "Accepted", Value: "1", Dimensions: map[string]string{"provider": "$.provider"}},
		"ingest not-accepted": {Pattern: "{ $.missed IS TRUE }", Namespace: "demo", Metric: "Accepted", Value: "0", Dimensions: map[string]string{"provider": "$.provider"}},
	}},
	{"there is an alarm for every code", func(s system) any { return s.alarms(func(a alarm) bool { return !a.isAbout("provider") }) },
		"403,429,5XX,5XX-ANY,5XX-CRASH,AGE,AGE-OUTBOUND,AMB,API,CFG,CON,DLQ,DRIFT,ENQ,INV,LAG,NEG,QUA,SEC,SIG,SUS"},
	{"there is an alarm for the refusals of every platform", func(s system) any { return s.alarms(func(a alarm) bool { return a.isAbout("provider") }) }, refusals()},
	{"alarms that page look every minute", func(s system) any { return s.pages(func(a alarm) bool { return a.Period == "60" && a.Periods == "1" }) },
		"429,5XX,5XX-CRASH,AGE,AGE-OUTBOUND,API,CFG,ENQ,INV,SEC"},
	{"every alarm tells somebody", func(s system) any {
		return all(s.Alarms, func(a alarm) bool { return a.Actions == "arn:aws:sns:eu-west-1:111122223333:demo-alarms" })
	}, true},
	{"no alarm rings for silence", func(s system) any {
		return all(s.Alarms, func(a alarm) bool {
			return a.MissingData == "notBreaching" && a.Comparison == "GreaterThanOrEqualToThreshold"
		})
	}, true},
	{"alarms that do not page look every five minutes", func(s system) any {
		return s.ringing(func(a alarm) bool {
			return strings.HasPrefix(a.Description, "Ticket: ") && (a.Periods != "1" || !a.each(func(m measured) bool { return m.Period == "300" }))
		}, func(a alarm) string { return a.Period })
	}, ""},
	{"what is counted is added up, and of ages and dead letters the largest number counts", func(s system) any {
		return s.ringing(func(a alarm) bool { return !a.each(func(m measured) bool { return m.Statistic == "Sum" }) }, func(a alarm) string { return a.Statistic })
	}, "AGE-OUTBOUND=Maximum,AGE=Maximum,DLQ=Maximum,LAG=Maximum"},
	{"of what is counted one is enough, but five of wrong signatures", func(s system) any {
		return s.ringing(func(a alarm) bool { return a.Statistic == "Sum" && a.Threshold != "1" }, func(a alarm) string { return a.Threshold })
	}, "SIG=5"},
	{"alarms of codes listen to what the filters count", func(s system) any { return s.listeningTo("demo", "Codes", "code") },
		"5XX=5XX,AMB=AMB,API=API,CFG=CFG,CON=CON,DRIFT=DRIFT,ENQ=ENQ,INV=INV,NEG=NEG,QUA=QUA,SEC=SEC,SIG=SIG,SUS=SUS"},
	{"429 is a throttled front door", func(s system) any { return s.listeningTo("AWS/Lambda", "Throttles", "FunctionName") }, "429=ingest"},
	{"a crash of ingest leaves no line, but an error", func(s system) any { return s.listeningTo("AWS/Lambda", "Errors", "FunctionName") }, "5XX-CRASH=ingest"},
	{"whatever else platforms see wakes nobody, for strangers can make them see it", func(s system) any { return s.listeningTo("AWS/Lambda", "Url5xxCount", "FunctionName") }, "5XX-ANY=ingest"},
	{"AGE is that of the oldest event, or follow-up; LAG is about the latter", func(s system) any {
		return s.listeningTo("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName")
	}, "AGE-OUTBOUND=outbound,AGE=events,LAG=outbound"},
	{"AGE rings for follow-ups before they become dead letters, and later than LAG", func(s system) any {
		threshold := number(s.Alarms["AGE-OUTBOUND"].Threshold)
		return threshold > number(s.Alarms["LAG"].Threshold) && threshold < s.dead("outbound")
	}, true},
	{"LAG rings after five minutes, and a message that comes back once is no lag, but one that does so twice", func(s system) any {
		threshold, visibility := number(s.Alarms["LAG"].Threshold), number(s.Queues["outbound"].Visibility)
		return threshold == 300 && threshold > visibility && threshold < 2*visibility
	}, true},
	{"AGE rings for events before they become dead letters, and before the third try, after which SQS does not count their age", func(s system) any {
		threshold := number(s.Alarms["AGE"].Threshold)
		return threshold >= 300 && threshold < s.dead("events") && threshold < 2*number(s.Queues["events"].Visibility)
	}, true},
	{"DLQ counts dead letters", func(s system) any {
		return s.listeningTo("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName")
	}, "DLQ=dead-letters"},
	{"DLQ rings at the first", func(s system) any { return s.Alarms["DLQ"].Threshold }, "1"},
	{"there is a dashboard", func(s system) any { return names(s.Dashboards) }, "demo"},
	{"it shows every function, how old messages are, and the lines of every log", func(s system) any {
		board := fmt.Sprint(s.Dashboards["demo"])
		return strings.Count(board, "Invocations FunctionName demo-outbound") + strings.Count(board, "Invocations FunctionName demo-worker") +
			strings.Count(board, "ApproximateAgeOfOldestMessage QueueName demo-outbound") + strings.Count(board, "SOURCE '/aws/lambda/demo-outbound'")
	}, 4},
}

// asItComes holds when nothing is configured.
var asItComes = []assertion{
	{"tables cannot be deleted by accident", func(s system) any {
		return all(s.Tables, func(t table) bool { return t.Protected == "true" })
	}, true},
	{"the body cap is the one of the code", func(s system) any { return s.Functions["ingest"].Environment["MAX_BODY_BYTES"] }, strconv.Itoa(ingest.DefaultMaxBody)},
	{"the price list is the one of the code", func(s system) any { return s.Functions["worker"].Environment["TARIFF"] }, accounts.DefaultTariff},
	{"the business rules are those of the code", func(s system) any {
		env := s.Functions["worker"].Environment
		settings, _ := handlers.SettingsFromEnv(func(name string) string { return env[name] })
		unset, _ := handlers.SettingsFromEnv(func(string) string { return "" })
		configured, defaults := settings.Credits, unset.Credits
		return configured.Window == defaults.Window && slices.Equal(configured.Anonymous, defaults.Anonymous) &&
			configured.ScopeByProject == defaults.ScopeByProject && configured.ExcludeSimulated == defaults.ExcludeSimulated &&
			configured.Vendor == defaults.Vendor && env["SPEAK_RESULT"] == handlers.DefaultResult && env["SPEAK_FAILURE"] == handlers.DefaultFailure
	}, true},
	{"outbound calls Gabber and nobody else", func(s system) any {
		env := s.Functions["outbound"].Environment
		settings, _ := calls.SettingsFromEnv(func(name string) string { return env[name] })
		return settings.Gabber.API.Base + fmt.Sprint(len(settings.Hosts())) + fmt.Sprint(settings.Gabber.EndExhausted)
	}, calls.DefaultGabberAPI + "1false"},
	{"outbound may do nothing else", mayDo("OutboundRole"), "dynamodb:GetItem,dynamodb:PutItem,dynamodb:UpdateItem," +
		"logs:CreateLogStream,logs:PutLogEvents,secretsmanager:GetSecretValue,sqs:DeleteMessage,sqs:GetQueueAttributes,sqs:ReceiveMessage,sqs:SendMessage"},
	{"functions run on arm64", func(s system) any {
		return all(s.Functions, func(f function) bool { return f.Architecture == "arm64" })
	}, true},
	{"it deploys into a new account: no concurrency is reserved", func(s system) any {
		return all(s.Functions, func(f function) bool { return f.Ceiling == "" })
	}, true},
	{"it deploys into a new account: the others leave ingest three of ten", func(s system) any {
		return number(s.Mappings["worker"].Concurrency) + number(s.Mappings["outbound"].Concurrency)
	}, 7},
	{"no message is larger than every provider version can configure", func(s system) any {
		return all(s.Queues, func(q queue) bool { return q.MaxSize == "262144" })
	}, true},
	{"no role may use a key", func(s system) any {
		return s.grants(func(g grant) bool { return strings.HasPrefix(g.action, "kms:") })
	}, ""},
	{"nobody is subscribed", func(s system) any { return names(s.Subscriptions) }, ""},
}

// withOptions holds when every option is taken, see optionParameters.
var withOptions = []assertion{
	{"queues use the key", func(s system) any {
		return all(s.Queues, func(q queue) bool { return q.KMSKey == key && q.SQSKey == "" })
	}, true},
	{"tables use the key", func(s system) any { return all(s.Tables, func(t table) bool { return t.KMSKey == key }) }, true},
	{"secrets use the key", func(s system) any { return all(s.Secrets, func(x secret) bool { return x.KMSKey == key }) }, true},
	{"logs use the key", func(s system) any { return all(s.Logs, func(l logGroup) bool { return l.KMSKey == key }) }, true},
	{"the topic uses the key", func(s system) any { return s.Topics["alarms"].KMSKey }, key},
	{"environments use the key", func(s system) any { return all(s.Functions, func(f function) bool { return f.KMSKey == key }) }, true},
	{"roles may use this key and no other", func(s system) any {
		return s.grants(func(g grant) bool { return strings.HasPrefix(g.action, "kms:") && g.resource != key })
	}, ""},
	{"ingest may use the key to send and to read its secret", mayOn("IngestRole", "kms:GenerateDataKey", "kms:Decrypt"), "1234abcd-12ab-34cd-56ef-1234567890ab"},
	{"outbound may use the key to take, to send, to keep and to read its secret", mayOn("OutboundRole", "kms:GenerateDataKey", "kms:Decrypt"), "1234abcd-12ab-34cd-56ef-1234567890ab"},
	{"who ends sessions may list them", mayOn("OutboundRole", "dynamodb:Query"), "kind-time"},
	{"outbound then may do nothing else", mayDo("OutboundRole"), "dynamodb:GetItem,dynamodb:PutItem,dynamodb:Query,dynamodb:UpdateItem," +
		"logs:CreateLogStream,logs:PutLogEvents,secretsmanager:GetSecretValue,sqs:DeleteMessage,sqs:GetQueueAttributes,sqs:ReceiveMessage,sqs:SendMessage"},
	{"outbound calls the fork's hosts and no other", func(s system) any {
		env := s.Functions["outbound"].Environment
		settings, _ := calls.SettingsFromEnv(func(name string) string {
			return cmp.Or(env[name], map[string]string{"LEADS_FORWARD_SECRET": fakeapi.LeadsSecret}[name])
		})
		return strings.Join(settings.Hosts(), ",")
	}, "gabber.example.com,leads.example.com"},
	{"options reach the worker", func(s system) any {
		env := maps.Clone(s.Functions["worker"].Environment)
		for _, name := range []string{"DEAD_LETTERS_QUEUE_URL", "LEDGER_TABLE", "OUTBOUND_QUEUE_URL", "RECORDS_TABLE"} {
			delete(env, name)
		}
		return env
	}, map[string]string{
		"ACCOUNT_PER_PROJECT": "true", "ANONYMOUS_HUMANS": "anonymous,guest", "EXCLUDE_SIMULATED": "true", "GABBER_CREDIT": "credit-1",
		"GABBER_LEDGER": "beside", "IDLESS_WINDOW": "forever", "LEADS_FORWARD_URL": "https://leads.example.com/new",
		"SPEAK_FAILURE": "Sorry.", "SPEAK_RESULT": "{tool} says {response}", "TARIFF": "conversational_seconds=1,token_cnt=0.002",
	}},
	{"options reach outbound", func(s system) any {
		env := s.Functions["outbound"].Environment
		return env["END_EXHAUSTED_SESSIONS"] + " " + env["TARIFF"]
	}, "true conversational_seconds=1,token_cnt=0.002"},
	{"as many batches run at once as were asked for", func(s system) any {
		return s.Mappings["worker"].Concurrency + "," + s.Mappings["outbound"].Concurrency
	}, "2,3"},
	{"logs are kept as long as was asked for", func(s system) any {
		return all(s.Logs, func(l logGroup) bool { return l.Retention == "365" })
	}, true},
	{"roles have the boundary", func(s system) any {
		return all(s.Roles, func(r role) bool { return r.Boundary == "arn:aws:iam::111122223333:policy/boundary" })
	}, true},
	{"ingest has a ceiling, the others have none of their own", func(s system) any {
		return s.Functions["ingest"].Ceiling + "," + s.Functions["worker"].Ceiling + s.Functions["outbound"].Ceiling
	}, "20,"},
	{"functions run on x86_64", func(s system) any {
		return all(s.Functions, func(f function) bool { return f.Architecture == "x86_64" })
	}, true},
	{"tables can be deleted", func(s system) any { return all(s.Tables, func(t table) bool { return t.Protected == "false" }) }, true},
	{"alarms go to the mailbox", func(s system) any { return s.Subscriptions["alarms"] }, "email oncall@example.com"},
	{"alarms link the fork's runbook", func(s system) any {
		return all(s.Alarms, func(a alarm) bool { return strings.Contains(a.Description, " https://example.com/runbook#") })
	}, true},
}

func TestPolicies(t *testing.T) {
	if n := len(always) + len(asItComes) + len(withOptions); n < 150 {
		t.Errorf("%d assertions are fewer than 150", n)
	}
	for _, v := range variants {
		t.Run(v.name+"/template", func(t *testing.T) { v.check(t, templateSystem(t, v.parameters)) })
		t.Run(v.name+"/plan", func(t *testing.T) { v.check(t, planSystem(t, v.name)) })
	}
}

func (v variant) check(t *testing.T, s system) {
	t.Helper()
	for _, assertions := range [][]assertion{always, v.assertions} {
		for _, a := range assertions {
			if got := a.got(s); !reflect.DeepEqual(got, a.want) {
				t.Errorf("%s: got %v, want %v", a.name, got, a.want)
			}
		}
	}
}
