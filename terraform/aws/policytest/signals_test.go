package policytest

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/terraform/tftest"
)

func lambdaLog(w io.Writer) *slog.Logger { return aws.NewLog(w, func(string) string { return "" }) }

// Ingest logs as it does in Lambda; the filters of both descriptions count its lines.
func TestFilters(t *testing.T) {
	for where, s := range variants[0].systems(t) {
		t.Run(where, func(t *testing.T) {
			tftest.Stories(t, lambdaLog, func(lines []byte, _ int) (counted []string) {
				for metric, n := range s.count(t, "ingest", lines) {
					if name := strings.Split(metric, " "); n > 0 {
						counted = append(counted, strings.ToLower(name[1])+" "+name[3])
					}
				}
				return counted
			})
			for _, log := range []string{"worker", "outbound"} {
				if counted := s.count(t, log, []byte(`{"code":"CFG"}`)); len(counted) != 1 {
					t.Errorf("of a line with a code in the log of %s is counted %v", log, counted)
				}
			}
		})
	}
}

// REF rings where a platform's deliveries are refused and none is accepted, 403 where
// the front door answers and ingest does not run.
func TestRefusalAlarms(t *testing.T) {
	for where, s := range variants[0].systems(t) {
		platform, refused := tftest.Lines(t, "no signature", lambdaLog)
		_, accepted := tftest.Lines(t, "accepted", lambdaLog)
		enough := int(s.number("alarm", "REF-"+platform, "threshold"))
		answered, invoked := "AWS/Lambda Url4xxCount FunctionName ingest", "AWS/Lambda Invocations FunctionName ingest"
		many := s.number("alarm", "403", "threshold")
		for _, row := range []struct {
			name    string
			counted counts
			rings   string
		}{
			{"silence", counts{}, ""},
			{"refusals", s.count(t, "ingest", bytes.Repeat(refused, enough)), "REF-" + platform},
			{"fewer refusals", s.count(t, "ingest", bytes.Repeat(refused, enough-1)), ""},
			{"refusals and an acceptance", s.count(t, "ingest", append(bytes.Repeat(refused, 2*enough), accepted...)), ""},
			{"answered before ingest", counts{answered: many}, "403"},
			{"answered before ingest, fewer", counts{answered: many - 1}, ""},
			{"answered by ingest", counts{answered: 2 * many, invoked: 2 * many}, ""},
			{"answered before ingest, sometimes", counts{answered: 2 * many, invoked: 1}, ""},
		} {
			if rings := s.ringing(row.counted); rings != row.rings {
				t.Errorf("%s: %s: %q rings, want %q", where, row.name, rings, row.rings)
			}
		}
	}
}

// Every alarm looks at something that is counted: in our own namespace by a filter,
// else of a queue or a function that is there. One that is called after a code or a
// platform looks at that.
func TestAlarms(t *testing.T) {
	for where, s := range variants[0].systems(t) {
		counted := map[string]bool{}
		for _, f := range s["filter"] {
			for dimension := range f["dimensions"].(map[string]any) {
				counted[tftest.Text(f["namespace"])+" "+tftest.Text(f["metric"])+" "+dimension] = true
			}
		}
		var refusals []string
		for name, f := range s["alarm"] {
			for _, m := range metrics(f) {
				words := strings.Split(m, " ")
				_, isQueue := s["queue"][words[3]]
				_, isFunction := s["function"][words[3]]
				if words[0] == stack && (!counted[strings.Join(words[:3], " ")] || words[3] != strings.TrimPrefix(name, "REF-")) ||
					words[0] == "AWS/SQS" && !isQueue || words[0] == "AWS/Lambda" && !isFunction {
					t.Errorf("%s: alarm %s looks at %s", where, name, m)
				}
			}
			if platform, ok := strings.CutPrefix(name, "REF-"); ok && platform != "unrouted" {
				refusals = append(refusals, platform)
			}
		}
		for _, code := range tftest.Codes {
			if metrics(s["alarm"][code])[""] != stack+" Codes code "+code {
				t.Errorf("%s: the code %s has no alarm", where, code)
			}
		}
		tftest.CheckPlatforms(t, refusals)
	}
}

// counts are sums over five minutes by metric: namespace, name, dimension, value.
type counts map[string]float64

// count is what the filters on a function's log make of its lines.
func (s system) count(t *testing.T, log string, lines []byte) counts {
	t.Helper()
	counted := counts{}
	for line := range bytes.Lines(lines) {
		var entry any
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatalf("not a line of JSON: %s", line)
		}
		for name, f := range s["filter"] {
			if strings.HasPrefix(name, log+" ") && matches(t, tftest.Text(f["pattern"]), entry) {
				for dimension, path := range f["dimensions"].(map[string]any) {
					value := tftest.Text(entry, strings.TrimPrefix(tftest.Text(path), "$."))
					counted[strings.Join([]string{tftest.Text(f["namespace"]), tftest.Text(f["metric"]), dimension, value}, " ")] += tftest.Number(tftest.Text(f["value"]))
				}
			}
		}
	}
	return counted
}

var term = regexp.MustCompile(`^\(?\$\.(\w+) (?:(= \*)|(IS TRUE)|= "([^"]*)")\)?$`)

// matches evaluates the part of CloudWatch's filter language that is in use.
func matches(t *testing.T, pattern string, entry any) bool {
	t.Helper()
	for alternative := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(pattern, "{ "), " }"), " || ") {
		found := term.FindStringSubmatch(alternative)
		if found == nil {
			t.Fatalf("the filter %q is not evaluated here yet", pattern)
		}
		value := tftest.At(entry, found[1])
		if found[2] != "" && value != nil || found[3] != "" && value == true || found[4] != "" && value == found[4] {
			return true
		}
	}
	return false
}

// metrics that an alarm looks at, as counts names them, by their id in its expression.
func metrics(f fields) map[string]string {
	all := map[string]string{}
	add := func(id, namespace, name string, dimensions any) {
		for dimension, value := range at(dimensions) {
			all[id] = strings.Join([]string{namespace, name, dimension, short(tftest.Text(value))}, " ")
		}
	}
	add("", tftest.Text(f["namespace"]), tftest.Text(f["metric"]), f["dimensions"])
	for i, id := range tftest.List(f["ids"]) {
		add(tftest.Text(id), tftest.Text(f["namespaces"], i), tftest.Text(f["metrics"], i), tftest.At(f["of"], i))
	}
	return all
}

var conditional = regexp.MustCompile(`^IF\((FILL\()?(\w+)(?:, 0\))? == 0, (\w+), 0\)$`)

// ringing says which alarms ring. What has no data rings nowhere; a metric without data
// makes an expression without a value, unless it is filled.
func (s system) ringing(counted counts) string {
	var rings []string
	for name, f := range s["alarm"] {
		of := metrics(f)
		value, ok := counted[of[""]]
		if found := conditional.FindStringSubmatch(strings.Join(tftest.Texts(f["expressions"]), "")); found != nil {
			condition, known := counted[of[found[2]]]
			value, ok = counted[of[found[3]]]
			ok = ok && (known || found[1] != "") && condition == 0
		}
		if ok && value >= s.number("alarm", name, "threshold") {
			rings = append(rings, name)
		}
	}
	slices.Sort(rings)
	return strings.Join(rings, ", ")
}
