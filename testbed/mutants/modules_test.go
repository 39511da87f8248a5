//go:build mutants

package mutants

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
)

// edit replaces a text of a file everywhere.
type edit struct{ file, from, to string }

// mutant is one change of a cloud's descriptions, and the words of the test that finds
// it. All of a cloud's are made together: a
// run of Terraform takes its time.
type mutant struct {
	found string
	edits []edit
}

const (
	template = "template.yaml"
	aws      = "terraform/aws/"
	gcp      = "terraform/gcp/"
)

var awsMutants = []mutant{
	{"a message stays hidden for six timeouts", []edit{{template, "VisibilityTimeout: 180", "VisibilityTimeout: 100"}, {aws + "queues.tf", "= 6 * local.", "= 100 / 30 * local."}}},
	{"dead letters are kept longer", []edit{{template, "1209600", "345600"}, {aws + "queues.tf", "14 * 86400", "4 * 86400"}}},
	{"each table can be restored", []edit{{template, "PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"}, {aws + "storage.tf", "enabled = true\n  }\n\n  dyn", "enabled = false\n  }\n\n  dyn"}}},
	{"a queue takes TLS only", []edit{{template, `"aws:SecureTransport": "false"`, `"aws:SecureTransport": "true"`}, {aws + "queues.tf", `"aws:SecureTransport" = "false"`, `"aws:SecureTransport" = "true"`}}},
	{"a queue is encrypted", []edit{{template, "!Ref AWS::NoValue, true]", "!Ref AWS::NoValue, false]"}, {aws + "queues.tf", "? true : null", "? false : null"}}},
	{"a body at the cap fits", []edit{{template, "BodyBytes: 184320", "BodyBytes: 262144"}, {aws + "queues.tf", "* 45 / 64", "* 64 / 64"}}},
	{"ingest outlives its own budget", []edit{{template, "Timeout: 5\n", "Timeout: 3\n"}, {aws + "ingest.tf", "= 5\n", "= 3\n"}}},
	{"a role may do what its function does", []edit{{template, "[sqs:SendMessage]", "['sqs:*']"}, {aws + "ingest.tf", `["sqs:SendMessage"]`, `["sqs:*"]`}}},
	{"each names what failed", []edit{{template, "FunctionResponseTypes: [ReportBatchItemFailures]", "FunctionResponseTypes: []"}, {aws + "worker.tf", `["ReportBatchItemFailures"]`, `[]`}}},
	{"an alarm is heard", []edit{{template, "TreatMissingData: notBreaching", "TreatMissingData: breaching"}, {aws + "observability.tf", `"notBreaching"`, `"breaching"`}}},
	{"alarm CON links", []edit{{template, "#con\"", "#cone\""}}},
	{"no platform obliged", []edit{{template, `-REF-oblic"`, `-REF-obliged"`}}},
	{"/function/worker/memory", []edit{{aws + "worker.tf", "memory_size      = 256", "memory_size      = 512"}}},
	{"tables cannot be deleted by accident", []edit{{template, "DeletionProtection:\n    Type: String\n    Default: \"true\"", "DeletionProtection:\n    Type: String\n    Default: \"false\""}}},
	{"docs/aws-deployer.json does not grant", []edit{{"docs/aws-deployer.json", `"sqs:CreateQueue", `, ""}}},
	{"does not wait for aws_lambda_function_url.ingest", []edit{{aws + "ingest.tf", "depends_on = [aws_lambda_function_url.ingest]", ""}}},
	{"outbound may", []edit{{template, "dynamodb:LeadingKeys", "dynamodb:LeadingKey"}}},
	{"EXCLUDE_SIMULATED of WorkerFunction is set from", []edit{{template, "EXCLUDE_SIMULATED: !Ref ExcludeSimulated", "EXCLUDE_SIMULATED: !Ref AccountPerProject"}}},
	{"tags are not application=", []edit{{"samconfig.toml", "application=webhooks-dev", "application=webhooks"}}},
	{"no table forgets", []edit{{template, "TableName: !Sub ${AWS::StackName}-ledger", "TimeToLiveSpecification: {AttributeName: expires, Enabled: true}\n      TableName: !Sub ${AWS::StackName}-ledger"}, {aws + "storage.tf", "hash_key                    = \"pk\"", "ttl {\n    attribute_name = \"expires\"\n    enabled = true\n  }\n  hash_key = \"pk\""}}},
	{"ingest may be invoked through its URL", []edit{{template, "      InvokedViaFunctionUrl: true\n", ""}, {aws + "ingest.tf", "InvokedViaFunctionUrl = true\n", "\n"}}},
	{"counted", []edit{{template, "{ $.code = * }", "{ $.cause = * }"}}},
	{"no environment holds a secret", []edit{{template, "TARIFF: !Ref Tariff\n          END", "GABBER_API_KEY: key\n          TARIFF: !Ref Tariff\n          END"}}},
	{"unknown unit of time: refused false", []edit{{template, "(s|ms|rfc3339)", "[a-z0-9]+"}}},
	{"the schemes are not joined", []edit{{aws + "schemes.tf", `join("; ", [`, `join(" ", [`}}},
	{"UpdateReplacePolicy is", []edit{{template, "UpdateReplacePolicy: Retain", "UpdateReplacePolicy: Delete"}}},
}

var gcpMutants = []mutant{
	{"for six timeouts", []edit{{gcp + "queues.tf", "ack_deadline_seconds = 600", "ack_deadline_seconds = 60"}}},
	{"dead letters are kept longer", []edit{{gcp + "queues.tf", "= 14 * 86400", "= 7 * 86400"}}},
	{"no subscription expires", []edit{{gcp + "queues.tf", `ttl = ""`, `ttl = "2678400s"`}}},
	{"no sooner than after a minute", []edit{{gcp + "queues.tf", `minimum_backoff = "60s"`, `minimum_backoff = "30s"`}}},
	{"pushes to its function's own address", []edit{{gcp + "queues.tf", "audience              = google_cloudfunctions2_function.worker.service_config[0].uri", `audience = "worker"`}}},
	{"the ledger can be restored", []edit{{gcp + "storage.tf", "RECOVERY_ENABLED", "RECOVERY_DISABLED"}}},
	{"google_firestore_field.quick: documents that expire", []edit{{gcp + "storage.tf", "# Lists of records", "resource \"google_firestore_field\" \"quick\" {\n  collection = \"entries\"\n  field = \"expires\"\n  ttl_config {}\n}\n#"}}},
	{"what grows, changes or is large", []edit{{gcp + "storage.tf", `"entries/time", `, ""}}},
	{"nothing else does to anything", []edit{{gcp + "worker.tf", "ALLOW_INTERNAL_ONLY", "ALLOW_ALL"}}},
	{"+ allUsers: roles/run.invoker on demo-worker", []edit{{gcp + "worker.tf", "= google_service_account.push.member", `= "allUsers"`}}},
	{"+ roles/demo_bookkeeper: datastore.entities.delete", []edit{{gcp + "worker.tf", `"datastore.entities.get",`, `"datastore.entities.get", "datastore.entities.delete",`}}},
	{"runs as an account of its own", []edit{{gcp + "outbound.tf", "service_account_email = google_service_account.outbound.email", "service_account_email = google_service_account.worker.email"}}},
	{"an alert is heard", []edit{{gcp + "observability.tf", "notification_channels = local.channels", "notification_channels = []"}}},
	{"links", []edit{{gcp + "observability.tf", `#${lower(split("-", each.key)[0])}`, `#${each.key}`}}},
	{"a first apply goes through", []edit{{gcp + "observability.tf", "disable_metric_validation = true", "disable_metric_validation = false"}}},
	{"demo-outbound with the code", []edit{{gcp + "observability.tf", ` OR \"${google_cloudfunctions2_function.outbound.name}\"`, ""}}},
	{`want "403 rings"`, []edit{{gcp + "observability.tf", "(httpRequest.status = 401 OR httpRequest.status = 403) AND textPayload:*", "httpRequest.status = 404"}}},
	{"does not wait for google_pubsub_subscription.events", []edit{{gcp + "ingest.tf", "    google_pubsub_subscription.events,\n", ""}}},
	{"delete, create, and its function: update", []edit{{gcp + "ingest.tf", "[google_cloudfunctions2_function.ingest.id]", "[google_cloudfunctions2_function.ingest]"}}},
	{"AGE and the oldest_unacked_message_age of events", []edit{{gcp + "observability.tf", `oldest_unacked_message_age\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.events.name}`, `byte_cost\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.events.name}`}}},
	{"numbers that came ten minutes late", []edit{{gcp + "observability.tf", `, "[5m] offset 10m"`, ""}}},
	{"deleting the ledger or a secret takes two steps", []edit{{gcp + "storage.tf", "var.deletion_protection ?", "!var.deletion_protection ?"}}},
	{"no platform obliged", []edit{{gcp + "observability.tf", "    \"oblic\",\n", "    \"obliged\",\n"}}},
	{"memory for their bodies eight times over", []edit{{gcp + "ingest.tf", "max_instance_request_concurrency = 80", "max_instance_request_concurrency = 1000"}}},
	{"TARIFF of google_cloudfunctions2_function.outbound is set from", []edit{{gcp + "outbound.tf", "= var.tariff", `= "conversational_seconds=2"`}}},
	{"time_that_is_not_signed", []edit{{gcp + "schemes.tf", `strcontains(text, { time = "{timestamp}", id = "{id}" }[item[0]])`, "true"}}},
	{"would switch the API off", []edit{{gcp + "versions.tf", "disable_on_destroy = false", "disable_on_destroy = true"}}},
}

// What a fork may change, consistently in both descriptions of AWS.
var harmless = []mutant{{"", []edit{
	{template, "BatchSize: 10\n            # Without", "BatchSize: 5\n            # Without"}, {aws + "worker.tf", "batch_size       = 10", "batch_size       = 5"},
	{template, "Threshold: 5\n", "Threshold: 10\n"}, {aws + "observability.tf", "threshold = 5,", "threshold = 10,"},
	{template, "MemorySize: 256", "MemorySize: 512"},
	{aws + "ingest.tf", "memory_size = 256", "memory_size = 512"}, {aws + "worker.tf", "memory_size      = 256", "memory_size      = 512"}, {aws + "outbound.tf", "memory_size      = 256", "memory_size      = 512"},
	{template, "A balance fell below zero.", "An account is below zero."}, {aws + "observability.tf", "A balance fell below zero.", "An account is below zero."},
	{gcp + "worker.tf", "concurrency = 10", "concurrency = 20"}, {gcp + "outbound.tf", "concurrency = 10", "concurrency = 20"},
	{gcp + "queues.tf", "= 7 * 86400", "= 6 * 86400"},
	{gcp + "observability.tf", "A balance fell below zero.", "An account is below zero."}, {gcp + "observability.tf", "threshold = 4,", "threshold = 9,"},
}}}

func TestModules(t *testing.T) {
	for name, row := range map[string]struct {
		folder  string
		mutants []mutant
	}{
		"aws":           {aws, awsMutants},
		"gcp":           {gcp, gcpMutants},
		"aws, harmless": {aws, harmless},
		"gcp, harmless": {gcp, harmless},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := copyTree(t)
			if _, err := os.Stat(filepath.Join(tree, row.folder)); err != nil {
				t.Skip("this cloud was dropped")
			}
			made := slices.DeleteFunc(slices.Clone(row.mutants), func(m mutant) bool { return !m.make(t, tree) })
			command := exec.Command("go", "test", "-count=1", "./"+row.folder+"policytest")
			command.Dir = tree
			out, err := command.CombinedOutput()
			if damaged := row.mutants[0].found != ""; damaged == (err == nil) {
				t.Errorf("damaged: %t, and the tests say: %v", damaged, err)
			}
			for _, m := range made {
				if !strings.Contains(string(out), m.found) {
					t.Errorf("not found: %q, of %v", m.found, m.edits)
				}
			}
			if t.Failed() {
				t.Logf("%s", out)
			}
		})
	}
}

// make makes a mutant, unless the tree, a fork's, has no longer what it would damage.
func (m mutant) make(t *testing.T, tree string) (made bool) {
	t.Helper()
	for _, e := range m.edits {
		name := filepath.Join(tree, e.file)
		before, err := os.ReadFile(name)
		after := strings.ReplaceAll(string(before), e.from, e.to)
		if err != nil || after == string(before) {
			if t.Logf("%s: there is no %q", e.file, e.from); toolstest.Required() {
				t.Fail()
			}
			continue
		}
		if err := os.WriteFile(name, []byte(after), 0o644); err != nil {
			t.Fatal(err)
		}
		made = true
	}
	return made
}

// copyTree copies what belongs to the repository; its tools are linked.
func copyTree(t *testing.T) string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = "../.."
	names, err := list.Output()
	if err != nil {
		t.Skip("no git, or no clone")
	}
	tree := t.TempDir()
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		from, to := filepath.Join("../..", name), filepath.Join(tree, name)
		info, err := os.Lstat(from)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		content, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o755)
		}
		if err == nil {
			err = os.WriteFile(to, content, info.Mode())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	tools, err := filepath.Abs("../../.tools")
	if err == nil {
		if _, err := os.Stat(tools); err != nil {
			return tree // what needs them skips
		}
		err = os.Symlink(tools, filepath.Join(tree, ".tools"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
