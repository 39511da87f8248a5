package policytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
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

const (
	region  = "europe-west1"
	account = "@acme-demo.iam.gserviceaccount.com"
)

// plan is a planned system: the arguments of its resources by their addresses.
type plan struct {
	resources map[string]any
	outputs   map[string]string
}

func planOf(t *testing.T, run string) plan {
	t.Helper()
	made := planned(t).Plans[run]
	p := plan{map[string]any{}, map[string]string{}}
	for _, r := range made.Resources {
		p.resources[strings.TrimPrefix(r.Address, "google_")] = r.Change.After
	}
	for name, output := range made.Outputs {
		p.outputs[name] = tftest.Text(output.After)
	}
	if len(p.resources) == 0 {
		t.Fatalf("terraform test made no plan for run %q", run)
	}
	return p
}

func (p plan) text(address string, path ...any) string {
	return tftest.Text(p.resources[address], path...)
}

func (p plan) number(address string, path ...any) float64 {
	return tftest.Number(p.text(address, path...))
}

// function gives the configuration of a function's service.
func (p plan) function(name string) any {
	return tftest.At(p.resources["cloudfunctions2_function."+name], "service_config", 0)
}

func (p plan) env(function string) map[string]any {
	env, _ := tftest.At(p.function(function), "environment_variables").(map[string]any)
	return env
}

func (p plan) getenv(function string) func(string) string {
	return func(name string) string {
		if name == "LEADS_FORWARD_SECRET" && p.env(function)["LEADS_FORWARD_URL"] != "" {
			return "whsec_" + strings.Repeat("c2Vj", 8)
		}
		return tftest.Text(p.env(function)[name])
	}
}

// each gives those for which something does not hold, of all resources whose address
// begins so; there must be one.
func (p plan) each(kind string, holds func(name string, after any) bool) string {
	broken, any := "", false
	for _, address := range slices.Sorted(maps.Keys(p.resources)) {
		if name, ok := strings.CutPrefix(address, kind+"."); ok {
			any = true
			if !holds(name, p.resources[address]) {
				broken += name + " "
			}
		}
	}
	if !any {
		return "there is no " + kind
	}
	return broken
}

func (p plan) eachFunction(holds func(name string, service any) bool) string {
	return p.each("cloudfunctions2_function", func(name string, _ any) bool { return holds(name, p.function(name)) })
}

// eachAlert looks at the policies and their only conditions, of which kind "" is any.
func (p plan) eachAlert(kind string, holds func(code string, after, condition any) bool) string {
	return p.each("monitoring_alert_policy", func(name string, after any) bool {
		conditions, _ := tftest.At(after, "conditions", 0).(map[string]any)
		for _, of := range slices.Sorted(maps.Keys(conditions)) {
			if condition := tftest.At(conditions, of, 0); condition != nil && strings.HasSuffix(of, kind) {
				return holds(strings.Trim(name, `codes["]`), after, condition)
			}
		}
		return kind != ""
	})
}

// pushed are the subscriptions that functions read, and those functions.
var pushed = map[string]string{"events": "worker", "outbound": "outbound"}

func (p plan) eachPushed(holds func(name, address, function string) bool) (broken string) {
	for name, function := range pushed {
		if !holds(name, "pubsub_subscription."+name, function) {
			broken += name + " "
		}
	}
	return broken
}

// unindexed grow with every event, change with every charge or are large: an index on
// one makes writes slow.
var unindexed = []string{
	"entries/time", "entries/recorded", "records/time", "records/version", "records/order", "records/data",
	"accounts/balance", "accounts/seq", "accounts/synced_seq",
}

// invariant is what must hold: the rule, not today's number. What breaks it is named.
type invariant struct {
	name   string
	broken func(p plan) string
}

// always holds no matter which options are chosen.
var always = []invariant{
	// Functions.
	{"platforms come from the internet to ingest, and nothing else does to anything", func(p plan) string {
		return p.eachFunction(func(name string, f any) bool {
			return tftest.Text(f, "ingress_settings") == map[bool]string{true: "ALLOW_ALL", false: "ALLOW_INTERNAL_ONLY"}[name == "ingest"]
		})
	}},
	{"a function runs as an account of its own and is built by another, from its own source", func(p plan) string {
		return p.each("cloudfunctions2_function", func(name string, f any) bool {
			object := p.resources[`storage_bucket_object.source["gcp-`+name+`"]`]
			return tftest.Text(f, "service_config", 0, "service_account_email") == "demo-"+name+account && strings.HasSuffix(tftest.Text(f, "build_config", 0, "service_account"), "/demo-build"+account) &&
				strings.EqualFold(tftest.Text(f, "build_config", 0, "entry_point"), name) && tftest.Text(f, "build_config", 0, "entry_point") != name &&
				tftest.Text(f, "build_config", 0, "source", 0, "storage_source", 0, "object") == tftest.Text(object, "name") &&
				strings.HasSuffix(tftest.Text(object, "source"), "/gcp-"+name+".zip") && len(tftest.Text(object, "name")) > len("gcp-.zip"+name)+30 // the sum of the archive
		})
	}},
	{"a deployment is reached by all requests", func(p plan) string {
		return p.eachFunction(func(_ string, f any) bool { return tftest.At(f, "all_traffic_on_latest_revision") == true })
	}},
	{"a flood costs no more than the ceilings", func(p plan) string {
		return p.eachFunction(func(_ string, f any) bool { return tftest.Number(tftest.Text(f, "max_instance_count")) >= 1 })
	}},
	{"concurrent requests have a whole CPU, and those of ingest memory for their bodies eight times over", func(p plan) string {
		return p.eachFunction(func(name string, f any) bool {
			memory := tftest.Number(strings.TrimSuffix(tftest.Text(f, "available_memory"), "Mi")) * (1 << 20)
			at := tftest.Number(tftest.Text(f, "max_instance_request_concurrency"))
			return at > 1 && tftest.Number(tftest.Text(f, "available_cpu")) >= 1 && (name != "ingest" || 8*at*tftest.Number(tftest.Text(p.env(name), "MAX_BODY_BYTES")) <= memory)
		})
	}},
	{"ingest outlives its own budget, no platform waits for more than 10 s, and the handler of a message has its time", func(p plan) string {
		return p.eachFunction(func(name string, f any) bool {
			timeout := tftest.Number(tftest.Text(f, "timeout_seconds"))
			if name == "ingest" {
				return timeout > ingest.Budget.Seconds() && timeout <= 10
			}
			return timeout > worker.RecordBudget.Seconds()
		})
	}},
	{"no trigger reads a topic: its subscription would have no dead letters", func(p plan) string {
		return p.each("cloudfunctions2_function", func(_ string, f any) bool { return len(tftest.List(f, "event_trigger")) == 0 })
	}},
	{"ingest and outbound have one secret each, in its latest version, where they look; worker has none, and no environment has", func(p plan) string {
		return p.eachFunction(func(name string, f any) bool {
			for variable := range p.env(name) {
				if strings.HasSuffix(variable, "SECRET") || strings.Contains(variable, "TOKEN") || strings.Contains(variable, "PASSWORD") || strings.Contains(variable, "_KEY") {
					return false
				}
			}
			secret := map[string]string{"ingest": "webhook", "outbound": "outbound"}[name]
			looks := map[string]string{"ingest": "SECRETS_DIR", "outbound": "OUTBOUND_SECRETS_DIR"}[name]
			volume := tftest.At(f, "secret_volumes", 0)
			return len(tftest.List(f, "secret_environment_variables")) == 0 && (secret == "") == (volume == nil) && len(tftest.List(f, "secret_volumes")) <= 1 &&
				(secret == "" || tftest.Text(volume, "secret") == "demo-"+secret && tftest.Text(volume, "mount_path") == tftest.Text(p.env(name)[looks]) &&
					tftest.Text(volume, "versions", 0, "version") == "latest" && tftest.Text(volume, "versions", 0, "path") == secret)
		})
	}},
	{"a variable or an output that is called after a topic, subscription, secret or database is about that", func(p plan) string {
		outputs := map[string]any{}
		for name, value := range p.outputs {
			outputs[name] = value
		}
		return p.eachFunction(func(name string, _ any) bool { return calledAfter(p.env(name)) }) + no(calledAfter(outputs))
	}},
	{"what two functions are told under one name is the same; operators are told the same, too", func(p plan) string {
		for _, function := range []string{"ingest", "outbound"} {
			for name, value := range p.env(function) {
				if other, both := p.env("worker")[name]; both && other != value {
					return name
				}
			}
		}
		for pair := range strings.FieldsSeq(strings.TrimPrefix(p.outputs["operator"], "export ")) {
			name, value, _ := strings.Cut(pair, "=")
			if value != tftest.Text(p.env("worker")[name]) && value != tftest.Text(p.env("ingest")[name]) {
				return pair
			}
		}
		return no(strings.HasPrefix(p.outputs["operator"], "export "))
	}},
	{"functions take their settings", func(p plan) string {
		_, err := handlers.SettingsFromEnv(p.getenv("worker"))
		_, outboundErr := calls.SettingsFromEnv(p.getenv("outbound"))
		_, ingestErr := providers.Configured(p.getenv("ingest"))
		return no(err == nil && outboundErr == nil && ingestErr == nil)
	}},

	// Subscriptions.
	{"a subscription pushes to its function's own address, with a token for it, in the envelope that counts tries", func(p plan) string {
		return p.eachPushed(func(name, s, function string) bool {
			uri := tftest.Text(p.function(function), "uri")
			return p.text(s, "topic") == p.text("pubsub_topic."+name, "id") && uri != "" && p.text(s, "push_config", 0, "push_endpoint") == uri &&
				p.text(s, "push_config", 0, "oidc_token", 0, "audience") == uri && p.text(s, "push_config", 0, "oidc_token", 0, "service_account_email") == "demo-push"+account &&
				p.text(s, "push_config", 0, "no_wrapper", 0) == ""
		})
	}},
	{"a message is not handed out again while its first try may still write, for six timeouts", func(p plan) string {
		return p.eachPushed(func(_, s, function string) bool {
			timeout := tftest.Number(tftest.Text(p.function(function), "timeout_seconds"))
			return timeout > 0 && p.number(s, "ack_deadline_seconds") >= 6*timeout
		})
	}},
	{"a message is not pushed again at once, and by outbound no sooner than after a minute", func(p plan) string {
		return p.eachPushed(func(name, s, _ string) bool {
			return p.number(s, "retry_policy", 0, "minimum_backoff") >= map[string]float64{"events": 1, "outbound": 60}[name]
		})
	}},
	{"a message becomes a dead letter in the end, not for pushes that found no free instance", func(p plan) string {
		return p.eachPushed(func(_, s, _ string) bool {
			return p.text(s, "dead_letter_policy", 0, "dead_letter_topic") == p.text("pubsub_topic.dead_letters", "id") && p.number(s, "dead_letter_policy", 0, "max_delivery_attempts") >= 10
		})
	}},
	{"dead letters are kept longer than what they come from, and nothing takes them", func(p plan) string {
		dead := "pubsub_subscription.dead_letters"
		return p.eachPushed(func(_, s, _ string) bool {
			kept := p.number(s, "message_retention_duration")
			return kept > 0 && p.number(dead, "message_retention_duration") > kept
		}) + no(p.text(dead, "push_config", 0) == "" && p.text(dead, "topic") == p.text("pubsub_topic.dead_letters", "id"))
	}},
	{"no subscription expires or leaves anything out", func(p plan) string {
		return p.each("pubsub_subscription", func(_ string, s any) bool {
			return len(tftest.List(s, "expiration_policy")) == 1 && tftest.Text(s, "expiration_policy", 0, "ttl") == "" && tftest.Text(s, "filter") == ""
		})
	}},
	{"what runs, waits and is kept stays in the region", func(p plan) string {
		broken := ""
		for kind, path := range map[string][]any{
			"cloudfunctions2_function": {"location"}, "pubsub_topic": {"message_storage_policy", 0, "allowed_persistence_regions", 0}, "firestore_database": {"location_id"},
			"secret_manager_secret": {"replication", 0, "user_managed", 0, "replicas", 0, "location"}, "artifact_registry_repository": {"location"},
		} {
			broken += p.each(kind, func(_ string, after any) bool { return tftest.Text(after, path...) == region })
		}
		return broken + no(strings.EqualFold(p.text("storage_bucket.source", "location"), region))
	}},

	// Storage.
	{"the ledger can be restored to any minute, and Terraform forgets no database", func(p plan) string {
		return p.each("firestore_database", func(_ string, d any) bool {
			return tftest.Text(d, "type") == "FIRESTORE_NATIVE" && tftest.Text(d, "point_in_time_recovery_enablement") == "POINT_IN_TIME_RECOVERY_ENABLED" && tftest.Text(d, "deletion_policy") == "DELETE"
		})
	}},
	{"what grows, changes or is large has no index", func(p plan) string {
		for _, field := range unindexed {
			f := p.resources[`firestore_field.unindexed["`+field+`"]`]
			if tftest.Text(f, "collection")+"/"+tftest.Text(f, "field") != field || len(tftest.List(f, "index_config")) != 1 || len(tftest.List(f, "index_config", 0, "indexes")) != 0 {
				return field
			}
		}
		return ""
	}},
	{"statements are found by account, oldest first, records by kind, newest first", func(p plan) string {
		return no(fields(p.resources["firestore_index.statements"]) == "entries account ASCENDING time ASCENDING" &&
			fields(p.resources["firestore_index.records"]) == "records kind ASCENDING time DESCENDING")
	}},
	{"the source is public to none", func(p plan) string {
		return no(p.text("storage_bucket.source", "public_access_prevention") == "enforced")
	}},
	{"a secret that is destroyed by mistake can be had back", func(p plan) string {
		return p.each("secret_manager_secret", func(_ string, s any) bool { return tftest.Number(tftest.Text(s, "version_destroy_ttl")) > 0 })
	}},

	// Alerts.
	{"an alert is heard, on, closed again, and has one condition and its section of the runbook", func(p plan) string {
		return p.each("monitoring_alert_policy", func(_ string, a any) bool {
			return len(tftest.List(a, "notification_channels")) > 0 && tftest.At(a, "enabled") != false && tftest.Text(a, "alert_strategy", 0, "auto_close") != "" &&
				len(tftest.List(a, "conditions")) == 1
		}) + p.eachAlert("", func(string, any, any) bool { return true })
	}},
	{"every code has an alert: a page rings by the line, for a metric may be ten minutes late", func(p plan) string {
		for _, code := range slices.Concat(tftest.Codes, []string{"403", "429", "5XX-ANY", "REF", "AGE", "AGE-OUTBOUND", "LAG", "DLQ"}) {
			if p.resources[`monitoring_alert_policy.codes["`+code+`"]`] == nil {
				return code
			}
		}
		return p.eachAlert("query_language", func(_ string, a, _ any) bool { return tftest.Text(a, "severity") != "CRITICAL" })
	}},
	{"an alert on lines has a rate limit, and no other has", func(p plan) string {
		limited := func(want bool) func(string, any, any) bool {
			return func(_ string, a, _ any) bool {
				return (tftest.Text(a, "alert_strategy", 0, "notification_rate_limit", 0) != "") == want
			}
		}
		return p.eachAlert("matched_log", limited(true)) + p.eachAlert("query_language", limited(false)) + p.eachAlert("threshold", limited(false))
	}},
	{"a first apply goes through: no metric of its own is looked for, and every filter says which resource it is about", func(p plan) string {
		own := func(_ string, _, c any) bool {
			filter := tftest.Text(c, "filter")
			return strings.HasPrefix(filter, "resource.type = ") && !strings.Contains(filter, "logging.googleapis.com/user/")
		}
		return p.eachAlert("matched_log", own) + p.eachAlert("threshold", own) +
			p.eachAlert("query_language", func(_ string, _, c any) bool { return tftest.At(c, "disable_metric_validation") == true })
	}},
	{"an alert rings above its threshold and at once; a page looks every minute, and the largest number counts", func(p plan) string {
		return p.eachAlert("threshold", func(_ string, a, c any) bool {
			return tftest.Text(c, "comparison") == "COMPARISON_GT" && tftest.Text(c, "duration") == "0s" && (tftest.Text(a, "severity") != "CRITICAL" || tftest.Text(c, "aggregations", 0, "alignment_period") == "60s") &&
				tftest.Text(c, "aggregations", 0, "per_series_aligner") == "ALIGN_MAX" && tftest.Text(c, "aggregations", 0, "cross_series_reducer") == "REDUCE_MAX"
		}) + p.eachAlert("query_language", func(_ string, _, c any) bool {
			return tftest.Text(c, "duration") == "0s" && tftest.Text(c, "evaluation_interval") == "60s"
		})
	}},
	{"AGE rings before messages become dead letters, and LAG before it", func(p plan) string {
		threshold := func(code string) float64 {
			return p.number(`monitoring_alert_policy.codes["`+code+`"]`, "conditions", 0, "condition_threshold", 0, "threshold_value")
		}
		return p.eachPushed(func(name, s, _ string) bool { // by the eighth try the back-off has grown to its longest
			tries := p.number(s, "dead_letter_policy", 0, "max_delivery_attempts") - 7
			return threshold(map[string]string{"events": "AGE", "outbound": "AGE-OUTBOUND"}[name]) < tries*p.number(s, "retry_policy", 0, "maximum_backoff")
		}) + no(threshold("LAG") > 0 && threshold("LAG") < threshold("AGE-OUTBOUND") && threshold("AGE") > 0)
	}},
	{"a metric that counts lines is a counter", func(p plan) string {
		return p.each("logging_metric", func(_ string, m any) bool {
			return tftest.Text(m, "metric_descriptor", 0, "metric_kind") == "DELTA" && tftest.Text(m, "metric_descriptor", 0, "value_type") == "INT64"
		})
	}},
	{"the dashboard says no 0 and no empty list: Monitoring gives back none, and each plan would change it", func(p plan) string {
		var board any
		_ = json.Unmarshal([]byte(p.text("monitoring_dashboard.pipeline", "dashboard_json")), &board)
		return no(board != nil && !nothing(board))
	}},
}

// byDefault holds where nothing is configured.
var byDefault = []invariant{
	{"deleting the ledger or a secret takes two steps", func(p plan) string {
		return p.each("firestore_database", func(_ string, d any) bool {
			return tftest.Text(d, "delete_protection_state") == "DELETE_PROTECTION_ENABLED"
		}) +
			p.each("secret_manager_secret", func(_ string, s any) bool { return tftest.At(s, "deletion_protection") == true })
	}},
	{"settings are the defaults of the code", func(p plan) string {
		worker, _ := handlers.SettingsFromEnv(p.getenv("worker"))
		workerDefault, _ := handlers.SettingsFromEnv(tftest.Unset)
		outbound, _ := calls.SettingsFromEnv(p.getenv("outbound"))
		outboundDefault, _ := calls.SettingsFromEnv(tftest.Unset)
		return no(reflect.DeepEqual(worker, workerDefault) && reflect.DeepEqual(outbound, outboundDefault) && p.env("ingest")["MAX_BODY_BYTES"] == fmt.Sprint(ingest.DefaultMaxBody))
	}},
	{"the runtime is the Go of go.mod", func(p plan) string {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.GoVersion}}").Output()
		version := strings.Split(strings.TrimSpace(string(out))+"..", ".")
		return no(err == nil) + p.each("cloudfunctions2_function", func(_ string, f any) bool {
			return tftest.Text(f, "build_config", 0, "runtime") == "go"+version[0]+version[1]
		})
	}},
	{"the log of the whole project stays as it is", func(p plan) string {
		return no(p.resources["logging_project_bucket_config.default[0]"] == nil)
	}},
	{"alerts go to the mailbox", func(p plan) string {
		return no(p.text("monitoring_notification_channel.email[0]", "labels", "email_address") == "oncall@example.com")
	}},
}

// withOptions holds where every option is taken.
var withOptions = []invariant{
	{"what is at rest is under the key", func(p plan) string {
		const key = "projects/acme-demo/locations/europe-west1/keyRings/r/cryptoKeys/k"
		return p.each("pubsub_topic", func(_ string, t any) bool { return tftest.Text(t, "kms_key_name") == key }) +
			p.each("firestore_database", func(_ string, d any) bool { return tftest.Text(d, "cmek_config", 0, "kms_key_name") == key }) +
			p.each("secret_manager_secret", func(_ string, s any) bool {
				return tftest.Text(s, "replication", 0, "user_managed", 0, "replicas", 0, "customer_managed_encryption", 0, "kms_key_name") == key
			})
	}},
	{"an organisation that forbids allUsers can deploy", func(p plan) string {
		return no(!strings.Contains(fmt.Sprint(p.resources), "allUsers"))
	}},
	{"numbers of instances are those that were asked for", func(p plan) string {
		number := func(function, what string) string { return tftest.Text(p.function(function), what) }
		return no(number("ingest", "min_instance_count") == "1" && number("ingest", "max_instance_count") == "100" &&
			number("worker", "max_instance_count") == "2" && number("outbound", "max_instance_count") == "1")
	}},
	{"logs of the project, which go to its bucket _Default, are kept as long as was asked for", func(p plan) string {
		bucket := "logging_project_bucket_config.default[0]"
		return no(p.text(bucket, "bucket_id") == "_Default" && p.text(bucket, "location") == "global" && p.text(bucket, "retention_days") == "90")
	}},
	{"an environment can be torn down", func(p plan) string {
		return no(p.text("firestore_database.ledger", "delete_protection_state") == "DELETE_PROTECTION_DISABLED") +
			p.each("secret_manager_secret", func(_ string, s any) bool { return tftest.At(s, "deletion_protection") == false })
	}},
	{"the fork's channels are used, its runbook linked and its labels set", func(p plan) string {
		return p.each("monitoring_alert_policy", func(_ string, a any) bool {
			return slices.Equal(tftest.Texts(a, "notification_channels"), []string{"projects/acme-demo/notificationChannels/2"}) && strings.Contains(tftest.Text(a, "documentation", 0, "content"), " https://example.com/runbook#") &&
				tftest.Text(a, "user_labels", "team") == "credits"
		}) + p.each("pubsub_topic", func(_ string, t any) bool { return tftest.Text(t, "labels", "team") == "credits" })
	}},
}

func TestPolicies(t *testing.T) {
	for run, own := range map[string][]invariant{"defaults": byDefault, "options": withOptions} {
		p := planOf(t, run)
		for _, i := range slices.Concat(always, own) {
			if broken := i.broken(p); broken != "" {
				t.Errorf("%s: not so: %s: %s", run, i.name, broken)
			}
		}
	}
}

// Every alert links a section of the runbook that is there.
func TestRunbook(t *testing.T) {
	planOf(t, "defaults").eachAlert("", func(name string, a, _ any) bool {
		code, _, _ := strings.Cut(strings.ToLower(name), "-") // AGE-OUTBOUND is about AGE
		tftest.CheckLink(t, name, tftest.Text(a, "documentation", 0, "content"), root, code)
		return true
	})
}

// Alerts on ages and numbers of messages are about the queues they are called after.
func TestThresholds(t *testing.T) {
	p := planOf(t, "defaults")
	for code, about := range map[string][2]string{
		"AGE": {"oldest_unacked_message_age", "events"}, "AGE-OUTBOUND": {"oldest_unacked_message_age", "outbound"},
		"LAG": {"oldest_unacked_message_age", "outbound"}, "DLQ": {"num_undelivered_messages", "dead-letters"},
	} {
		filter := p.text(`monitoring_alert_policy.codes["`+code+`"]`, "conditions", 0, "condition_threshold", 0, "filter")
		for _, metric := range []string{"oldest_unacked_message_age", "num_undelivered_messages"} {
			for _, queue := range []string{"events", "outbound", "dead-letters"} {
				e := object{"metric": object{"type": "pubsub.googleapis.com/subscription/" + metric}, "resource": object{"type": "pubsub_subscription", "labels": object{"subscription_id": "demo-" + queue}}}
				if matches(t, filter, e) != (about == [2]string{metric, queue}) {
					t.Errorf("%s and the %s of %s", code, metric, queue)
				}
			}
		}
	}
}

func no(holds bool) string {
	if holds {
		return ""
	}
	return "no"
}

// fields of an index, after its collection.
func fields(index any) string {
	all := []string{tftest.Text(index, "collection")}
	for _, f := range tftest.List(index, "fields") {
		all = append(all, tftest.Text(f, "field_path"), tftest.Text(f, "order"))
	}
	return strings.Join(all, " ")
}

// calledAfter: EVENTS_TOPIC and events_topic are about the topic events.
func calledAfter(values map[string]any) bool {
	for variable, value := range values {
		for _, end := range []string{"_topic", "_subscription", "_secret"} {
			name, ok := strings.CutSuffix(strings.ToLower(variable), end)
			text := tftest.Text(value)
			if ok && text[strings.LastIndexByte(text, '/')+1:] != "demo-"+strings.ReplaceAll(name, "_", "-") {
				return false
			}
		}
		if strings.HasSuffix(strings.ToLower(variable), "database") && value != "demo" {
			return false
		}
	}
	return true
}

// nothing says whether there is a 0 or an empty list anywhere.
func nothing(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), nothing)
	case []any:
		return len(v) == 0 || slices.ContainsFunc(v, nothing)
	}
	return v == 0.0
}
