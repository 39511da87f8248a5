package policytest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/webhook-functions/template/terraform/tftest"
)

// allGrants is everything that is granted by this module, and what
// its own role consists of.
const allGrants = `
Pub/Sub: roles/iam.serviceAccountOpenIdTokenCreator on serviceAccounts/demo-push
Pub/Sub: roles/pubsub.publisher on topics/demo-dead-letters
Pub/Sub: roles/pubsub.subscriber on subscriptions/demo-events
Pub/Sub: roles/pubsub.subscriber on subscriptions/demo-outbound
allUsers: roles/run.invoker on demo-ingest
demo-build: roles/artifactregistry.writer on demo-functions
demo-build: roles/logging.logWriter on the project
demo-build: roles/storage.objectViewer on the project if resource.name.startsWith("projects/_/buckets/gcf-v2-sources-111122223333-europe-west1")
demo-ingest: roles/pubsub.publisher on topics/demo-dead-letters
demo-ingest: roles/pubsub.publisher on topics/demo-events
demo-ingest: roles/secretmanager.secretAccessor on secrets/demo-webhook
demo-outbound: roles/demo_bookkeeper on the project if resource.name == "projects/acme-demo/databases/demo"
demo-outbound: roles/pubsub.publisher on topics/demo-dead-letters
demo-outbound: roles/pubsub.publisher on topics/demo-outbound
demo-outbound: roles/secretmanager.secretAccessor on secrets/demo-outbound
demo-push: roles/run.invoker on demo-outbound
demo-push: roles/run.invoker on demo-worker
demo-worker: roles/demo_bookkeeper on the project if resource.name == "projects/acme-demo/databases/demo"
demo-worker: roles/pubsub.publisher on topics/demo-dead-letters
demo-worker: roles/pubsub.publisher on topics/demo-outbound
roles/demo_bookkeeper: datastore.entities.create
roles/demo_bookkeeper: datastore.entities.get
roles/demo_bookkeeper: datastore.entities.list
roles/demo_bookkeeper: datastore.entities.update
`

// grantedOn names the argument that says what a grant is about.
var grantedOn = []string{"topic", "subscription", "secret_id", "service_account_id", "repository", "name", "project"}

var shorter = strings.NewReplacer(
	"serviceAccount:service-111122223333@gcp-sa-pubsub.iam.gserviceaccount.com", "Pub/Sub",
	"@acme-demo.iam.gserviceaccount.com", "",
	"serviceAccount:", "",
)

func grantsIn(plan []tftest.Resource) []string {
	var grants []string
	for _, r := range plan {
		if strings.HasSuffix(r.Type, "_iam_member") {
			grants = append(grants, grant(r))
		}
		if strings.HasSuffix(r.Type, "_iam_custom_role") {
			for _, permission := range tftest.Texts(r.Change.After, "permissions") {
				grants = append(grants, fmt.Sprintf("roles/%s: %s", tftest.Text(r.Change.After, "role_id"), permission))
			}
		}
	}
	slices.Sort(grants)
	return grants
}

func grant(r tftest.Resource) string {
	after := r.Change.After
	on := "?"
	for _, argument := range grantedOn {
		if value := tftest.Text(after, argument); value != "" {
			on = strings.TrimPrefix(value, "projects/acme-demo/")
			break
		}
	}
	if r.Type == "google_project_iam_member" {
		on = "the project"
	}
	role := strings.TrimPrefix(tftest.Text(after, "role"), "projects/acme-demo/")
	line := shorter.Replace(fmt.Sprintf("%s: %s on %s", tftest.Text(after, "member"), role, on))
	for _, condition := range tftest.List(after, "condition") {
		line += " if " + tftest.Text(condition, "expression")
	}
	return line
}

// difference lists what is only in got with a plus, only in want with a minus.
func difference(got, want []string) string {
	var lines []string
	for _, g := range got {
		if !slices.Contains(want, g) {
			lines = append(lines, "+ "+g)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			lines = append(lines, "- "+w)
		}
	}
	return strings.Join(lines, "\n")
}

// noSuchThing lists resource types that must not occur, and why.
var noSuchThing = map[string]string{
	"google_secret_manager_secret_version": "its value would be in the state",
	"google_service_account_key":           "a key that can be carried away; everything here runs without one",
}

// noSuchGrant lists, by the end of their types, the resources that grant without
// being in allGrants. Every service has its own.
var noSuchGrant = map[string]string{
	"_iam_binding": "it removes everybody else from the role",
	"_iam_policy":  "it removes everybody else",
}

// brokenRules holds every resource to the rules for its kind, also those that
// are written later.
func brokenRules(plan []tftest.Resource) []string {
	var broken []string
	for _, r := range plan {
		if r.Mode != "managed" {
			continue
		}
		if why, ok := noSuchThing[r.Type]; ok {
			broken = append(broken, r.Address+": "+why)
		}
		for end, why := range noSuchGrant {
			if strings.HasSuffix(r.Type, end) {
				broken = append(broken, r.Address+": "+why)
			}
		}
		if len(tftest.List(r.Change.After, "ttl_config")) > 0 {
			broken = append(broken, r.Address+": documents that expire are charged twice")
		}
		if !labelled(r) {
			broken = append(broken, r.Address+": the label application is missing")
		}
		if r.Type == "google_project_service" && tftest.At(r.Change.After, "disable_on_destroy") != false {
			broken = append(broken, r.Address+": a destroy would switch the API off for everything in the project")
		}
		if r.Type == "google_pubsub_topic" && !subscribed(plan, tftest.Text(r.Change.After, "id")) {
			broken = append(broken, r.Address+": without a subscription it keeps nothing")
		}
	}
	return broken
}

func labelled(r tftest.Resource) bool {
	argument := "labels"
	if strings.HasPrefix(r.Type, "google_monitoring_") { // where a channel's labels are its address
		argument = "user_labels"
	}
	arguments, _ := r.Change.After.(map[string]any)
	value, can := arguments[argument]
	return !can || tftest.Text(value, "application") == "demo"
}

func subscribed(plan []tftest.Resource, topic string) bool {
	return slices.ContainsFunc(plan, func(r tftest.Resource) bool {
		return r.Type == "google_pubsub_subscription" && tftest.Text(r.Change.After, "topic") == topic
	})
}
