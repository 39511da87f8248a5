package policytest

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/worker"
	"github.com/webhook-functions/template/terraform/tftest"
)

// invariant is what must hold of both descriptions: the rule, not today's number.
// What breaks it is reported.
type invariant struct {
	name   string
	broken func(s system) any // nil or empty if it holds
}

// always holds no matter which options are chosen.
var always = []invariant{
	// Queues.
	{"a message stays hidden for six timeouts of the function that reads it", func(s system) any {
		return s.but("mapping", func(name string, f fields) bool {
			timeout := s.number("function", name, "timeout")
			return timeout > 0 && s.number("queue", short(tftest.Text(f["source"])), "visibility") >= 6*timeout
		})
	}},
	{"a call whose answer was lost has landed before it is made again, a minute later", func(s system) any {
		return no(s.number("queue", "outbound", "visibility")-s.number("function", "outbound", "timeout") >= 60)
	}},
	{"what is read by a function becomes a dead letter in the end, after more tries than worker needs to find a poison message", func(s system) any {
		return s.but("mapping", func(_ string, f fields) bool {
			queue := short(tftest.Text(f["source"]))
			return short(s.text("queue", queue, "redrive")) == "dead-letters" && s.number("queue", queue, "receives") > 3
		})
	}},
	{"dead letters are kept longer than what they come from, and go nowhere", func(s system) any {
		return s.but("queue", func(name string, f fields) bool {
			if name == "dead-letters" {
				return f["redrive"] == ""
			}
			return s.number("queue", name, "retention") > 0 && s.number("queue", "dead-letters", "retention") > s.number("queue", name, "retention")
		})
	}},
	{"a queue takes TLS only, and lets in none but roles", func(s system) any {
		return s.but("queue", func(name string, _ fields) bool {
			st := tftest.List(s["queue policy"][name]["document"])
			return len(st) == 1 && tftest.Text(st[0], "Effect") == "Deny" && tftest.Text(st[0], "Principal") == "*" && tftest.Text(st[0], "Action") == "sqs:*" &&
				short(tftest.Text(st[0], "Resource")) == name && len(at(st[0], "Condition")) == 1 && tftest.Text(st[0], "Condition", "Bool", "aws:SecureTransport") == "false"
		})
	}},
	{"a queue is encrypted", func(s system) any {
		return s.but("queue", func(_ string, f fields) bool { return f["sse"] == "true" || tftest.Text(f["key"]) != "" })
	}},
	{"a body at the cap fits into a message", func(s system) any { return s.bodiesThatDoNotFit() }},

	// Storage.
	{"no table forgets", func(s system) any {
		return s.but("table", func(_ string, f fields) bool { return f["ttl"] == "" })
	}},
	{"each table can be restored to any second", func(s system) any {
		return s.but("table", func(_ string, f fields) bool { return f["restorable"] == "true" })
	}},
	{"tables have the keys and indexes that the code uses", func(s system) any {
		return s.but("table", func(name string, f fields) bool {
			by := map[string]string{"ledger": "account", "records": "kind"}[name]
			types := map[string]string{}
			for i, attribute := range tftest.List(f["attributes"]) {
				types[tftest.Text(attribute)] = tftest.Text(f["types"], i)
			}
			return tftest.Text(f["hash"])+tftest.Text(f["range"]) == "pksk" && f["indexes"] == by+"-time" && f["index_hash"] == by && f["index_sort"] == "time" &&
				f["projection"] == "ALL" && maps.Equal(types, map[string]string{"pk": "S", "sk": "S", by: "S", "time": "N"})
		})
	}},

	// Functions.
	{"a function is built from the source it is called after", func(s system) any {
		return s.but("function", func(name string, f fields) bool {
			return f["code"] == "aws-"+name && f["handler"] == "bootstrap" && strings.HasPrefix(tftest.Text(f["runtime"]), "provided.")
		})
	}},
	{"ingest outlives its own budget, and no platform waits for 10 s", func(s system) any {
		timeout := s.number("function", "ingest", "timeout")
		return no(timeout > ingest.Budget.Seconds() && timeout <= 10)
	}},
	{"the handler of a message has its time", func(s system) any {
		return s.but("mapping", func(name string, _ fields) bool {
			return s.number("function", name, "timeout") > worker.RecordBudget.Seconds()
		})
	}},
	{"a function is told where its queues, tables and secrets are", func(s system) any {
		return s.but("function", func(name string, _ fields) bool {
			for _, variable := range strings.Fields(told[name]) {
				if tftest.Text(s.env(name)[variable]) == "" {
					return false
				}
			}
			return told[name] != ""
		})
	}},
	{"a variable or an output that is called after a queue, table, secret or topic is about that", func(s system) any {
		return s.but("function", func(function string, _ fields) bool { return calledAfter(s.env(function)) }) +
			s.but("output", func(name string, f fields) bool { return calledAfter(map[string]any{name: f["value"]}) })
	}},
	{"what two functions are told under one name is the same", func(s system) any {
		return s.but("function", func(name string, _ fields) bool {
			for variable, value := range s.env(name) {
				if other, both := s.env("worker")[variable]; both && other != value {
					return false
				}
			}
			return true
		})
	}},
	{"operators are told of the deployment that the functions are", func(s system) any { return s.misled() }},
	{"functions take their settings", func(s system) any {
		_, err := handlers.SettingsFromEnv(s.getenv("worker"))
		_, outboundErr := calls.SettingsFromEnv(s.getenv("outbound"))
		_, ingestErr := providers.Configured(s.getenv("ingest"))
		return cmp.Or(err, outboundErr, ingestErr)
	}},
	{"an address in the environment takes TLS", func(s system) any {
		return s.but("function", func(name string, _ fields) bool { return !strings.Contains(fmt.Sprint(s.env(name)), "http://") })
	}},
	{"no environment holds a secret, only where it is", func(s system) any {
		return s.but("function", func(name string, _ fields) bool {
			for variable := range s.env(name) {
				for _, word := range []string{"SECRET", "_KEY", "TOKEN", "PASSWORD"} {
					if strings.Contains(variable, word) && !strings.HasSuffix(variable, "_ARN") {
						return false
					}
				}
			}
			return true
		})
	}},

	// The way in, and from queues to functions.
	{"only ingest has a URL, which is open", func(s system) any {
		return differ(s["url"], map[string]fields{"ingest": {"auth": "NONE", "mode": "BUFFERED"}})
	}},
	{"ingest may be invoked through its URL and not otherwise, by two permissions, one added after the other", func(s system) any {
		return differ(s["permission"], map[string]fields{
			"InvokeFunctionUrl": {"function": stack + "-ingest", "principal": "*", "auth": "NONE", "through": "", "after": ""},
			"InvokeFunction":    {"function": stack + "-ingest", "principal": "*", "auth": "", "through": "true", "after": "lambda:InvokeFunctionUrl"},
		})
	}},
	{"worker reads events and outbound follow-ups; each names what failed, and AWS takes the ceiling", func(s system) any {
		if names := s.names("mapping"); names != "outbound,worker" {
			return names
		}
		return s.but("mapping", func(name string, f fields) bool {
			ceiling := s.number("mapping", name, "concurrency")
			return short(tftest.Text(f["source"])) == map[string]string{"worker": "events", "outbound": "outbound"}[name] &&
				f["responses"] == "ReportBatchItemFailures" && ceiling >= 2 && ceiling <= 1000
		})
	}},

	// Who may do what.
	{"a function has a role of its own, which only Lambda takes", func(s system) any {
		return s.but("function", func(name string, f fields) bool {
			role := s["role"][short(tftest.Text(f["role"]))]
			return strings.EqualFold(short(tftest.Text(f["role"])), name+"Role") && len(s["role"]) == len(s["function"]) && len(tftest.List(role["trust"])) == 1 &&
				tftest.Text(role["trust"], 0, "Principal", "Service") == "lambda.amazonaws.com" && len(at(role["trust"], 0, "Principal")) == 1
		})
	}},
	{"a role may do what its function does, and nothing else", func(s system) any {
		want := strings.Split(strings.TrimSpace(granted), "\n")
		if s.env("outbound")["END_EXHAUSTED_SESSIONS"] == "true" {
			want = append(want, "OutboundRole dynamodb:Query kind-time")
		}
		slices.Sort(want)
		return differ(s.grants(), want)
	}},
	{"a role may use the key that is configured, and no other", func(s system) any {
		for _, g := range s.allGrants() {
			if strings.Contains(g, " kms:") && !strings.HasSuffix(g, " "+cmp.Or(s.text("queue", "events", "key"), "none")) {
				return g
			}
		}
		return nil
	}},

	// Logs and alarms.
	{"a function logs JSON, with what is told at INFO, into a group of its own that is not kept for ever", func(s system) any {
		return s.but("function", func(name string, f fields) bool {
			return f["log"] == "/aws/lambda/"+stack+"-"+name && f["format"] == "JSON" && f["level"] == "INFO" && s.number("log", name, "retention") > 0
		})
	}},
	{"an alarm is heard, and none rings for silence", func(s system) any {
		return s.but("alarm", func(_ string, f fields) bool {
			return strings.HasSuffix(tftest.Text(f["actions"]), ":demo-alarms") && f["missing"] == "notBreaching" && f["comparison"] == "GreaterThanOrEqualToThreshold"
		})
	}},
	{"what pages is looked at every minute", func(s system) any {
		return s.but("alarm", func(_ string, f fields) bool {
			return strings.HasPrefix(tftest.Text(f["description"]), "Ticket: ") || f["period"] == "60" && f["periods"] == "1"
		})
	}},
	{"throttles and errors of ingest, waiting messages and dead letters have alarms", func(s system) any {
		have := map[string]bool{}
		for _, f := range s["alarm"] {
			have[metrics(f)[""]] = true
		}
		for _, metric := range []string{
			"AWS/Lambda Throttles FunctionName ingest", "AWS/Lambda Errors FunctionName ingest", "AWS/Lambda Url5xxCount FunctionName ingest",
			"AWS/SQS ApproximateAgeOfOldestMessage QueueName events", "AWS/SQS ApproximateAgeOfOldestMessage QueueName outbound",
			"AWS/SQS ApproximateNumberOfMessagesVisible QueueName dead-letters",
		} {
			if !have[metric] {
				return metric
			}
		}
		return nil
	}},
	{"AGE rings before messages become dead letters; for events before the third try, from which SQS does not count their age", func(s system) any {
		events, outbound := s.number("queue", "events", "visibility"), s.number("queue", "outbound", "visibility")
		age, later, lag := s.number("alarm", "AGE", "threshold"), s.number("alarm", "AGE-OUTBOUND", "threshold"), s.number("alarm", "LAG", "threshold")
		return no(age < 2*events && age < events*s.number("queue", "events", "receives") && later > lag && later < outbound*s.number("queue", "outbound", "receives"))
	}},
	{"a message that comes back once is no LAG, one that does so twice is", func(s system) any {
		lag, visibility := s.number("alarm", "LAG", "threshold"), s.number("queue", "outbound", "visibility")
		return no(lag > visibility && lag < 2*visibility)
	}},
}

// byDefault holds where nothing is configured.
var byDefault = []invariant{
	{"tables cannot be deleted by accident", func(s system) any {
		return s.but("table", func(_ string, f fields) bool { return f["protected"] == "true" })
	}},
	{"settings are the defaults of the code", func(s system) any {
		worker, _ := handlers.SettingsFromEnv(s.getenv("worker"))
		workerDefault, _ := handlers.SettingsFromEnv(tftest.Unset)
		outbound, _ := calls.SettingsFromEnv(s.getenv("outbound"))
		outboundDefault, _ := calls.SettingsFromEnv(tftest.Unset)
		return no(reflect.DeepEqual(worker, workerDefault) && reflect.DeepEqual(outbound, outboundDefault) && s.env("ingest")["MAX_BODY_BYTES"] == fmt.Sprint(ingest.DefaultMaxBody))
	}},
	{"it deploys into a new account, which has ten executions in all: none is reserved, and some are left for ingest", func(s system) any {
		return s.but("function", func(_ string, f fields) bool { return f["ceiling"] == "" }) +
			text(no(s.number("mapping", "worker", "concurrency")+s.number("mapping", "outbound", "concurrency") < 10))
	}},
	{"every version of the provider takes the size of messages", func(s system) any {
		return s.but("queue", func(name string, _ fields) bool { return s.number("queue", name, "size") <= 256<<10 })
	}},
}

// withOptions holds where every option is taken.
var withOptions = []invariant{
	{"what is at rest is under the key", func(s system) any {
		var broken []string
		for _, kind := range []string{"queue", "table", "secret", "log", "topic", "function"} {
			broken = append(broken, text(s.but(kind, func(_ string, f fields) bool { return f["key"] == key })))
		}
		return strings.Join(broken, "")
	}},
	{"outbound calls no host but those of its configuration", func(s system) any {
		settings, _ := calls.SettingsFromEnv(s.getenv("outbound"))
		told := fmt.Sprint(s.env("outbound"))
		for _, host := range settings.Hosts() {
			if !strings.Contains(told, "https://"+host) {
				return host
			}
		}
		return nil
	}},
	{"every option reaches what it is about", func(s system) any {
		values := strings.Join(slices.Collect(maps.Values(s.flat())), "\n") + "\n"
		for _, v := range variants {
			for parameter, value := range v.parameters {
				if !strings.Contains(values, value+"\n") && !strings.Contains(values, value+"#") && parameter != "DeletionProtection" {
					return parameter
				}
			}
		}
		return s.but("role", func(_ string, f fields) bool { return f["boundary"] != "" }) +
			s.but("table", func(_ string, f fields) bool { return f["protected"] == "false" })
	}},
}

// told lists what a function cannot do without.
var told = map[string]string{
	"ingest":   "EVENTS_QUEUE_URL DEAD_LETTERS_QUEUE_URL WEBHOOK_SECRET_ARN MAX_BODY_BYTES",
	"worker":   "OUTBOUND_QUEUE_URL DEAD_LETTERS_QUEUE_URL LEDGER_TABLE RECORDS_TABLE",
	"outbound": "OUTBOUND_QUEUE_URL DEAD_LETTERS_QUEUE_URL LEDGER_TABLE RECORDS_TABLE OUTBOUND_SECRET_ARN",
}

// granted is everything that a role may do, the key left out.
const granted = `
IngestRole logs:CreateLogStream /aws/lambda/demo-ingest
IngestRole logs:PutLogEvents /aws/lambda/demo-ingest
IngestRole secretsmanager:GetSecretValue webhook
IngestRole sqs:SendMessage dead-letters
IngestRole sqs:SendMessage events
OutboundRole dynamodb:GetItem ledger
OutboundRole dynamodb:GetItem records
OutboundRole dynamodb:PutItem records
OutboundRole dynamodb:UpdateItem ledger
OutboundRole logs:CreateLogStream /aws/lambda/demo-outbound
OutboundRole logs:PutLogEvents /aws/lambda/demo-outbound
OutboundRole secretsmanager:GetSecretValue outbound
OutboundRole sqs:DeleteMessage outbound
OutboundRole sqs:GetQueueAttributes outbound
OutboundRole sqs:ReceiveMessage outbound
OutboundRole sqs:SendMessage dead-letters
OutboundRole sqs:SendMessage outbound
WorkerRole dynamodb:GetItem ledger
WorkerRole dynamodb:GetItem records
WorkerRole dynamodb:PutItem ledger
WorkerRole dynamodb:PutItem records
WorkerRole dynamodb:Query kind-time
WorkerRole dynamodb:Query ledger
WorkerRole dynamodb:UpdateItem ledger
WorkerRole logs:CreateLogStream /aws/lambda/demo-worker
WorkerRole logs:PutLogEvents /aws/lambda/demo-worker
WorkerRole sqs:DeleteMessage events
WorkerRole sqs:GetQueueAttributes events
WorkerRole sqs:ReceiveMessage events
WorkerRole sqs:SendMessage dead-letters
WorkerRole sqs:SendMessage outbound
`

func TestPolicies(t *testing.T) {
	for _, v := range variants {
		for where, s := range v.systems(t) {
			for _, i := range slices.Concat(always, map[string][]invariant{"defaults": byDefault, "options": withOptions}[v.name]) {
				if broken := text(i.broken(s)); broken != "" {
					t.Errorf("%s, %s: not so: %s: %s", where, v.name, i.name, broken)
				}
			}
		}
	}
}

func text(broken any) string {
	if broken == nil {
		return ""
	}
	return fmt.Sprint(broken)
}

func no(holds bool) any {
	if holds {
		return nil
	}
	return "no"
}

// but names the resources of a kind for which something does not hold; there must be one.
func (s system) but(kind string, holds func(name string, f fields) bool) string {
	if len(s[kind]) == 0 {
		return "there is no " + kind
	}
	broken := ""
	for _, name := range slices.Sorted(maps.Keys(s[kind])) {
		if !holds(name, s[kind][name]) {
			broken += kind + " " + name + "; "
		}
	}
	return broken
}

func differ[T any](got, want T) any {
	if reflect.DeepEqual(got, want) {
		return nil
	}
	return fmt.Sprintf("\n got %v\nwant %v", got, want)
}

// bodiesThatDoNotFit, in base64 and with their envelope, into a message.
func (s system) bodiesThatDoNotFit() string {
	body := tftest.Number(tftest.Text(s.env("ingest")["MAX_BODY_BYTES"]))
	return s.but("queue", func(name string, _ fields) bool {
		return body > 0 && (body+2)/3*4+8<<10 <= s.number("queue", name, "size")
	})
}

// calledAfter: EVENTS_QUEUE_URL and events_queue_url are about the queue events.
func calledAfter(values map[string]any) bool {
	for variable, value := range values {
		for _, end := range []string{"_queue_url", "_table", "_secret_arn", "_topic_arn"} {
			name, ok := strings.CutSuffix(strings.ToLower(variable), end)
			if ok && strings.TrimSuffix(short(tftest.Text(value)), "s") != strings.TrimSuffix(strings.ReplaceAll(name, "_", "-"), "s") {
				return false
			}
		}
	}
	return true
}

// misled names what the output operator says otherwise than a function is told.
func (s system) misled() any {
	said, ok := strings.CutPrefix(s.text("output", "operator", "value"), "export ")
	if !ok {
		return "says no export"
	}
	for pair := range strings.FieldsSeq(said) {
		name, value, _ := strings.Cut(pair, "=")
		want := cmp.Or(tftest.Text(s.env("worker")[name]), tftest.Text(s.env("ingest")[name]), map[string]string{"AWS_REGION": region}[name])
		if value != want {
			return pair
		}
	}
	return nil
}

// forwardSecret is one that could sign what is forwarded.
var forwardSecret = "whsec_" + strings.Repeat("c2Vj", 8)

// getenv is the environment of a function that has its secrets, too.
func (s system) getenv(function string) func(string) string {
	return func(name string) string {
		if name == "LEADS_FORWARD_SECRET" && s.env(function)["LEADS_FORWARD_URL"] != "" {
			return forwardSecret
		}
		return tftest.Text(s.env(function)[name])
	}
}

// allGrants lists "role action resource" of everything that is allowed.
func (s system) allGrants() (all []string) {
	for name, f := range s["role policy"] {
		role, _, _ := strings.Cut(name, " ")
		for _, st := range tftest.List(f["document"]) {
			for _, action := range tftest.Texts(st, "Action") {
				for _, resource := range tftest.Texts(st, "Resource") {
					all = append(all, strings.TrimSuffix(tftest.Text(st, "Effect"), "Allow")+role+" "+action+" "+resource)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

// grants are those with short names, the key's left out.
func (s system) grants() (all []string) {
	for _, g := range s.allGrants() {
		words := strings.Fields(g)
		if strings.HasPrefix(words[1], "kms:") {
			continue
		}
		if _, group, ok := strings.Cut(words[2], ":log-group:"); ok && strings.HasPrefix(words[1], "logs:") {
			words[2] = strings.TrimSuffix(group, ":*")
		} else {
			words[2] = short(words[2])
		}
		all = append(all, strings.Join(words, " "))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
