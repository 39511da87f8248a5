//go:build sam

package awslocal_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
)

// samLocal builds what is deployed into a folder of the test's own and gives what
// invokes a function with an event: the documented path with Docker, `make test-aws-sam`.
func samLocal(t *testing.T) (invoke func(function, event string, overrides ...string) string) {
	t.Helper()
	sam := samCLI(t)
	build := t.TempDir()
	config, err := filepath.Abs(filepath.Join(root, "samconfig.toml")) // SAM looks beside the template
	if err != nil {
		t.Fatal(err)
	}
	command(t, []string{"ARCH=" + runtime.GOARCH}, sam, "build", "--build-dir", build)
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	return func(function, event string, overrides ...string) string {
		return command(t, nil, sam, "local", "invoke", strings.ToUpper(function[:1])+function[1:]+"Function", "-e", event,
			"--parameter-overrides", strings.Join(append(overrides, "Architecture="+architecture), " "),
			"--template", filepath.Join(build, "template.yaml"), "--config-file", config)
	}
}

// samCLI gives the program. Without it or without Docker the test skips.
func samCLI(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs(filepath.Join(root, ".tools/sam/bin/sam"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		toolstest.Missing(t, "needs the SAM CLI: make tools")
	}
	t.Setenv("SAM_CLI_TELEMETRY", "0")
	probe := exec.CommandContext(t.Context(), program, "local", "invoke", "NoFunction", "--template", "template.yaml")
	probe.Dir = root
	if said, err := probe.CombinedOutput(); err != nil && strings.Contains(string(said), "container runtime") {
		toolstest.Missing(t, "needs Docker, running")
	}
	return program
}
