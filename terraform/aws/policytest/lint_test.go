package policytest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestTemplateLints(t *testing.T) {
	lint := exec.Command(tool(t, ".tools/cfn/bin/cfn-lint", "make tools"), root+"template.yaml")
	output(t, lint)
}

func TestTemplateValidates(t *testing.T) {
	sam := exec.Command(tool(t, ".tools/sam/bin/sam", "make tools"), "validate", "--lint", "--template", root+"template.yaml")
	sam.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION="+region, "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none")
	if said := string(output(t, sam)); !strings.Contains(said, "is a valid SAM Template") {
		t.Errorf("sam validate says: %s", said)
	}
}

func TestModuleIsFormatted(t *testing.T) {
	if _, err := exec.LookPath("terraform"); err != nil {
		missing(t, "terraform", "install it and put it in the PATH")
	}
	if unformatted := output(t, exec.Command("terraform", "fmt", "-list", "-write=false", "-recursive", "..")); len(unformatted) > 0 {
		t.Errorf("terraform fmt -recursive terraform/aws would change:\n%s", unformatted)
	}
}

func TestModuleValidates(t *testing.T) {
	start := starter(t, copyOfModule(t))
	output(t, start("validate"))
}

// A message of 1 MiB is for provider 6: provider 5 must say so before it makes
// anything, and SAM has the same two sizes.
func TestLargeMessages(t *testing.T) {
	t.Run("plan", func(t *testing.T) {
		start := starter(t, copyOfModule(t))
		out, problems, err := run(start("test", "-test-directory=tests/provider6", "-var", "build_dir="+artefacts(t)))
		refused := strings.Contains(string(problems)+string(out), "to be in the range (1024 - 262144), got 1048576")
		if err != nil && !refused {
			t.Errorf("%v\n%s%s", err, tail(out), tail(problems))
		}
	})
	t.Run("template", func(t *testing.T) {
		s := templateSystem(t, map[string]string{"MaxMessageKib": "1024"})
		if size, body := s.Queues["events"].MaxSize, s.Functions["ingest"].Environment["MAX_BODY_BYTES"]; size != "1048576" || body != "737280" {
			t.Errorf("messages of %s bytes, bodies of %s", size, body)
		}
		variant{}.check(t, s)
	})
}
