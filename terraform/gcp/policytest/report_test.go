package policytest

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// report is what `terraform test -json -verbose` said.
type report struct {
	Runs     []verdict
	Problems []string     // failed assertions by their messages, and errors
	Plan     []resource   // of a first deployment
	Changes  [][]resource // of later ones: what is there is changed, or made anew
}

// verdict is how a run of tests/ ended: "pass", "fail", "error" or "skip".
type verdict struct{ File, Run, Status string }

// resource is one that the plan would create, with all its arguments.
type resource struct {
	Address, Type string
	Mode          string // "managed", or "data" for what is only read
	Change        struct {
		After   map[string]any
		Actions []string
	}
}

// message is one line of that output, as far as it matters here.
type message struct {
	Type       string
	File       string                                        `json:"@testfile"`
	TestRun    *struct{ Path, Run, Progress, Status string } `json:"test_run"`
	Diagnostic *struct{ Severity, Summary, Detail string }
	TestPlan   *struct {
		Changes []resource `json:"resource_changes"`
	} `json:"test_plan"`
}

// tested runs the assertions of the module in dir. Whether they hold is in the
// report. The plans come from two small files: printing them takes Terraform
// longer than making them.
func tested(t *testing.T, dir string) report {
	t.Helper()
	start := starter(t, dir)
	var r report
	quiet, printed := []string{"-json"}, []string{"-json", "-verbose"}
	for _, file := range testFiles(t, dir) {
		if file == "tests/storage.tftest.hcl" || file == "tests/changes.tftest.hcl" {
			printed = append(printed, "-filter="+file)
		} else {
			quiet = append(quiet, "-filter="+file)
		}
	}
	r.read(t, start("test", quiet...))
	r.read(t, start("test", printed...))
	if len(r.Runs) == 0 || len(r.Plan) == 0 {
		t.Fatalf("terraform test: %d runs, %d planned resources; %v", len(r.Runs), len(r.Plan), r.Problems)
	}
	return r
}

func testFiles(t *testing.T, dir string) (files []string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "tests", "*.tftest.hcl"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no tests in %s (%v)", dir, err)
	}
	for _, file := range found {
		files = append(files, "tests/"+filepath.Base(file))
	}
	return files
}

func (r *report) read(t *testing.T, test *exec.Cmd) {
	t.Helper()
	out, problems, _ := run(test) // it fails when an assertion does
	for line := range bytes.Lines(out) {
		var m message
		if json.Unmarshal(line, &m) == nil { // a warning may be plain text
			r.add(m)
		}
	}
	if len(problems) > 0 {
		t.Logf("%s", problems)
	}
}

func (r *report) add(m message) {
	switch {
	case m.TestRun != nil && m.TestRun.Progress == "complete":
		r.Runs = append(r.Runs, verdict{m.TestRun.Path, m.TestRun.Run, m.TestRun.Status})
	case m.Diagnostic != nil && m.Diagnostic.Severity == "error":
		r.Problems = append(r.Problems, m.Diagnostic.Summary+": "+m.Diagnostic.Detail)
	case m.TestPlan != nil && strings.Contains(m.File, "changes"):
		r.Changes = append(r.Changes, m.TestPlan.Changes)
	case m.TestPlan != nil:
		r.Plan = m.TestPlan.Changes
	}
}
