package policytest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
)

// root of the repository.
const root = "../../../"

// missing skips a test whose tool is not there, or fails it: see toolstest.
func missing(t *testing.T, what, remedy string) {
	t.Helper()
	toolstest.Missing(t, what+" is missing: "+remedy)
}

// tool gives the path of a tool that `make tools` installs.
func tool(t *testing.T, path, remedy string) string {
	t.Helper()
	absolute, err := filepath.Abs(root + path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(absolute); err != nil {
		missing(t, path, remedy)
	}
	return absolute
}

// output runs a command and gives what it printed; its failure is the test's.
func output(t *testing.T, command *exec.Cmd) []byte {
	t.Helper()
	out, problems, err := run(command)
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", filepath.Base(command.Path), err, tail(out), tail(problems))
	}
	return out
}

func run(command *exec.Cmd) (out, problems []byte, err error) {
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err = command.Run()
	return stdout.Bytes(), stderr.Bytes(), err
}

// tail is enough of an output to see what is wrong, without the lines of
// megabytes that plans are made of.
func tail(out []byte) []byte {
	const enough, tooLong = 8 << 10, 4 << 10
	var short []byte
	for line := range bytes.Lines(out) {
		if len(line) <= tooLong {
			short = append(short, line...)
		}
	}
	return short[max(0, len(short)-enough):]
}

// starter gives a function that makes commands which run Terraform on a module.
func starter(t *testing.T, module string) func(action string, arguments ...string) *exec.Cmd {
	t.Helper()
	return toolstest.Terraform(t, module, root+".tools/terraform")
}

// copyOfModule keeps the tree clean and any state out of reach.
func copyOfModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, pattern := range []string{"*.tf", "tests/*.hcl", "tests/*/*.hcl"} {
		files, err := filepath.Glob("../" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no file %s (%v)", pattern, err)
		}
		for _, file := range files {
			copyFile(t, file, filepath.Join(dir, file[len("../"):]))
		}
	}
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	err = errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, content, 0o644))
	if err != nil {
		t.Fatal(err)
	}
}

// artefacts makes a folder with something in the place of the built functions:
// a plan only hashes them.
func artefacts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"aws-ingest.zip", "aws-worker.zip", "aws-outbound.zip"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
