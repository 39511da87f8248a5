package policytest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

// inputs are values that somebody could give. What the functions refuse would
// otherwise be deployed, and found out by the alarm CFG.
var inputs = []struct {
	variable, value string
	taken           bool
}{
	{"tariff", "conversational_seconds=1", true},
	{"tariff", "conversational_seconds=0", true},
	{"tariff", "conversational_seconds=1,token_cnt=0.002", true},
	{"tariff", "a.b-c/d=10.50,é=2e-3,x=1E+2", true},
	{"tariff", "\n conversational_seconds = 1 ,\n token_cnt = 0.002\n", true},
	{"tariff", "free", false},
	{"tariff", "=1", false},
	{"tariff", " =1", false},
	{"tariff", "conversational_seconds=", false},
	{"tariff", "conversational_seconds=-1", false},
	{"tariff", "conversational_seconds=01", false},
	{"tariff", "conversational_seconds=.5", false},
	{"tariff", "conversational_seconds=1.", false},
	{"tariff", "conversational_seconds=1 credit", false},
	{"tariff", "conversational_seconds=1,", false},
	{"tariff", "conversational_seconds=1;token_cnt=1", false},
	{"tariff", "conversational_seconds=1,,token_cnt=1", false},
	{"idless_window", "15m", true},
	{"idless_window", "0", true},
	{"idless_window", "0s", true},
	{"idless_window", "1h30m", true},
	{"idless_window", "1.5h", true},
	{"idless_window", ".5h", true},
	{"idless_window", "900000ms", true},
	{"idless_window", "forever", true},
	{"idless_window", "15 minutes", false},
	{"idless_window", "15", false},
	{"idless_window", "-15m", false},
	{"idless_window", "1d", false},
	{"idless_window", "for ever", false},
	{"gabber_api_url", "https://api.gabber.dev", true},
	{"gabber_api_url", "https://gabber.example.com:8443/v/1/", true},
	{"gabber_api_url", "api.gabber.dev", false},
	{"gabber_api_url", "https://", false},
	{"gabber_api_url", "https://user@api.gabber.dev", false},
	{"gabber_api_url", "https://api gabber.dev", false},
	{"leads_forward_url", "", true},
	{"leads_forward_url", "https://leads.example.com/new?to=a@example.com", true},
	{"leads_forward_url", "https://leads.example.com?key=1", true},
	{"leads_forward_url", "leads.example.com", false},
	{"leads_forward_url", "https://user:password@leads.example.com", false},
}

func TestPatternsTakeWhatTheFunctionsTake(t *testing.T) {
	patterns := templatePatterns(t)
	for _, in := range inputs {
		pattern := patterns[in.variable]
		if pattern == "" {
			t.Fatalf("%s takes anything", in.variable)
		}
		if taken := regexp.MustCompile(pattern).MatchString(in.value); taken != in.taken {
			t.Errorf("%s = %q: taken %t, want %t", in.variable, in.value, taken, in.taken)
		}
		if err := configured(in.variable, in.value); (err == nil) != in.taken {
			t.Errorf("%s = %q: the functions say %v", in.variable, in.value, err)
		}
	}
}

// configured is what the functions say to one setting.
func configured(variable, value string) error {
	env := func(name string) string {
		switch name {
		case strings.ToUpper(variable):
			return value
		case "LEADS_FORWARD_SECRET":
			return fakeapi.LeadsSecret
		}
		return ""
	}
	if _, err := handlers.SettingsFromEnv(env); err != nil {
		return err
	}
	_, err := calls.SettingsFromEnv(env)
	return err
}

var hclPattern = regexp.MustCompile(`regex\("(.*)", var\.([a-z_]+)\)`)

// What one description refuses, the others do.
func TestPatternsAreTheSame(t *testing.T) {
	patterns := templatePatterns(t)
	for _, module := range []string{"../", "../../gcp/"} {
		text, err := os.ReadFile(module + "variables.tf")
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for _, found := range hclPattern.FindAllStringSubmatch(string(text), -1) {
			if pattern, ok := patterns[found[2]]; ok {
				checked++
				if pattern != strings.ReplaceAll(found[1], `\\`, `\`) {
					t.Errorf("%svariables.tf: %s is %s, in template.yaml %s", module, found[2], found[1], pattern)
				}
			}
		}
		if checked < 4 {
			t.Errorf("%svariables.tf: %d patterns are in template.yaml, too, want at least 4", module, checked)
		}
	}
}

// templatePatterns are those of template.yaml, under the names of the variables.
func templatePatterns(t *testing.T) map[string]string {
	t.Helper()
	patterns := map[string]string{}
	for name, parameter := range at(transformed(t, nil), "Parameters").(map[string]any) {
		if pattern := text(parameter, "AllowedPattern"); pattern != "" {
			patterns[snake(name)] = pattern
		}
	}
	return patterns
}

// What tests/inputs.tftest.hcl has refused, CloudFormation refuses before it
// makes anything.
func TestTemplateRefuses(t *testing.T) {
	for _, parameters := range []map[string]string{
		{"Tariff": "free"}, {"Tariff": ""}, {"IdlessWindow": "15 minutes"}, {"IdlessWindow": ""}, {"AnonymousHumans": ""},
		{"SpeakResult": ""}, {"SpeakFailure": ""}, {"LeadsForwardUrl": "http://leads.example.com"}, {"GabberApiUrl": ""},
		{"GabberApiUrl": "http://api.gabber.dev"}, {"KmsKeyArn": "mykey"}, {"KmsKeyArn": "arn:aws:kms:eu-west-1:111122223333:alias/mykey"},
		{"PermissionsBoundaryArn": "boundary"}, {"LogRetentionDays": "31"}, {"GabberLedger": "beside"}, {"GabberLedger": "instead"},
		{"Architecture": "amd64"}, {"MaxMessageKib": "512"}, {"WorkerMaximumConcurrency": "1"}, {"OutboundMaximumConcurrency": "1001"},
		{"IngestReservedConcurrency": "-1"},
	} {
		if !refused(t, parameters) {
			t.Errorf("%v is deployed", parameters)
		}
	}
	for _, v := range variants {
		if refused(t, v.parameters) {
			t.Errorf("%s: %v is refused", v.name, v.parameters)
		}
	}
}

// refused says what CloudFormation would, by the template's parameters and rules.
func refused(t *testing.T, parameters map[string]string) bool {
	t.Helper()
	c := &template{t: t, parameters: parameters, body: transformed(t, nil)}
	for name, value := range parameters {
		p := at(c.body, "Parameters", name)
		switch allowed, smallest, largest := at(p, "AllowedValues"), text(p, "MinValue"), text(p, "MaxValue"); {
		case allowed != nil && !slices.Contains(texts(allowed), value),
			smallest != "" && number(value) < number(smallest),
			largest != "" && number(value) > number(largest),
			len(value) < max(number(text(p, "MinLength")), 0),
			!regexp.MustCompile(text(p, "AllowedPattern")).MatchString(value):
			return true
		}
	}
	rules, _ := at(c.body, "Rules").(map[string]any)
	for _, rule := range rules {
		if c.evaluate(at(rule, "RuleCondition")) != true {
			continue
		}
		for _, assertion := range at(rule, "Assertions").([]any) {
			if c.evaluate(at(assertion, "Assert")) != true {
				return true
			}
		}
	}
	return false
}
