package policytest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/terraform/tftest"
)

func TestModuleIsFormatted(t *testing.T) {
	if _, err := exec.LookPath("terraform"); err != nil {
		toolstest.Missing(t, "terraform is missing: install 1.11 or newer and put it in the PATH")
	}
	out, problems, err := run(exec.Command("terraform", "fmt", "-check", "-recursive", "-diff", module))
	if err != nil {
		t.Errorf("terraform fmt -recursive would change:\n%s%s", out, problems)
	}
}

func TestModuleIsValid(t *testing.T) {
	out, problems, err := run(starter(t, copyOfModule(t))("validate"))
	if err != nil {
		t.Errorf("%s%s", out, problems)
	}
}

// One run of Terraform answers all questions.
func TestModule(t *testing.T) {
	t.Parallel()
	r := tested(t, copyOfModule(t))
	t.Run("assertions hold", func(t *testing.T) {
		for _, v := range r.Runs {
			if v.Status != "pass" {
				t.Errorf("%s, %s: %s", v.File, v.Run, v.Status)
			}
		}
		for _, problem := range r.Problems {
			t.Error(problem)
		}
	})
	t.Run("every resource keeps the rules of its kind", func(t *testing.T) {
		for _, broken := range brokenRules(r.Plan) {
			t.Error(broken)
		}
	})
	t.Run("nobody else may do anything", func(t *testing.T) {
		if diff := difference(grantsIn(r.Plan), lines(allGrants)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("grants on a service follow its function", func(t *testing.T) {
		for _, broken := range brokenGrants(r) {
			t.Error(broken)
		}
	})
	t.Run("log lines move metrics and alarms", func(t *testing.T) { checkLines(t, r.Plan) })
	t.Run("tickets ring", func(t *testing.T) { checkTickets(t, r.Plan) })
	t.Run("the door opens last", func(t *testing.T) {
		for _, broken := range brokenOrder(t, module) {
			t.Error(broken)
		}
	})
	t.Run("every alert links its section of the runbook", func(t *testing.T) {
		sections := headings(t, root+"docs/runbook.md")
		links := runbookLinks(r.Plan)
		if len(links) == 0 {
			t.Error("there are no alerts")
		}
		for alert, section := range links {
			if !slices.Contains(sections, section) {
				t.Errorf("%s links #%s, which is no section", alert, section)
			}
		}
	})
}

// brokenGrants: a grant on a function's service is made anew when the function
// is, and left alone by every other deployment, which would close the door.
func brokenGrants(r report) (broken []string) {
	updated, replaced := 0, 0
	for _, plan := range r.Changes {
		functions := map[any]string{} // by name: what happens to them
		for _, change := range plan {
			if change.Type == "google_cloudfunctions2_function" {
				functions[change.Change.After["name"]] = strings.Join(change.Change.Actions, ", ")
			}
		}
		for _, change := range plan {
			if change.Type != "google_cloud_run_v2_service_iam_member" {
				continue
			}
			want := "no-op"
			switch functions[change.Change.After["name"]] {
			case "update":
				updated++
			case "delete, create":
				replaced++
				want = "delete, create"
			}
			if got := strings.Join(change.Change.Actions, ", "); got != want {
				broken = append(broken, change.Address+": "+got+", want "+want)
			}
		}
	}
	if updated != 3 || replaced != 3 {
		broken = append(broken, fmt.Sprintf("of functions with a grant %d are updated and %d replaced, want 3 each", updated, replaced))
	}
	return broken
}

var agent = regexp.MustCompile(`@gcp-sa-([a-z]+)\.`)

// Google makes a service's agent when it is first needed, which is later than
// the grants to it: the guide must have it made before.
func TestServiceAgentsAreMadeBeforeTheyAreGrantedAnything(t *testing.T) {
	queues, err := os.ReadFile(module + "queues.tf")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile(root + "docs/deploy-gcp.md")
	if err != nil {
		t.Fatal(err)
	}
	agents := agent.FindAllStringSubmatch(string(queues), -1)
	if len(agents) == 0 {
		t.Error("there are no service agents")
	}
	for _, a := range agents {
		if !strings.Contains(string(guide), "services identity create --service="+a[1]+".googleapis.com") {
			t.Errorf("docs/deploy-gcp.md does not have the agent of %s made", a[1])
		}
	}
}

// Redirects that ring are those of all platforms.
func TestPlatforms(t *testing.T) {
	if got, want := tftest.Parse(t, module).Platforms(), tftest.Platforms(); !slices.Equal(got, want) {
		t.Errorf("platforms %q, want %q", got, want)
	}
}

var heading = regexp.MustCompile(`(?m)^## (.+)$`)

// headings gives the anchors of a document's sections.
func headings(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var anchors []string
	for _, match := range heading.FindAllStringSubmatch(string(text), -1) {
		anchors = append(anchors, strings.ToLower(match[1]))
	}
	return anchors
}

// runbookLinks gives the anchor that each alert links.
func runbookLinks(plan []resource) map[string]string {
	links := map[string]string{}
	for _, r := range plan {
		if r.Type == "google_monitoring_alert_policy" {
			content, _ := json.Marshal(r.Change.After["documentation"])
			_, link, _ := strings.Cut(string(content), "/docs/runbook.md#")
			links[r.Address], _, _ = strings.Cut(link, `"`)
		}
	}
	return links
}

func lines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }
