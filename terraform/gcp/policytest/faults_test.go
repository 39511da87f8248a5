package policytest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// faults are edits that somebody could make, and the words that stop them.
var faults = []struct{ file, from, to, found string }{
	{"queues.tf", `retention = 7 * 86400`, `retention = 86400`, "Events must survive a week"},
	{"queues.tf", `ack_deadline_seconds = 600`, `ack_deadline_seconds = 60`, "must be the longest there is"},
	{"queues.tf", `ttl = ""`, `ttl = "2678400s"`, "A subscription that expires"},
	{"queues.tf", `audience              = google_cloudfunctions2_function.worker.service_config[0].uri`, `audience = "worker"`, "a token with another audience"},
	{"queues.tf", `minimum_backoff = "10s"`, `minimum_backoff = "0s"`, "Without a retry policy"},
	{"queues.tf", `max_delivery_attempts = 100`, `max_delivery_attempts = 5`, "would bury innocents"},
	{"queues.tf", `"roles/pubsub.subscriber"`, `"roles/pubsub.viewer"`, "may not acknowledge the events it moves"},
	{"queues.tf", `gcp-sa-pubsub`, `gcp-sa-eventarc`, "not Pub/Sub's service agent"},
	{"queues.tf", `dead_letters_retention = 14`, `dead_letters_retention = 7`, "Dead letters are kept 14 days"},
	{"ingest.tf", `timeout_seconds = 10`, `timeout_seconds = 60`, "No platform waits longer"},
	{"ingest.tf", `version = "latest"`, `version = "1"`, "makes a rotation a deployment"},
	{"ingest.tf", `SECRETS_DIR          = local.secrets_dir`, `SECRETS_DIR = "/etc"`, "mounted where the function does not look"},
	{"ingest.tf", `"Ingest"`, `"ingest"`, "the names that the functions register"},
	{"worker.tf", `"ALLOW_INTERNAL_ONLY"`, `"ALLOW_ALL"`, "A forged push must not even arrive"},
	{"worker.tf", `member   = google_service_account.push.member`, `member = "allUsers"`, "The push account, and nobody else"},
	{"worker.tf", `"datastore.entities.get",`, `"datastore.entities.get", "datastore.entities.delete",`, "must not be able to delete entries"},
	{"worker.tf", `"datastore.entities.list",`, `"datastore.entities.list", "datastore.databases.update",`, "+ roles/demo_bookkeeper: datastore.databases.update"},
	{"worker.tf", `"datastore.entities.create",`, `"datastore.databases.get", "datastore.entities.create",`, "+ roles/demo_bookkeeper: datastore.databases.get"},
	{"worker.tf", `databases/${google_firestore_database.ledger.name}`, `databases/*`, "must end at its own database"},
	{"queues.tf", `ack_deadline_seconds       = 600`, `ack_deadline_seconds = 360`, "Outbound's ack deadline"},
	{"queues.tf", "maximum_backoff = \"600s\"\n  }\n\n  dead_letter_policy", "maximum_backoff = \"60s\"\n  }\n\n  dead_letter_policy", "An outage of a platform's API takes hours"},
	{"queues.tf", `minimum_backoff = "60s"`, `minimum_backoff = "30s"`, "no sooner than after a minute"},
	{"queues.tf", `audience              = google_cloudfunctions2_function.outbound.service_config[0].uri`, `audience = "outbound"`, "with a token for outbound"},
	{"outbound.tf", `"Outbound"`, `"outbound"`, "the names that the functions register"},
	{"outbound.tf", `"ALLOW_INTERNAL_ONLY"`, `"ALLOW_ALL"`, "A forged follow-up must not even arrive"},
	{"outbound.tf", `member   = google_service_account.push.member`, `member = "allAuthenticatedUsers"`, "The push account, and nobody else, calls outbound"},
	{"outbound.tf", `timeout_seconds = 60`, `timeout_seconds = 540`, "while its first try may still call"},
	{"outbound.tf", `secret     = google_secret_manager_secret.outbound.secret_id`, `secret = google_secret_manager_secret.webhook.secret_id`, "and no other secret"},
	{"outbound.tf", `path    = "outbound"`, `path = "keys"`, "where outbound does not look"},
	{"outbound.tf", `secret_id = google_secret_manager_secret.outbound.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.outbound.member`, `secret_id = google_secret_manager_secret.outbound.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.worker.member`, "+ demo-worker: roles/secretmanager.secretAccessor on secrets/demo-outbound"},
	{"outbound.tf", `TARIFF                 = var.tariff`, `TARIFF = "conversational_seconds=2"`, "limited by another"},
	{"secrets.tf", "outbound\"\n  labels              = local.labels\n  deletion_protection = var.deletion_protection", "outbound\"\n  labels = local.labels\n  deletion_protection = false", "API keys destroyed by mistake"},
	{"observability.tf", `API = { page = true`, `API = { page = false`, "These wake somebody up"},
	{"observability.tf", `threshold = 300`, `threshold = 3600`, "LAG is five minutes"},
	{"observability.tf", ` OR \"${google_cloudfunctions2_function.outbound.name}\"`, ``, "The log of a function is not heard"},
	{"observability.tf", ` AND log_id(\"run.googleapis.com/requests\")`, ``, "in the request log only"},
	{"observability.tf", `httpRequest.status = 429"`, `httpRequest.status = 503"`, "429 or 5XX rings for other statuses"},
	{"observability.tf", ` AND (httpRequest.status != 503 OR textPayload:*)`, ``, "a stranger who knocks where no platform is configured"},
	{"observability.tf", `status=~\"5..\"`, `status=\"429\"`, "deliveries of a platform without a secret are lost"},
	{"observability.tf", `jsonPayload.code = \"${code}\"`, `jsonPayload.code = \"CFG\"`, "A page looks at another code"},
	{"observability.tf", `period = "300s"`, `period = "3600s"`, "without a rate limit"},
	{"storage.tf", `"POINT_IN_TIME_RECOVERY_ENABLED"`, `"POINT_IN_TIME_RECOVERY_DISABLED"`, "no way back from a mistake"},
	{"storage.tf", `var.deletion_protection ?`, `!var.deletion_protection ?`, "Deleting the books must take two steps"},
	{"storage.tf", "ignore_changes = [cmek_config]", "ignore_changes = []", "deleted and made anew, empty"},
	{"storage.tf", `"entries/time", `, ``, "An index on an ever growing field"},
	{"storage.tf", `index_config {} # empty: no index`, "index_config {}\n  ttl_config {}", "An entry that expires is a second charge"},
	{"observability.tf", `CFG = { page = true`, `CFG = { page = false`, "These wake somebody up"},
	{"observability.tf", `notification_channels = local.channels`, `notification_channels = []`, "An alert that nobody hears"},
	{"observability.tf", `#${lower(split("-", each.key)[0])}`, `#${each.key}`, "where its cure stands"},
	{"observability.tf", `threshold = 3600`, `threshold = local.retention / 4`, "AGE never rings"},
	{"observability.tf", `threshold = 3600`, `threshold = 7200`, "more than an hour"},
	{"observability.tf", `code=\"${code}\"`, `code=\"CFG\"`, "A ticket looks at another code"},
	{"observability.tf", `user_labels           = local.labels`, `user_labels = {}`, "The bill of this application"},
	{"ingest.tf", "    google_pubsub_subscription.events,\n", "", "ingest_is_public does not wait for google_pubsub_subscription.events"},
	{"ingest.tf", "    google_pubsub_subscription.outbound,\n", "    # google_pubsub_subscription.outbound,\n", "ingest_is_public does not wait for google_pubsub_subscription.outbound"},
	{"worker.tf", "    google_firestore_field.unindexed,\n", "", "google_cloudfunctions2_function.worker does not wait for google_firestore_field.unindexed"},
	{"storage.tf", "    google_firestore_index.records,\n", "", "google_firestore_field.unindexed does not wait for google_firestore_index.records"},
	{"queues.tf", "    google_pubsub_subscription.outbound,\n", "", "google_pubsub_subscription.events does not wait for google_pubsub_subscription.outbound"},
	{"queues.tf", "    google_pubsub_subscription.dead_letters,\n", "", "google_pubsub_subscription.events does not wait for google_pubsub_subscription.dead_letters"},
	{"observability.tf", `k => v if v != 0`, `k => v`, "every plan would change the dashboard"},
	{"observability.tf", `k => v if length(v) > 0`, `k => v if length(v) < 0`, "does not tell them apart"},
	{"observability.tf", `bucket_id      = "_Default"`, `bucket_id = "_Required"`, "another retention keeps nothing"},
	{"variables.tf", `default     = null`, `default = 7`, "only when somebody says so"},
	{"ingest.tf", `service_account_email = google_service_account.ingest.email`, `service_account_email = google_service_account.worker.email`, "runs as another's account"},
	{"worker.tf", `service_account_email = google_service_account.worker.email`, `service_account_email = google_service_account.ingest.email`, "runs as another's account"},
	{"outbound.tf", `service_account_email = google_service_account.outbound.email`, `service_account_email = google_service_account.worker.email`, "runs as another's account"},
	{"ingest.tf", `max_instance_request_concurrency = 80`, `max_instance_request_concurrency = 1000`, "80 bodies at their largest"},
	{"ingest.tf", `min_instance_count = var.ingest_min_instances`, `min_instance_count = 0`, "A number of instances is not what was asked for"},
	{"ingest.tf", `var.max_body_kib > 180 ? "512Mi"`, `var.max_body_kib > 720 ? "512Mi"`, "80 bodies of 720 KiB do not fit"},
	{"worker.tf", `max_instance_request_concurrency = 10`, `max_instance_request_concurrency = 1000`, "Ten messages at once per instance"},
	{"ingest.tf", `path    = "webhook"`, `path = "secrets"`, "a file of another name than ingest reads"},
	{"outbound.tf", `location    = var.region`, `location = "us-central1"`, "stay in the region"},
	{"worker.tf", `source["gcp-worker"]`, `source["gcp-ingest"]`, "built from the source of another"},
	{"worker.tf", `all_traffic_on_latest_revision = true`, `all_traffic_on_latest_revision = false`, "A deployment that no request reaches"},
	{"build.tf", `source = "${var.build_dir}/${each.key}.zip"`, `source = "${var.build_dir}/gcp-ingest.zip"`, "the archive it is called after"},
	{"outputs.tf", `google_pubsub_topic.events.id`, `google_pubsub_topic.outbound.id`, "outbound loses what is the worker's"},
	{"outputs.tf", `google_pubsub_subscription.dead_letters.id`, `google_pubsub_subscription.events.id`, "look for dead letters elsewhere"},
	{"outputs.tf", `google_secret_manager_secret.outbound.id`, `google_secret_manager_secret.webhook.id`, "Secrets would be put where nobody looks"},
	{"outputs.tf", `OUTBOUND_TOPIC=${google_pubsub_topic.outbound.name}`, `OUTBOUND_TOPIC=${google_pubsub_topic.events.name}`, "work on another deployment"},
	{"versions.tf", `"firestore.googleapis.com",`, ``, "What is used must be switched on"},
	{"storage.tf", `"accounts/balance", `, ``, "makes the busiest document slower"},
	{"storage.tf", `"records/order", "records/data",`, `"records/order",`, "storage for nothing"},
	{"storage.tf", `field      = each.value[1]`, `field = each.value[0]`, "An exemption of another field"},
	{"storage.tf", `order      = "DESCENDING"`, `order = "ASCENDING"`, "and newest first"},
	{"storage.tf", `field_path = "account"`, `field_path = "kind"`, "Statements are looked up by account"},
	{"observability.tf", `AND jsonPayload.code:*"`, `AND jsonPayload.codes:*"`, "Lines that carry a code are not counted"},
	{"observability.tf", `(httpRequest.status = 429 OR httpRequest.status >= 500 OR`, `(httpRequest.status >= 600 OR`, "What platforms are refused with is not counted"},
	{"observability.tf", `EXTRACT(httpRequest.status)`, `EXTRACT(httpRequest.requestMethod)`, "5XX-ANY goes by the status"},
	{"observability.tf", `key         = "status"`, `key = "method"`, "must declare it"},
	{"observability.tf", `refused  = google_logging_metric.refused.name`, `refused = google_logging_metric.codes.name`, "a metric that does not exist"},
	{"observability.tf", `threshold = 4,`, `threshold = 4000,`, "no accident"},
	{"observability.tf", `"[5m] offset 10m"`, `"[10m]"`, "are added up"},
	{"observability.tf", `disable_metric_validation = true`, `disable_metric_validation = false`, "made in the same apply stops that apply"},
	{"observability.tf", `(httpRequest.status = 401 OR httpRequest.status = 403) AND textPayload:*`, `httpRequest.status = 403`, "403, 429 or 5XX rings"},
	{"observability.tf", `EXTRACT(jsonPayload.provider)`, `EXTRACT(jsonPayload.cause)`, "REF goes by the platform"},
	{"ingest.tf", `[google_cloudfunctions2_function.ingest.id]`, `[google_cloudfunctions2_function.ingest]`, "ingest_is_public[0]: delete, create, want no-op"},
	{"worker.tf", `[google_cloudfunctions2_function.worker.id]`, `[google_cloudfunctions2_function.worker.name]`, "push_calls_worker: no-op, want delete, create"},
	{"ingest.tf", `var.grant_all_users ? 1 : 0`, `1`, "that forbids allUsers could not deploy"},
	{"observability.tf", `reducer   = "REDUCE_MAX"`, `reducer = "REDUCE_MIN"`, "the largest counts"},
	{"observability.tf", `oldest_unacked_message_age\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.events.name}`, `byte_cost\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.events.name}`, "not about the oldest event"},
	{"observability.tf", `oldest_unacked_message_age\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.outbound.name}`, `oldest_unacked_message_age\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.events.name}`, "not about the oldest follow-up"},
	{"observability.tf", `num_undelivered_messages\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.dead_letters.name}`, `byte_cost\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.dead_letters.name}`, "not about the number of dead letters"},
	{"observability.tf", `email_address = var.alarm_email`, `email_address = "nobody@example.com"`, "Somebody else is told"},
	{"observability.tf", `comparison      = "COMPARISON_GT"`, `comparison = "COMPARISON_LT"`, "rings above its threshold"},
	{"versions.tf", `disable_on_destroy = false`, `disable_on_destroy = true`, "would switch the API off"},
}

// intruder is what a hurried colleague could add; no assertion mentions any of it.
const intruder = `
resource "google_pubsub_topic" "quick" {
  name = "demo-quick"
}

resource "google_secret_manager_secret_version" "quick" {
  secret      = google_secret_manager_secret.webhook.id
  secret_data = "in the state now"
}

resource "google_project_iam_member" "quick" {
  project = var.project
  role    = "roles/editor"
  member  = google_service_account.ingest.member
}

resource "google_cloud_run_v2_service_iam_binding" "quick" {
  location = var.region
  name     = google_cloudfunctions2_function.worker.name
  role     = "roles/run.invoker"
  members  = ["allUsers"]
}

data "google_iam_policy" "quick" {
  binding {
    role    = "roles/pubsub.admin"
    members = ["allAuthenticatedUsers"]
  }
}

resource "google_pubsub_topic_iam_policy" "quick" {
  topic       = google_pubsub_topic.events.id
  policy_data = data.google_iam_policy.quick.policy_data
}

resource "google_firestore_field" "quick" {
  database   = google_firestore_database.ledger.name
  collection = "entries"
  field      = "expires"

  ttl_config {}
}
`

var intrusions = []string{
	"google_pubsub_topic.quick: the label application is missing",
	"google_pubsub_topic.quick: without a subscription it keeps nothing",
	"google_secret_manager_secret_version.quick: its value would be in the state",
	"+ demo-ingest: roles/editor on the project",
	"google_cloud_run_v2_service_iam_binding.quick: it removes everybody else from the role",
	"google_pubsub_topic_iam_policy.quick: it removes everybody else",
	"google_firestore_field.quick: documents that expire are charged twice",
}

// All faults at once, because each run of Terraform takes its time: every one
// of them must be found by its own words.
func TestFaultsAreFound(t *testing.T) {
	t.Parallel()
	dir := copyOfModule(t)
	for _, f := range faults {
		damage(t, filepath.Join(dir, f.file), f.from, f.to)
	}
	if err := os.WriteFile(filepath.Join(dir, "quick.tf"), []byte(intruder), 0o644); err != nil {
		t.Fatal(err)
	}
	r := tested(t, dir)
	found := slices.Concat(r.Problems, brokenRules(r.Plan), brokenOrder(t, dir), brokenGrants(r), lines(difference(grantsIn(r.Plan), lines(allGrants))))
	for _, f := range faults {
		if !slices.ContainsFunc(found, func(problem string) bool { return strings.Contains(problem, f.found) }) {
			t.Errorf("%s: nobody minds %s", f.file, f.to)
		}
	}
	for _, i := range intrusions {
		if !slices.Contains(found, i) {
			t.Errorf("nobody says %q", i)
		}
	}
	if t.Failed() {
		t.Logf("found:\n%s", strings.Join(found, "\n"))
	}
}

var spaces = regexp.MustCompile(` +`)

// damage makes one edit; a text that is no longer there would be no fault. How
// many spaces align it is up to its neighbours.
func damage(t *testing.T, file, from, to string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at := regexp.MustCompile(spaces.ReplaceAllString(regexp.QuoteMeta(from), " +")).FindIndex(content)
	if at == nil {
		t.Fatalf("%s: no %s to damage", filepath.Base(file), from)
	}
	content = slices.Concat(content[:at[0]], []byte(to), content[at[1]:])
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
