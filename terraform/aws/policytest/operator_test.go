package policytest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	fromEnv = regexp.MustCompile(`aws\.FromEnv\(os\.Getenv, ([^)]*)\)`)
	quoted  = regexp.MustCompile(`"[A-Z_]+"`)
)

// What hooks-aws asks the environment for, both deployments hand out.
func TestOperatorsAreToldWhatToolsAsk(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(root + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	asked := fromEnv.FindStringSubmatch(read("cmd/hooks-aws/main.go"))
	if asked == nil {
		t.Fatal("hooks-aws asks for nothing")
	}
	_, terraform, _ := strings.Cut(read("terraform/aws/outputs.tf"), `output "operator"`)
	_, template, _ := strings.Cut(read("template.yaml"), "\n  Operator:\n")
	for _, name := range append(quoted.FindAllString(asked[1], -1), `"AWS_REGION"`) {
		for where, output := range map[string]string{"terraform/aws": terraform, "template.yaml": template} {
			if name = strings.Trim(name, `"`); !strings.Contains(output, " "+name+"=${") {
				t.Errorf("%s: the output operator does not set %s", where, name)
			}
		}
	}
}
