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

// The documented path with Docker: `make test-aws-sam`. SAM builds into a folder
// of the test's own; all else is as in docs/deploy-aws.md.
func TestSAMLocal(t *testing.T) {
	sam := samCLI(t)
	build := t.TempDir()
	config, err := filepath.Abs(filepath.Join(root, "samconfig.toml")) // SAM looks beside the template
	if err != nil {
		t.Fatal(err)
	}
	command(t, []string{"ARCH=" + runtime.GOARCH}, sam, "build", "--build-dir", build)
	server, port := start(t)
	t.Setenv("SAM_LOCAL_ENDPOINT", "http://host.docker.internal:"+port)
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	pipeline(t, server, func(function string) string {
		id := strings.ToUpper(function[:1]) + function[1:] + "Function"
		return command(t, nil, sam, "local", "invoke", id, "-e", "events/aws-"+function+".gabber.json",
			"--parameter-overrides", "Architecture="+architecture, "--template", filepath.Join(build, "template.yaml"), "--config-file", config)
	})
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
