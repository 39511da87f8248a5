package policytest

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/terraform/tftest"
)

// The template and the plan are the same system, as it comes and with every option.
func TestParity(t *testing.T) {
	for _, v := range variants {
		template, plan := templateSystem(t, v.parameters).flat(), planSystem(t, v.name).flat()
		paths := maps.Clone(template)
		maps.Copy(paths, plan)
		for _, path := range slices.Sorted(maps.Keys(paths)) {
			if template[path] != plan[path] {
				t.Errorf("%s: %s: template.yaml has %q, terraform/aws %q", v.name, path, template[path], plan[path])
			}
		}
	}
}

// onlyTerraform are variables that SAM has other words for: the stack's name and
// tags, and CodeUri.
var onlyTerraform = []string{"name", "tags", "build_dir"}

// The parameters of the template are the variables of the module, with the same
// defaults and patterns.
func TestParameters(t *testing.T) {
	variables := tftest.Parse(t, module).Variables()
	for name, parameter := range at(transformed(t, nil), "Parameters") {
		v, ok := variables[snake(name)]
		if fallback := tftest.Text(parameter, "Default"); !ok || fallback != v.Default {
			t.Errorf("%s is %q by default, the variable (there: %t) %q", name, fallback, ok, v.Default)
		}
		if pattern := tftest.Text(parameter, "AllowedPattern"); v.Pattern != "" && pattern != v.Pattern {
			t.Errorf("%s takes %s, the variable %s", name, pattern, v.Pattern)
		}
		delete(variables, snake(name))
	}
	if left := slices.Sorted(maps.Keys(variables)); !slices.Equal(left, slices.Sorted(slices.Values(onlyTerraform))) {
		t.Errorf("no parameter is called like %v", left)
	}
}

// A setting comes from the variable, or parameter, of its name.
func TestSettings(t *testing.T) {
	tftest.Parse(t, module).CheckSettings(t)
	body := transformed(t, nil)
	parameters := map[string]string{}
	for name := range at(body, "Parameters") {
		parameters[strings.ToUpper(snake(name))] = name
	}
	for id, resource := range at(body, "Resources") {
		for name, value := range at(resource, "Properties", "Environment", "Variables") {
			if parameter, ok := parameters[name]; ok && tftest.Text(value, "Ref") != parameter {
				t.Errorf("%s of %s is set from %v", name, id, value)
			}
		}
	}
}

var (
	samSection = regexp.MustCompile(`(?m)^\[([a-z]+)\.deploy\.parameters\]\n((?:[^\[\n].*\n)+)`)
	samValue   = regexp.MustCompile(`(?m)"([A-Z][A-Za-z]*)=([^"]*)"|^(stack_name) = "(.*)"$`)
	samTags    = regexp.MustCompile(`(?m)^tags = "application=(\S+) (.*)"$`)
)

// An environment means the same to `sam deploy --config-env` and to -var-file.
func TestEnvironments(t *testing.T) {
	samconfig, err := os.ReadFile(root + "samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	sections := samSection.FindAllStringSubmatch(string(samconfig), -1)
	if len(sections) == 0 {
		t.Error("samconfig.toml has no environments")
	}
	for _, section := range sections {
		sam := map[string]string{}
		for _, found := range samValue.FindAllStringSubmatch(section[2], -1) {
			sam[snake(found[1])+found[3]] = found[2] + found[4]
		}
		tags := samTags.FindStringSubmatch(section[2])
		if sam["name"] = sam["stack_name"]; tags == nil || tags[1] != sam["name"] {
			t.Fatalf("samconfig.toml, %s: tags are not application=%s and more", section[1], sam["name"])
		}
		sam["tags"] = tags[2]
		delete(sam, "stack_name")
		terraform := tftest.Values(t, module+section[1]+".tfvars")
		for _, name := range []string{"alarm_email", "schemes"} { // Terraform may be told on its command line; texts differ in form
			delete(sam, name)
			delete(terraform, name)
		}
		if !maps.Equal(sam, terraform) {
			t.Errorf("%s: samconfig.toml says %v, the .tfvars %v", section[1], sam, terraform)
		}
	}
}
