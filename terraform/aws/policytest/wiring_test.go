package policytest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fromVariable  = regexp.MustCompile(`(?m)^ +([A-Z_]+) += (?:tostring\()?var\.([a-z_]+)`)
	fromParameter = regexp.MustCompile(`(?m)^ +([A-Z_]+): !Ref ([A-Za-z]+)`)
)

// A setting comes from the variable of its name. In the plans three of them are
// true together, so neither shows that one stands for another.
func TestSettingsComeFromTheirVariables(t *testing.T) {
	check := func(where, setting, variable string) {
		if strings.ToLower(setting) != variable {
			t.Errorf("%s: %s is set from %s", where, setting, variable)
		}
	}
	files, err := filepath.Glob("../*.tf")
	if err != nil {
		t.Fatal(err)
	}
	var module strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		module.Write(text)
	}
	settings := fromVariable.FindAllStringSubmatch(module.String(), -1)
	for _, found := range settings {
		check("terraform/aws", found[1], found[2])
	}
	text, err := os.ReadFile(root + "template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	parameters, _ := at(transformed(t, nil), "Parameters").(map[string]any)
	for _, found := range fromParameter.FindAllStringSubmatch(string(text), -1) {
		if _, ok := parameters[found[2]]; ok { // not a resource
			check("template.yaml", found[1], snake(found[2]))
			settings = append(settings, found)
		}
	}
	if len(settings) != 2*14 {
		t.Errorf("%d settings come from variables and parameters, want 14 and 14", len(settings))
	}
}

// A change that would replace one of these makes an empty one; the old one must
// still be there then.
func TestWhatIsReplacedIsLeftBehind(t *testing.T) {
	kept := 0
	for id, resource := range at(transformed(t, nil), "Resources").(map[string]any) {
		switch text(resource, "Type") {
		case "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret":
			kept++
			if policy := text(resource, "UpdateReplacePolicy"); policy != "Retain" {
				t.Errorf("%s: UpdateReplacePolicy is %q", id, policy)
			}
		}
	}
	if kept != 4 {
		t.Errorf("%d tables and secrets, want 4", kept)
	}
}
