package policytest

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/terraform/tftest"
)

func TestTemplateLints(t *testing.T) {
	output(t, exec.Command(toolstest.Path(t, root+".tools/cfn/bin/cfn-lint"), root+"template.yaml"))
}

func TestTemplateValidates(t *testing.T) {
	sam := exec.Command(toolstest.Path(t, root+".tools/sam/bin/sam"), "validate", "--lint", "--template", root+"template.yaml")
	sam.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION="+region, "AWS_ACCESS_KEY_ID=none", "AWS_SECRET_ACCESS_KEY=none")
	output(t, sam)
}

func TestModuleIsFormatted(t *testing.T) { tftest.CheckFormat(t, module) }

func TestModuleIsValid(t *testing.T) { tftest.CheckValid(t, module, root+".tools/terraform") }

// What tests/ asserts: above all, which values of variables are refused.
func TestModule(t *testing.T) {
	for _, problem := range tftest.Test(t, module, root+".tools/terraform", "system").Problems {
		t.Error(problem)
	}
}

func TestSchemes(t *testing.T) { tftest.CheckSchemes(t, module, root+".tools/terraform") }

// Some versions of the provider change the function's policy along with the URL; of two
// changes that meet, Lambda may lose one.
func TestOrder(t *testing.T) {
	m := tftest.Parse(t, module)
	for later, earlier := range map[string]string{
		"aws_cloudformation_stack.ingest_url_permissions": "aws_lambda_function_url.ingest",
		"aws_lambda_event_source_mapping.events":          "aws_iam_role_policy.worker", // AWS tries the permissions
		"aws_lambda_event_source_mapping.outbound":        "aws_iam_role_policy.outbound",
	} {
		if !m.WaitsFor(later, earlier) {
			t.Errorf("%s does not wait for %s", later, earlier)
		}
	}
}

// A change that would replace a table or a secret makes an empty one; the old one must
// still be there then.
func TestReplacedIsRetained(t *testing.T) {
	for id, resource := range at(transformed(t, nil), "Resources") {
		switch kind := tftest.Text(resource, "Type"); kind {
		case "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret":
			if policy := tftest.Text(resource, "UpdateReplacePolicy"); policy != "Retain" {
				t.Errorf("%s: UpdateReplacePolicy is %q", id, policy)
			}
		}
	}
}

// Every alarm links a section of the runbook that is there.
func TestRunbook(t *testing.T) {
	for name, f := range templateSystem(t, nil)["alarm"] {
		code, _, _ := strings.Cut(strings.ToLower(name), "-") // AGE-OUTBOUND is about AGE
		tftest.CheckLink(t, name, tftest.Text(f["description"]), root, code)
	}
}

// A message of 1 MiB is for provider 6: provider 5 must say so before it makes
// anything. SAM has the same two sizes.
func TestLargeMessages(t *testing.T) {
	start := toolstest.Terraform(t, tftest.Copy(t, module), root+".tools/terraform")
	out, problems, err := tftest.Run(start("test", "-test-directory=tests/provider6"))
	if said := string(out) + string(problems); err != nil && !strings.Contains(said, "(1024 - 262144), got 1048576") {
		t.Errorf("%v\n%s", err, said)
	}
	s := templateSystem(t, map[string]string{"MaxMessageKib": "1024"})
	if broken := s.bodiesThatDoNotFit(); broken != "" || s.number("queue", "events", "size") != 1<<20 {
		t.Errorf("messages of %s bytes: %s", s.text("queue", "events", "size"), broken)
	}
}
