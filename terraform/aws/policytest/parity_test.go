package policytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The template and the plan are the same system, as it comes and with every
// option.
func TestParity(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			template, plan := flat(t, templateSystem(t, v.parameters)), flat(t, planSystem(t, v.name))
			paths := maps.Clone(template)
			maps.Copy(paths, plan)
			for _, path := range slices.Sorted(maps.Keys(paths)) {
				if template[path] != plan[path] {
					t.Errorf("%s: template.yaml has %q, terraform/aws %q", path, template[path], plan[path])
				}
			}
			if len(paths) < 400 {
				t.Errorf("only %d values were compared", len(paths))
			}
		})
	}
}

// flat gives every value of a system by its path, what is empty left out.
func flat(t *testing.T, s system) map[string]string {
	t.Helper()
	encoded, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	flatten(values, "", decoded(t, string(encoded)))
	return values
}

func flatten(values map[string]string, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, item := range v {
			flatten(values, path+"."+name, item)
		}
	case []any:
		for i, item := range v {
			flatten(values, fmt.Sprintf("%s[%d]", path, i), item)
		}
	default:
		if s := text(v); s != "" {
			values[path] = s
		}
	}
}

// onlyTerraform are variables that SAM has other words for: the stack's name and
// tags, and CodeUri.
var onlyTerraform = []string{"name", "tags", "build_dir"}

var (
	hclVariable = regexp.MustCompile(`(?s)\nvariable "([a-z_]+)" \{\n(.*?)\n\}`)
	hclDefault  = regexp.MustCompile(`(?m)^  default +=( "?(.*?)"?)$`)
)

// Whoever knows the parameters of one knows the variables of the other.
func TestParametersAreVariables(t *testing.T) {
	parameters := map[string]string{}
	for name, parameter := range at(transformed(t, nil), "Parameters").(map[string]any) {
		parameters[snake(name)] = text(parameter, "Default")
	}
	file, err := os.ReadFile("../variables.tf")
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for _, v := range hclVariable.FindAllStringSubmatch(string(file), -1) {
		name, body := v[1], v[2]
		if !strings.Contains(body, "\n  type ") || !strings.Contains(body, "description = ") {
			t.Errorf("variable %s has no type or no description", name)
		}
		if !slices.Contains(onlyTerraform, name) {
			variables[name] = hclDefault.FindStringSubmatch(body)[2]
		}
	}
	if !maps.Equal(parameters, variables) {
		t.Errorf("parameters %v\nvariables  %v", parameters, variables)
	}
}

var (
	samSection   = regexp.MustCompile(`(?m)^\[([a-z]+)\.deploy\.parameters\]\n((?:[^\[\n].*\n)+)`)
	samOverrides = regexp.MustCompile(`"([A-Za-z]+)=([^"]*)"`)
	samLine      = regexp.MustCompile(`(?m)^([a-z_]+) = (.*)$`)
	tfLine       = regexp.MustCompile(`(?m)^([a-z_]+) += (.*)$`)
)

// dev and prod mean the same to `sam deploy --config-env` and to -var-file.
func TestEnvironmentsAgree(t *testing.T) {
	samconfig, err := os.ReadFile(root + "samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	var environments []string
	for _, section := range samSection.FindAllStringSubmatch(string(samconfig), -1) {
		environment := section[1]
		environments = append(environments, environment)
		sam, stackName, tags := map[string]string{}, "", ""
		for _, line := range samLine.FindAllStringSubmatch(section[2], -1) {
			switch line[1] {
			case "stack_name":
				stackName = line[2]
			case "tags":
				tags = line[2]
			case "parameter_overrides":
				for _, override := range samOverrides.FindAllStringSubmatch(line[2], -1) {
					sam[snake(override[1])] = override[2]
				}
			}
		}
		sam["name"] = stackName
		if want := fmt.Sprintf(`"application=%s environment=%s"`, strings.Trim(stackName, `"`), environment); tags != want {
			t.Errorf("samconfig.toml, %s: tags are %s, want %s", environment, tags, want)
		}
		sam["tags"] = fmt.Sprintf(`{ environment = "%s" }`, environment)
		tfvars, err := os.ReadFile("../" + environment + ".tfvars")
		if err != nil {
			t.Fatal(err)
		}
		terraform := map[string]string{}
		for _, line := range tfLine.FindAllStringSubmatch(string(tfvars), -1) {
			terraform[line[1]] = line[2]
		}
		delete(sam, "alarm_email") // Terraform may be told on its command line
		delete(terraform, "alarm_email")
		if !maps.Equal(sam, terraform) {
			t.Errorf("%s: samconfig.toml says %v, %s.tfvars %v", environment, sam, environment, terraform)
		}
	}
	if !slices.Equal(environments, []string{"dev", "prod"}) {
		t.Errorf("environments are %v", environments)
	}
}
