package policytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/terraform/tftest"
)

// promtool is Prometheus' own: it evaluates queries over numbers that a test gives.
func promtool(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("promtool"); err == nil {
		return path
	}
	return toolstest.Path(t, root+".tools/prometheus/promtool")
}

// numbers are those of one series, by minute; "_" is none.
type numbers struct{ metric, label, value, minutes string }

func missed(platform, minutes string) numbers {
	return numbers{"missed", "provider", platform, minutes}
}
func accepted(platform, minutes string) numbers {
	return numbers{"accepted", "provider", platform, minutes}
}
func codes(code, minutes string) numbers     { return numbers{"codes", "code", code, minutes} }
func refused(status, minutes string) numbers { return numbers{"refused", "status", status, minutes} }

// Which tickets ring at a minute, and for whom. 99 is many, no matter what the
// thresholds are. Monitoring and Prometheus differ in whether a window takes its first
// moment in, so nothing here depends on that.
var tickets = []struct {
	name   string
	series []numbers
	minute int
	ring   []string
}{
	{"silence", nil, 10, nil},
	{"refusals", []numbers{missed("acme", "33 33 33")}, 3, []string{"REF acme"}},
	{"refusals at once", []numbers{missed("acme", "99")}, 1, []string{"REF acme"}},
	{"one refusal", []numbers{missed("acme", "1")}, 1, nil},
	{"refusals, too far apart", []numbers{missed("acme", "1 _ _ _ _ _ 1 _ _ _ _ _ 1")}, 13, nil},
	{"an acceptance among them", []numbers{missed("acme", "99 1 1 1"), accepted("acme", "_ _ 1 _")}, 4, nil},
	{"the last acceptance is long ago", []numbers{missed("acme", "9 9 9 9 9 9 9 9 9"), accepted("acme", "5 _ _ _ _ _ _ _ _")}, 9, []string{"REF acme"}},
	{"a zero is no acceptance", []numbers{missed("acme", "33 33 33"), accepted("acme", "0 0 0")}, 3, []string{"REF acme"}},
	{"another platform's acceptances", []numbers{missed("acme", "99"), accepted("other", "9")}, 1, []string{"REF acme"}},
	{"two platforms", []numbers{missed("acme", "99"), missed("other", "99")}, 1, []string{"REF acme", "REF other"}},
	{"numbers that came ten minutes late", []numbers{missed("acme", "33 33 33")}, 13, []string{"REF acme"}},
	{"an hour later", []numbers{missed("acme", "99")}, 60, nil},
	{"one wrong signature", []numbers{codes("SIG", "1")}, 1, nil},
	{"a page's code is no ticket", []numbers{codes("CFG", "99")}, 1, nil},
	{"a platform without a secret", []numbers{refused("503", "1")}, 1, []string{"5XX-ANY"}},
	{"redirects, though another platform's events are accepted", []numbers{refused("307", "99"), accepted("acme", "5")}, 1, []string{"REF"}},
	{"one redirect", []numbers{refused("307", "1")}, 1, nil},
	{"a full house", []numbers{refused("429", "99")}, 1, nil},
}

// Prometheus' own engine evaluates the queries of the alerts.
func TestTickets(t *testing.T) {
	queries := map[string]string{}
	for _, r := range planned(t).Plans["defaults"].Resources {
		if query := tftest.Text(r.Change.After, "conditions", 0, "condition_prometheus_query_language", 0, "query"); query != "" {
			queries[alertName(r)] = query
		}
	}
	tool, dir := promtool(t), t.TempDir()
	alerts := slices.Sorted(maps.Keys(queries))
	var rules, tests []object
	for _, name := range alerts {
		rules = append(rules, object{"alert": name, "expr": queries[name]})
		if slices.Contains(tftest.Codes, name) {
			tests = append(tests, rulesTest("code "+name, []numbers{codes(name, "99")}, 1, []string{name}, alerts))
		}
	}
	for _, ticket := range tickets {
		tests = append(tests, rulesTest(ticket.name, ticket.series, ticket.minute, ticket.ring, alerts))
	}
	write(t, filepath.Join(dir, "rules.json"), object{"groups": []object{{"name": "tickets", "rules": rules}}})
	write(t, filepath.Join(dir, "test.json"), object{"rule_files": []string{"rules.json"}, "tests": tests})
	if out, problems, err := tftest.Run(exec.Command(tool, "test", "rules", filepath.Join(dir, "test.json"))); err != nil {
		t.Errorf("%s%s", out, problems)
	}
}

// rulesTest is a test of promtool's: all alerts are looked at, those that must not
// ring, too.
func rulesTest(name string, series []numbers, minute int, ring, alerts []string) object {
	input, expected := []object{}, []object{}
	for _, s := range series {
		input = append(input, object{
			"series": fmt.Sprintf(`logging_googleapis_com:user_demo_%s{monitored_resource="cloud_run_revision",%s=%q}`, s.metric, s.label, s.value),
			"values": s.minutes,
		})
	}
	for _, alert := range alerts {
		firing := []object{}
		for _, r := range ring {
			if code, platform, ok := strings.Cut(r, " "); code == alert && ok {
				firing = append(firing, object{"exp_labels": object{"provider": platform}})
			} else if code == alert {
				firing = append(firing, object{"exp_labels": object{}})
			}
		}
		expected = append(expected, object{"eval_time": fmt.Sprintf("%dm", minute), "alertname": alert, "exp_alerts": firing})
	}
	return object{"name": name, "interval": "1m", "input_series": input, "alert_rule_test": expected}
}

// write writes JSON, which is YAML as well.
func write(t *testing.T, file string, content object) {
	t.Helper()
	text, err := json.Marshal(content)
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
