package toolstest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Terraform initialises the module in dir and gives a function that makes
// commands which run Terraform on it. The test skips where Terraform or a
// provider of the module cannot be had. cache is a folder that keeps downloaded
// providers from run to run.
//
// Where a provider comes from is the machine's business: the registry, or a
// mirror that TF_CLI_CONFIG_FILE names.
func Terraform(t testing.TB, dir, cache string) func(action string, arguments ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("terraform")
	if err != nil {
		Missing(t, "terraform is missing: install 1.11 or newer and put it in the PATH")
	}
	cache, err = filepath.Abs(cache)
	if err == nil {
		err = os.MkdirAll(cache, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	start := func(action string, arguments ...string) *exec.Cmd {
		command := exec.Command(path, append([]string{"-chdir=" + dir, action, "-no-color"}, arguments...)...)
		command.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1",
			// The copies of the modules have no lock file, and without one the cache would be ignored.
			"TF_PLUGIN_CACHE_DIR="+cache, "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=true",
			// Providers' schemas are large: with Go's default a third of the time goes into collecting garbage.
			"GOGC=800")
		return command
	}
	if said, err := start("init", "-backend=false").CombinedOutput(); err != nil {
		_, problem, _ := strings.Cut(string(said), "Error: ")
		Missing(t, "a Terraform provider is missing: let `terraform init` reach registry.terraform.io or a mirror; it says: "+strings.Join(strings.Fields(problem), " "))
	}
	return start
}
