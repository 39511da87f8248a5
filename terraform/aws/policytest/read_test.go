package policytest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/terraform/tftest"
)

// variant is one way to configure the system: the template with these parameters,
// and the plan of the same name in tests/system.tftest.hcl.
type variant struct {
	name       string
	parameters map[string]string
}

// key of the variant with options.
const key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

var variants = []variant{
	{"defaults", nil},
	{"options", map[string]string{
		"Architecture":               "x86_64",
		"IngestReservedConcurrency":  "20",
		"WorkerMaximumConcurrency":   "2",
		"Tariff":                     "conversational_seconds=1,token_cnt=0.002",
		"IdlessWindow":               "forever",
		"AnonymousHumans":            "anonymous,guest",
		"AccountPerProject":          "true",
		"ExcludeSimulated":           "true",
		"OutboundMaximumConcurrency": "3",
		"SpeakResult":                "{tool} says {response}",
		"SpeakFailure":               "Sorry.",
		"LeadsForwardUrl":            "https://leads.example.com/new",
		"EndExhaustedSessions":       "true",
		"LogRetentionDays":           "365",
		"AlarmEmail":                 "oncall@example.com",
		"RunbookUrl":                 "https://example.com/runbook",
		"DeletionProtection":         "false",
		"KmsKeyArn":                  key,
		"PermissionsBoundaryArn":     "arn:aws:iam::111122223333:policy/boundary",
	}},
}

// systems are the two descriptions of a variant.
func (v variant) systems(t *testing.T) map[string]system {
	t.Helper()
	return map[string]system{"template.yaml": templateSystem(t, v.parameters), "terraform/aws": planSystem(t, v.name)}
}

// planSystem reads the plan that a run of tests/system.tftest.hcl made.
func planSystem(t *testing.T, run string) system {
	t.Helper()
	plan := tftest.Test(t, module, root+".tools/terraform", "system").Plans[run]
	if len(plan.Resources) == 0 {
		t.Fatalf("terraform test made no plan for run %q", run)
	}
	s := system{}
	for _, r := range plan.Resources {
		v := r.Change.After
		if r.Type == "aws_cloudformation_stack" {
			resources := tftest.At(v, "template_body", "Resources").(map[string]any)
			for id, resource := range resources {
				addTemplate(t, s, id, resource, tftest.At(resource, "Properties"), resources)
			}
			continue
		}
		i := slices.IndexFunc(kinds, func(k kind) bool { return k.terraform == r.Type })
		if i < 0 {
			t.Errorf("terraform/aws: nothing compares resources of type %s", r.Type)
			continue
		}
		kinds[i].read(s, v, 2)
		if r.Type == "aws_lambda_function" {
			s["function"][short(tftest.Text(v, "function_name"))]["code"] = archived(v)
		}
	}
	for name, output := range plan.Outputs {
		s.add("output", name, fields{"value": tftest.Text(output.After)})
	}
	return s
}

// archived is what the archive of a planned function holds, by its name: "" if the
// hash is another one's, since a new archive would then not be deployed.
func archived(v any) string {
	content, err := os.ReadFile(filepath.Join(module, tftest.Text(v, "filename")))
	sum := sha256.Sum256(content)
	if err != nil || tftest.Text(v, "source_code_hash") != base64.StdEncoding.EncodeToString(sum[:]) {
		return ""
	}
	return strings.TrimSuffix(filepath.Base(tftest.Text(v, "filename")), ".zip")
}

// templateSystem reads template.yaml as it would be deployed with the parameters.
func templateSystem(t *testing.T, parameters map[string]string) system {
	t.Helper()
	c := &template{t: t, parameters: parameters, body: transformed(t, parameters)}
	s := system{}
	resources := at(c.body, "Resources")
	for id, resource := range resources {
		if condition := tftest.Text(resource, "Condition"); condition == "" || c.condition(condition) {
			addTemplate(t, s, id, resource, c.evaluate(tftest.At(resource, "Properties")), resources)
		}
	}
	for id, output := range at(c.body, "Outputs") {
		s.add("output", snake(id), fields{"value": tftest.Text(c.evaluate(tftest.At(output, "Value")))})
	}
	return s
}

func at(v any, path ...any) map[string]any {
	m, _ := tftest.At(v, path...).(map[string]any)
	return m
}

// transformations remembers what SAM made of the template, by parameters.
var transformations = map[string]map[string]any{}

// transformed is the template after SAM.
func transformed(t *testing.T, parameters map[string]string) map[string]any {
	t.Helper()
	python := toolstest.Path(t, root+".tools/cfn/bin/python3")
	arguments := []string{root + "tools/aws-transform.py", root + "template.yaml"}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		arguments = append(arguments, name+"="+parameters[name])
	}
	if body, ok := transformations[fmt.Sprint(arguments)]; ok {
		return body
	}
	var body map[string]any
	if err := json.Unmarshal(output(t, exec.Command(python, arguments...)), &body); err != nil {
		t.Fatal(err)
	}
	transformations[fmt.Sprint(arguments)] = body
	return body
}

// notCompared are properties of a function: SAM's own, and what the builder fills in.
var notCompared = []string{"Code", "Tags"}

// addTemplate files a resource of a template. A property that no field reads is an
// error: it would be deployed without having been compared.
func addTemplate(t *testing.T, s system, id string, resource, properties any, all map[string]any) {
	t.Helper()
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.template == tftest.Text(resource, "Type") })
	if i < 0 {
		t.Errorf("nothing compares resources of type %s (%s)", tftest.Text(resource, "Type"), id)
		return
	}
	k := kinds[i]
	p, _ := properties.(map[string]any)
	name := short(tftest.Text(p, k.templateID))
	if k.name == "role" {
		k.templateID, p["ID"] = "ID", id
		for _, policy := range tftest.List(p, "Policies") {
			policy.(map[string]any)["Role"] = id
			kinds[i+1].read(s, policy, 1)
		}
	}
	k.read(s, p, 1)
	switch k.name {
	case "permission":
		s[k.name][name]["after"] = tftest.Text(all, tftest.Text(resource, "DependsOn"), "Properties", "Action")
	case "function":
		s[k.name][name]["code"] = built(t, id)
		leaveToSAM(t, id, s.env(name))
	}
	for property := range p {
		read := strings.Contains(k.fields+" "+k.templateID, " "+property) || property == "ID" || property == "Policies" && k.name == "role" ||
			slices.Contains(notCompared, property) && k.name == "function"
		if !read {
			t.Errorf("nothing reads %s of %s, so nothing compares it", property, id)
		}
	}
}

// leaveToSAM takes the variable out that only `sam local` fills in, and is sure that
// it is empty where it is deployed.
func leaveToSAM(t *testing.T, function string, env map[string]any) {
	t.Helper()
	if endpoint, declared := env[aws.LocalEndpoint]; !declared || endpoint != "" {
		t.Errorf("template.yaml: %s of %s is %q, declared %t: it must be there for sam local, and empty",
			aws.LocalEndpoint, function, endpoint, declared)
	}
	delete(env, aws.LocalEndpoint)
}

// built is what the Makefile's target for a function builds: `sam build` calls it by
// the function's logical id.
func built(t *testing.T, id string) string {
	t.Helper()
	makefile, err := os.ReadFile(root + "mk/aws-build.mk")
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, _ := strings.Cut(string(makefile), "\nbuild-"+id+":\n\t$(call lambda,")
	folder, _, _ := strings.Cut(recipe, ",")
	return folder
}

// snake is how Terraform spells what CloudFormation calls WebhookSecretArn.
func snake(camel string) string {
	var b strings.Builder
	for i, r := range camel {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// output runs a command and gives what it printed; its failure is the test's.
func output(t *testing.T, command *exec.Cmd) []byte {
	t.Helper()
	out, problems, err := tftest.Run(command)
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", filepath.Base(command.Path), err, out, problems)
	}
	return out
}
