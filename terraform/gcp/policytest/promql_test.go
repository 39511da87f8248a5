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
)

// promtool is Prometheus' own: it evaluates queries over numbers that a test gives.
func promtool(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("promtool"); err == nil {
		return path
	}
	path, err := filepath.Abs(root + ".tools/prometheus/promtool")
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		toolstest.Missing(t, "promtool is missing: make tools, or install Prometheus")
	}
	return path
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

// Which tickets ring, a minute after the last number unless another minute is
// said, and for whom. Monitoring and Prometheus differ in whether a window takes
// its first moment in, so nothing here depends on that.
var tickets = []struct {
	name   string
	series []numbers
	minute int
	ring   []string
}{
	{"silence", nil, 10, nil},
	{"three refusals", []numbers{missed("gabber", "1 1 1")}, 3, []string{"REF gabber"}},
	{"three at once", []numbers{missed("gabber", "3")}, 1, []string{"REF gabber"}},
	{"two refusals", []numbers{missed("gabber", "1 1")}, 3, nil},
	{"three, too far apart", []numbers{missed("gabber", "1 _ _ _ 1 _ _ _ 1")}, 9, nil},
	{"three, at any five minutes", []numbers{missed("gabber", "_ _ _ 1 _ 1 _ 1")}, 8, []string{"REF gabber"}},
	{"an acceptance among them", []numbers{missed("gabber", "1 1 1 1"), accepted("gabber", "_ _ 1 _")}, 4, nil},
	{"the last acceptance is long ago", []numbers{missed("gabber", "1 1 1 1 1 1 1 1 1"), accepted("gabber", "5 _ _ _ _ _ _ _ _")}, 9, []string{"REF gabber"}},
	{"a zero is no acceptance", []numbers{missed("gabber", "1 1 1"), accepted("gabber", "0 0 0")}, 3, []string{"REF gabber"}},
	{"another platform's acceptances", []numbers{missed("gabber", "1 1 1"), accepted("oblic", "9 9 9")}, 3, []string{"REF gabber"}},
	{"two platforms", []numbers{missed("gabber", "3"), missed("oblic", "3")}, 1, []string{"REF gabber", "REF oblic"}},
	{"a path that no platform has", []numbers{missed("unrouted", "2 1"), accepted("gabber", "1 1")}, 2, []string{"REF unrouted"}},
	{"numbers that came ten minutes late", []numbers{missed("gabber", "1 1 1")}, 13, []string{"REF gabber"}},
	{"an hour later", []numbers{missed("gabber", "1 1 1")}, 60, nil},
	{"an event that cannot be used", []numbers{codes("QUA", "1")}, 1, []string{"QUA"}},
	{"one wrong signature", []numbers{codes("SIG", "1")}, 1, nil},
	{"five wrong signatures", []numbers{codes("SIG", "2 _ 3")}, 3, []string{"SIG"}},
	{"a page's code is no ticket", []numbers{codes("CFG", "9")}, 1, nil},
	{"a platform without a secret", []numbers{refused("503", "1")}, 1, []string{"5XX-ANY"}},
	{"three redirects, though another platform's events are accepted", []numbers{refused("307", "1 2"), accepted("gabber", "5 5")}, 2, []string{"REF"}},
	{"two redirects", []numbers{refused("307", "1 1")}, 2, nil},
	{"a full house", []numbers{refused("429", "1")}, 1, nil},
}

// checkTickets has Prometheus' own engine evaluate the queries of the alerts.
func checkTickets(t *testing.T, plan []resource) {
	t.Helper()
	tool, dir := promtool(t), t.TempDir()
	queries := map[string]string{}
	for _, r := range plan {
		if r.Type == "google_monitoring_alert_policy" {
			if c := condition(r, "condition_prometheus_query_language"); c != nil {
				queries[strings.TrimPrefix(r.Change.After["display_name"].(string), "demo-")] = c["query"].(string)
			}
		}
	}
	if len(queries) == 0 {
		t.Fatal("no alert has a query")
	}
	write(t, filepath.Join(dir, "rules.json"), rules(queries))
	for _, ticket := range tickets {
		write(t, filepath.Join(dir, "test.json"), rulesTest(ticket.series, ticket.minute, ticket.ring, slices.Sorted(maps.Keys(queries))))
		if out, problems, err := run(exec.Command(tool, "test", "rules", filepath.Join(dir, "test.json"))); err != nil {
			t.Errorf("%s: %s%s", ticket.name, out, problems)
		}
	}
}

type object = map[string]any

// rules is a file of Prometheus' alerts.
func rules(queries map[string]string) object {
	var alerts []object
	for name, query := range queries {
		alerts = append(alerts, object{"alert": name, "expr": query})
	}
	return object{"groups": []object{{"name": "tickets", "rules": alerts}}}
}

// rulesTest is a file of promtool's: all alerts are looked at, those that must
// not ring, too.
func rulesTest(series []numbers, minute int, ring, alerts []string) object {
	input, expected := []object{}, []object{}
	for _, s := range series {
		name := fmt.Sprintf(`logging_googleapis_com:user_demo_%s{monitored_resource="cloud_run_revision",%s=%q}`, s.metric, s.label, s.value)
		input = append(input, object{"series": name, "values": s.minutes})
	}
	for _, alert := range alerts {
		firing := []object{}
		for _, r := range ring {
			name, platform, ok := strings.Cut(r, " ")
			switch {
			case name == alert && ok:
				firing = append(firing, object{"exp_labels": object{"provider": platform}})
			case name == alert:
				firing = append(firing, object{"exp_labels": object{}})
			}
		}
		expected = append(expected, object{"eval_time": fmt.Sprintf("%dm", minute), "alertname": alert, "exp_alerts": firing})
	}
	return object{"rule_files": []string{"rules.json"}, "tests": []object{{"interval": "1m", "input_series": input, "alert_rule_test": expected}}}
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
