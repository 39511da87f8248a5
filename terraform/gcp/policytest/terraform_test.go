package policytest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
)

const (
	root   = "../../../"
	module = "../"
)

// standIn runs terraform on Google modules where the registry is out of reach.
const standIn = root + "../shared/tools/terraform-gcp"

// missing skips a test whose tool is not there, or fails it: see toolstest.
func missing(t *testing.T, what, remedy string) {
	t.Helper()
	toolstest.Missing(t, what+" is missing: "+remedy)
}

func terraform(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("terraform")
	if err != nil {
		missing(t, "terraform", "install it and put it in the PATH")
	}
	data, err := filepath.Abs(root + ".tools/terraform-gcp") // keeps the provider from run to run
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(path, arguments...)
	command.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "TF_DATA_DIR="+data)
	return command
}

// starter gives a function that makes commands which run Terraform on the module
// in dir: plain Terraform where it finds its provider, else the stand-in.
func starter(t *testing.T, dir string) func(action string, arguments ...string) *exec.Cmd {
	t.Helper()
	_, problems, err := run(terraform(t, "-chdir="+dir, "init", "-backend=false", "-input=false", "-no-color"))
	if err == nil {
		return func(action string, arguments ...string) *exec.Cmd {
			return terraform(t, append([]string{"-chdir=" + dir, action, "-no-color"}, arguments...)...)
		}
	}
	if _, absent := os.Stat(standIn); absent != nil {
		missing(t, "the provider hashicorp/google", "terraform init says: "+strings.Join(strings.Fields(string(problems)), " "))
	}
	return func(action string, arguments ...string) *exec.Cmd {
		return exec.Command(standIn, append([]string{dir, action}, arguments...)...)
	}
}

func run(command *exec.Cmd) (out, problems []byte, err error) {
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err = command.Run()
	return stdout.Bytes(), stderr.Bytes(), err
}

// copyOfModule keeps the tree clean, and any state and lock file out of reach.
func copyOfModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, pattern := range []string{"*.tf", "tests/*.hcl", "tests/*/*"} {
		files, err := filepath.Glob(module + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no file %s (%v)", pattern, err)
		}
		for _, file := range files {
			copyFile(t, file, filepath.Join(dir, file[len(module):]))
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
