// Package tftest is what the tests of both Terraform modules share: how a module
// is read, run and looked at. Nothing here knows a cloud.
//
// A plan is what `terraform test -verbose` prints with the cloud's provider mocked,
// so no test needs an account. What a plan does not say (variables, what waits for
// what) is read from the module with Terraform's own parser.
package tftest

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
)

// Report is what the tests of a module said.
type Report struct {
	Problems []string // of assertions and runs
	Plans    map[string]Plan
	missing  string // the tool without which there is no report
}

// Plan that a run made.
type Plan struct {
	Resources []Resource                     `json:"resource_changes"`
	Outputs   map[string]struct{ After any } `json:"output_changes"`
}

// Resource that a plan creates, changes or leaves as it is, with its arguments.
type Resource struct {
	Address, Type string
	Mode          string // "managed", or "data" for what is only read
	Change        struct {
		After   any
		Actions []string
	}
}

// line of the output, as far as it matters.
type line struct {
	Type       string
	Name       string                             `json:"@testrun"`
	TestRun    *struct{ Progress, Status string } `json:"test_run"`
	Diagnostic *struct{ Severity, Summary, Detail string }
	TestPlan   Plan `json:"test_plan"`
}

var (
	mu      sync.Mutex
	reports = map[string]*Report{}
)

// Test runs the tests of a module, once for all tests of a package. The plans of the
// files named are in the report: printing a plan takes longer than making it.
func Test(t testing.TB, module, tools string, printed ...string) Report {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	r := reports[module]
	if r == nil {
		r = &Report{Plans: map[string]Plan{}, missing: "terraform or a provider is missing: see the first test that needed it"}
		reports[module] = r
		dir := Copy(t, module)
		start := toolstest.Terraform(t, dir, tools)
		r.missing = ""
		files, _ := filepath.Glob(filepath.Join(dir, "tests", "*.tftest.hcl"))
		quiet, loud := []string{"-json"}, []string{"-json", "-verbose"}
		for _, file := range files {
			filter := "-filter=tests/" + filepath.Base(file)
			if name, _, _ := strings.Cut(filepath.Base(file), "."); strings.Contains(strings.Join(printed, " "), name) {
				loud = append(loud, filter)
			} else {
				quiet = append(quiet, filter)
			}
		}
		r.read(start("test", quiet...))
		r.read(start("test", loud...))
	}
	if r.missing != "" {
		toolstest.Missing(t, r.missing)
	}
	return *r
}

func (r *Report) read(command *exec.Cmd) {
	out, problems, err := Run(command)
	if err != nil { // where an assertion fails, too: the lines say which
		r.Problems = append(r.Problems, err.Error()+" "+string(problems))
	}
	for text := range bytes.Lines(out) {
		var l line
		if json.Unmarshal(text, &l) != nil { // a warning may be plain text
			continue
		}
		switch {
		case l.TestRun != nil && l.TestRun.Progress == "complete" && l.TestRun.Status != "pass" && l.TestRun.Status != "skip": // an error was before it
			r.Problems = append(r.Problems, l.Name+": "+l.TestRun.Status)
		case l.Diagnostic != nil && l.Diagnostic.Severity == "error":
			r.Problems = append(r.Problems, l.Name+": "+l.Diagnostic.Summary+": "+l.Diagnostic.Detail)
		case l.Type == "test_plan":
			r.Plans[l.Name] = l.TestPlan
		}
	}
}

// Run runs a command.
func Run(command *exec.Cmd) (out, problems []byte, err error) {
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err = command.Run()
	return stdout.Bytes(), stderr.Bytes(), err
}

// CheckFormat: `terraform fmt` would change nothing in a module.
func CheckFormat(t *testing.T, module string) {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		toolstest.Missing(t, "terraform is missing: install 1.11 or newer and put it in the PATH")
	}
	out, problems, err := Run(exec.Command("terraform", "fmt", "-check", "-recursive", "-diff", module))
	if err != nil {
		t.Errorf("terraform fmt -recursive would change:\n%s%s", out, problems)
	}
}

// CheckValid: `terraform validate` finds no mistake in a module.
func CheckValid(t *testing.T, module, tools string) {
	t.Helper()
	if out, problems, err := Run(toolstest.Terraform(t, Copy(t, module), tools)("validate")); err != nil {
		t.Errorf("%s%s", out, problems)
	}
}
