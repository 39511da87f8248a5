package policytest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var fromVariable = regexp.MustCompile(`(?m)^ +([A-Z_]+) += (?:tostring\()?var\.([a-z_]+)`)

// A setting comes from the variable of its name. In the assertions three of them
// are true together, so they do not show that one stands for another.
func TestSettingsComeFromTheirVariables(t *testing.T) {
	otherwise := []string{"GOOGLE_CLOUD_PROJECT from project", "MAX_BODY_BYTES from max_body_kib"}
	settings := 0
	for _, found := range fromVariable.FindAllStringSubmatch(text(t, module), -1) {
		settings++
		if strings.ToLower(found[1]) != found[2] && !slices.Contains(otherwise, found[1]+" from "+found[2]) {
			t.Errorf("%s is set from %s", found[1], found[2])
		}
	}
	if settings < 14 {
		t.Errorf("%d settings come from variables, want at least 14", settings)
	}
}

// text is that of all files of a module.
func text(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no module in %s (%v)", dir, err)
	}
	var all strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	return all.String()
}

var (
	hclVariable = regexp.MustCompile(`(?s)\nvariable "([a-z_]+)" \{\n(.*?)\n\}`)
	hclDefault  = regexp.MustCompile(`(?m)^  default +=( .*)$`)
)

// What has the same name on both clouds has the same default. How long logs are
// kept has none here: it would be that of the whole project.
func TestDefaultsAreThoseOfAWS(t *testing.T) {
	here, there := defaults(t, module), defaults(t, module+"../aws/")
	shared := 0
	for name, value := range here {
		if other, ok := there[name]; ok && name != "log_retention_days" {
			shared++
			if value != other {
				t.Errorf("%s is%s here and%s in terraform/aws", name, value, other)
			}
		}
	}
	if shared < 15 {
		t.Errorf("%d variables are in both modules, want at least 15", shared)
	}
}

func defaults(t *testing.T, dir string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(dir + "variables.tf")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, v := range hclVariable.FindAllStringSubmatch(string(text), -1) {
		if found := hclDefault.FindStringSubmatch(v[2]); found != nil {
			all[v[1]] = found[1]
		}
	}
	return all
}
