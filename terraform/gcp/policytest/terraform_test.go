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

const (
	root   = "../../../"
	module = "../"
)

// starter gives a function that makes commands which run Terraform on the module
// in dir.
func starter(t *testing.T, dir string) func(action string, arguments ...string) *exec.Cmd {
	t.Helper()
	return toolstest.Terraform(t, dir, root+".tools/terraform")
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
