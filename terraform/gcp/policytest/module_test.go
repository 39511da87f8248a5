// Package policytest checks what terraform/gcp would create, without Google Cloud:
// the plans that `terraform test` prints with the provider mocked are held to
// invariants, and so is the module's text, by Terraform's own parser, where a plan
// does not say enough.
//
// It needs terraform, and the provider from the registry or a mirror.
package policytest

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/webhook-functions/template/terraform/tftest"
)

const (
	root   = "../../../"
	module = "../"
)

// planned gives what the tests of the module said.
func planned(t *testing.T) tftest.Report {
	t.Helper()
	return tftest.Test(t, module, root+".tools/terraform", "system", "changes")
}

func TestModuleIsFormatted(t *testing.T) { tftest.CheckFormat(t, module) }

func TestModuleIsValid(t *testing.T) { tftest.CheckValid(t, module, root+".tools/terraform") }

// What tests/ asserts: above all, which values of variables are refused.
func TestModule(t *testing.T) {
	for _, problem := range planned(t).Problems {
		t.Error(problem)
	}
}

func TestSchemes(t *testing.T) { tftest.CheckSchemes(t, module, root+".tools/terraform") }

func TestSettings(t *testing.T) { tftest.Parse(t, module).CheckSettings(t) }

// Redirects that ring are those of listed platforms.
func TestPlatforms(t *testing.T) { tftest.CheckPlatforms(t, tftest.Parse(t, module).Platforms()) }

// What must exist before what. In another order events would be lost, or a first
// apply would stop.
func TestOrder(t *testing.T) {
	m := tftest.Parse(t, module)
	for _, row := range []struct{ later, earlier, why string }{
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
	} {
		if !m.WaitsFor(row.later, row.earlier) {
			t.Errorf("%s does not wait for %s: %s", row.later, row.earlier, row.why)
		}
	}
}

// A grant on a function's service is made anew when the function is, and left alone by
// every other deployment, which would close the door.
func TestGrantsFollowFunctions(t *testing.T) {
	seen := map[string]int{}
	for run, plan := range planned(t).Plans {
		functions := map[string]string{} // by name: what happens to them
		for _, r := range plan.Resources {
			if r.Type == "google_cloudfunctions2_function" {
				functions[tftest.Text(r.Change.After, "name")] = strings.Join(r.Change.Actions, ", ")
			}
		}
		for _, r := range plan.Resources {
			does := functions[tftest.Text(r.Change.After, "name")]
			if r.Type != "google_cloud_run_v2_service_iam_member" || does == "create" {
				continue
			}
			seen[does]++
			want := map[string]string{"update": "no-op", "no-op": "no-op"}[does]
			if got := strings.Join(r.Change.Actions, ", "); want == "" && got != does || want != "" && got != want {
				t.Errorf("%s: %s: %s, and its function: %s", run, r.Address, got, does)
			}
		}
	}
	if seen["update"] == 0 || seen["delete, create"] == 0 {
		t.Errorf("what happens to functions is %v: want changes and replacements", seen)
	}
}

var agent = regexp.MustCompile(`@gcp-sa-([a-z]+)\.`)

// Google makes a service's agent when it is first needed, which is later than the
// grants to it: the guide must have it made before.
func TestServiceAgents(t *testing.T) {
	guide, err := os.ReadFile(root + "docs/deploy-gcp.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range agent.FindAllStringSubmatch(fmt.Sprint(planned(t).Plans["defaults"]), -1) {
		if !strings.Contains(string(guide), "services identity create --service="+found[1]+".googleapis.com") {
			t.Errorf("docs/deploy-gcp.md does not have the agent of %s made", found[1])
		}
	}
}

// Every resource keeps the rules for its kind, also those that are written later.
func TestRules(t *testing.T) {
	for run, plan := range planned(t).Plans {
		for _, broken := range brokenRules(plan.Resources) {
			t.Errorf("%s: %s", run, broken)
		}
	}
}

func TestGrants(t *testing.T) {
	if diff := difference(grantsIn(planned(t).Plans["defaults"].Resources), strings.Split(strings.TrimSpace(allGrants), "\n")); diff != "" {
		t.Errorf("who may do what is not what it was:\n%s", diff)
	}
}
