package policytest

import (
	"regexp"
	"slices"
	"testing"
)

// comesAfter says what must exist before what. Terraform orders the rest by
// itself; these would work in any order, and lose events in some, or stop a first
// apply.
var comesAfter = []struct{ later, earlier, why string }{
	{"google_cloud_run_v2_service_iam_member.ingest_is_public", "google_pubsub_subscription.events", "its topic drops what it is given until then"},
	{"google_cloud_run_v2_service_iam_member.ingest_is_public", "google_pubsub_subscription.outbound", "its topic drops what it is given until then"},
	{"google_cloud_run_v2_service_iam_member.ingest_is_public", "google_pubsub_subscription.dead_letters", "its topic drops what it is given until then"},
	{"google_pubsub_subscription.events", "google_pubsub_subscription.outbound", "follow-ups have no home until then"},
	{"google_pubsub_subscription.events", "google_pubsub_subscription.dead_letters", "dead letters have no home until then"},
	{"google_cloudfunctions2_function.ingest", "google_firestore_field.unindexed", "the build account's grants are too young until then"},
	{"google_cloudfunctions2_function.worker", "google_firestore_field.unindexed", "the build account's grants are too young until then"},
	{"google_cloudfunctions2_function.outbound", "google_firestore_field.unindexed", "the build account's grants are too young until then"},
	{"google_firestore_field.unindexed", "google_firestore_index.records", "the database may refuse two changes at once"},
	{"google_firestore_field.unindexed", "google_firestore_index.statements", "the database may refuse two changes at once"},
}

func brokenOrder(t *testing.T, dir string) []string {
	t.Helper()
	dependencies := dependenciesIn(t, dir)
	var broken []string
	for _, c := range comesAfter {
		if !slices.Contains(dependencies[c.later], c.earlier) {
			broken = append(broken, c.later+" does not wait for "+c.earlier+": "+c.why)
		}
	}
	return broken
}

var (
	resourceBlock = regexp.MustCompile(`(?s)\nresource "([a-z0-9_]+)" "([a-z0-9_]+)" \{\n(.*?)\n\}`)
	dependsOn     = regexp.MustCompile(`(?s)\n  depends_on = \[(.*?)\]`)
	address       = regexp.MustCompile(`google_[a-z0-9_]+\.[a-z0-9_]+`)
)

// dependenciesIn reads what each resource is told to wait for. It reads the
// module's text, which is formatted, because a plan that a test prints has the
// resources and not how they depend on one another.
func dependenciesIn(t *testing.T, dir string) map[string][]string {
	t.Helper()
	dependencies := map[string][]string{}
	for _, block := range resourceBlock.FindAllStringSubmatch("\n"+text(t, dir), -1) {
		var list []string
		if found := dependsOn.FindStringSubmatch(block[3]); found != nil {
			list = address.FindAllString(uncommented(found[1]), -1)
		}
		dependencies[block[1]+"."+block[2]] = list
	}
	return dependencies
}

var comment = regexp.MustCompile(`#.*`)

func uncommented(hcl string) string { return comment.ReplaceAllString(hcl, "") }
