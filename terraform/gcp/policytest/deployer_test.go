package policytest

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/terraform/tftest"
)

// rolesOf says what it takes to create, change and delete a resource, by the end
// of "roles/". Google's documentation of each role is the source; nothing here
// has asked IAM.
var rolesOf = map[string][]string{
	"google_artifact_registry_repository":            {"artifactregistry.admin"},
	"google_artifact_registry_repository_iam_member": {"artifactregistry.admin"},
	"google_cloud_run_v2_service_iam_member":         {"run.admin"},
	"google_cloudfunctions2_function":                {"cloudfunctions.admin", "iam.serviceAccountUser"},
	"google_firestore_database":                      {"datastore.owner"},
	"google_firestore_field":                         {"datastore.owner"},
	"google_firestore_index":                         {"datastore.owner"},
	"google_logging_metric":                          {"logging.configWriter"},
	"google_logging_project_bucket_config":           {"logging.configWriter"},
	"google_monitoring_alert_policy":                 {"monitoring.editor"},
	"google_monitoring_dashboard":                    {"monitoring.editor"},
	"google_monitoring_notification_channel":         {"monitoring.editor"},
	"google_project_iam_custom_role":                 {"iam.roleAdmin"},
	"google_project_iam_member":                      {"resourcemanager.projectIamAdmin"},
	"google_project_service":                         {"serviceusage.serviceUsageAdmin"},
	"google_pubsub_subscription":                     {"pubsub.admin", "iam.serviceAccountUser"}, // pushes as an account
	"google_pubsub_subscription_iam_member":          {"pubsub.admin"},
	"google_pubsub_topic":                            {"pubsub.admin"},
	"google_pubsub_topic_iam_member":                 {"pubsub.admin"},
	"google_secret_manager_secret":                   {"secretmanager.admin"},
	"google_secret_manager_secret_iam_member":        {"secretmanager.admin"},
	"google_service_account":                         {"iam.serviceAccountAdmin"},
	"google_service_account_iam_member":              {"iam.serviceAccountAdmin"},
	"google_storage_bucket":                          {"storage.admin"},
	"google_storage_bucket_object":                   {"storage.admin"},
}

var (
	roleInTable = regexp.MustCompile("`roles/([A-Za-z.]+)`")
	roleInLoop  = regexp.MustCompile(`(?s)for role in (.*?); do`)
)

// The guide lists the roles that the module's resources take, and no other; so
// does the command below the list.
func TestDeployerRoles(t *testing.T) {
	want := map[string]bool{}
	for kind := range tftest.Parse(t, module).Types() {
		roles, ok := rolesOf[kind]
		if !ok {
			t.Errorf("%s: which role may create it? Add it here and to docs/deploy-gcp.md", kind)
		}
		for _, role := range roles {
			want[role] = true
		}
	}
	guide, err := os.ReadFile(root + "docs/deploy-gcp.md")
	if err != nil {
		t.Fatal(err)
	}
	_, permissions, _ := strings.Cut(string(guide), "\n## Permissions\n")
	table, _, _ := strings.Cut(permissions, "\nWhich resource needs which")
	var listed []string
	for _, found := range roleInTable.FindAllStringSubmatch(table, -1) {
		listed = append(listed, found[1])
	}
	slices.Sort(listed)
	if diff := difference(listed, slices.Sorted(maps.Keys(want))); diff != "" {
		t.Errorf("the table of docs/deploy-gcp.md:\n%s", diff)
	}
	loop := roleInLoop.FindStringSubmatch(permissions)
	if loop == nil {
		t.Fatal("docs/deploy-gcp.md has no command that grants the roles")
	}
	if diff := difference(strings.Fields(strings.ReplaceAll(loop[1], "\\", "")), listed); diff != "" {
		t.Errorf("the command of docs/deploy-gcp.md, against its table:\n%s", diff)
	}
}
