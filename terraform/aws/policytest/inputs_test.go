package policytest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/terraform/tftest"
)

type values struct{ taken, refused []string }

// inputs are values that may be given. What the functions refuse would otherwise be
// deployed, and found out by the alarm CFG.
var inputs = map[string]values{
	"Tariff": {
		[]string{"conversational_seconds=1", "conversational_seconds=0", "conversational_seconds=1,token_cnt=0.002", "a.b-c/d=10.50,é=2e-3,x=1E+2", "\n conversational_seconds = 1 ,\n token_cnt = 0.002\n"},
		[]string{"free", "=1", " =1", "a=", "a=-1", "a=01", "a=.5", "a=1.", "a=1 credit", "a=1,", "a=1;b=1", "a=1,,b=1"},
	},
	"IdlessWindow": {
		[]string{"15m", "0", "0s", "1h30m", "1.5h", ".5h", "900000ms", "forever"},
		[]string{"15 minutes", "15", "-15m", "1d", "for ever"},
	},
}

func TestPatterns(t *testing.T) {
	for parameter, values := range inputs {
		pattern := tftest.Text(transformed(t, nil), "Parameters", parameter, "AllowedPattern")
		for i, value := range slices.Concat(values.taken, values.refused) {
			want := i < len(values.taken)
			if taken := pattern != "" && regexp.MustCompile(pattern).MatchString(value); taken != want {
				t.Errorf("%s = %q: taken %t, want %t", parameter, value, taken, want)
			}
			if err := configured(strings.ToUpper(snake(parameter)), value); (err == nil) != want {
				t.Errorf("%s = %q: the functions say %v", parameter, value, err)
			}
		}
	}
}

// A text that Terraform refuses by its words alone is refused by the template, too.
func TestSchemePattern(t *testing.T) {
	rows := []tftest.Scheme{
		{Name: "none", Text: ""},
		{Name: "two platforms", Text: "platform=acme; list=','; field=v1; platform = acme-two; algorithm=sha1;"},
		{Name: "platform without items", Text: "platform=acme"},
		{Name: "no platform", Text: "header=X-Sig", Refused: tftest.ByWords},
		{Name: "platform behind its items", Text: "header=X-Sig; platform=acme", Refused: tftest.ByWords},
		{Name: "platform without a name", Text: "platform=; header=X-Sig", Refused: tftest.ByWords},
	}
	for _, s := range tftest.Schemes {
		s.Text = "platform=acme; " + s.Text
		rows = append(rows, s)
	}
	for _, s := range rows {
		if got, want := refused(t, map[string]string{"Schemes": s.Text}), s.Refused == tftest.ByWords; got != want {
			t.Errorf("%s: refused %t, want %t", s.Name, got, want)
		}
	}
}

// configured is what the functions say to one setting.
func configured(setting, value string) error {
	env := func(name string) string {
		return map[string]string{setting: value, "LEADS_FORWARD_SECRET": forwardSecret}[name]
	}
	if _, err := handlers.SettingsFromEnv(env); err != nil {
		return err
	}
	_, err := calls.SettingsFromEnv(env)
	return err
}

var refusals = []map[string]string{
	{"Tariff": "free"}, {"Tariff": ""}, {"IdlessWindow": "15 minutes"}, {"IdlessWindow": ""}, {"AnonymousHumans": ""},
	{"SpeakResult": ""}, {"SpeakFailure": ""}, {"LeadsForwardUrl": "http://leads.example.com"},
	{"KmsKeyArn": "mykey"}, {"KmsKeyArn": "arn:aws:kms:eu-west-1:111122223333:alias/mykey"},
	{"PermissionsBoundaryArn": "boundary"}, {"LogRetentionDays": "31"}, {"Architecture": "amd64"}, {"MaxMessageKib": "512"},
	{"WorkerMaximumConcurrency": "1"}, {"OutboundMaximumConcurrency": "1001"}, {"IngestReservedConcurrency": "-1"},
}

// What tests/ has refused, CloudFormation refuses before it makes
// anything.
func TestTemplateRefuses(t *testing.T) {
	for _, parameters := range refusals {
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
		switch smallest, largest := tftest.Text(p, "MinValue"), tftest.Text(p, "MaxValue"); {
		case p["AllowedValues"] != nil && !slices.Contains(tftest.Texts(p, "AllowedValues"), value),
			smallest != "" && tftest.Number(value) < tftest.Number(smallest),
			largest != "" && tftest.Number(value) > tftest.Number(largest),
			float64(len(value)) < tftest.Number(tftest.Text(p, "MinLength")),
			!regexp.MustCompile(tftest.Text(p, "AllowedPattern")).MatchString(value):
			return true
		}
	}
	for _, rule := range at(c.body, "Rules") {
		for _, assertion := range tftest.List(rule, "Assertions") {
			if c.evaluate(tftest.At(rule, "RuleCondition")) == true && c.evaluate(tftest.At(assertion, "Assert")) != true {
				return true
			}
		}
	}
	return false
}
