package policytest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/terraform/tftest"
)

type object = map[string]any

// request is Cloud Run's line about a delivery to ingest, with its text if Cloud Run
// answered by itself.
func request(status int, text, method, path string) object {
	e := object{
		"logName":     "projects/acme-demo/logs/run.googleapis.com%2Frequests",
		"resource":    service("demo-ingest"),
		"httpRequest": object{"status": float64(status), "requestMethod": method, "requestUrl": "https://demo-ingest-abc.a.run.app" + path},
	}
	if text != "" {
		e["textPayload"] = text
	}
	return e
}

func service(name string) object {
	return object{"type": "cloud_run_revision", "labels": object{"service_name": name}}
}

// structured makes entries of the JSON lines that a function writes: severity and
// time become the entry's own.
func structured(t *testing.T, name string, lines []byte) (entries []object) {
	t.Helper()
	for line := range bytes.Lines(lines) {
		var payload object
		if err := json.Unmarshal(line, &payload); err != nil {
			t.Fatalf("not a line of JSON: %s", line)
		}
		e := object{"logName": "projects/acme-demo/logs/run.googleapis.com%2Fstdout", "resource": service(name), "severity": payload["severity"]}
		delete(payload, "severity")
		delete(payload, "time")
		e["jsonPayload"] = payload
		entries = append(entries, e)
	}
	return entries
}

// moved says which metrics count an entry, by their label's value, and which alarms
// ring by it at once.
func moved(t *testing.T, plan tftest.Plan, entries ...object) []string {
	t.Helper()
	all := map[string]bool{}
	for _, r := range plan.Resources {
		for _, e := range entries {
			if r.Type == "google_logging_metric" && matches(t, tftest.Text(r.Change.After, "filter"), e) {
				all[strings.TrimPrefix(tftest.Text(r.Change.After, "name"), "demo-")+" "+label(t, r, e)] = true
			}
			if filter := tftest.Text(r.Change.After, "conditions", 0, "condition_matched_log", 0, "filter"); filter != "" && matches(t, filter, e) {
				all[alertName(r)+" rings"] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func alertName(r tftest.Resource) string {
	return strings.TrimPrefix(tftest.Text(r.Change.After, "display_name"), "demo-")
}

// label is the value of a metric's one label.
func label(t *testing.T, metric tftest.Resource, e object) string {
	t.Helper()
	extractors, _ := tftest.At(metric.Change.After, "label_extractors").(object)
	for name, extractor := range extractors {
		var value any = e
		for step := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(tftest.Text(extractor), "EXTRACT("), ")"), ".") {
			value = tftest.At(value, step)
		}
		if declared := tftest.Text(metric.Change.After, "metric_descriptor", 0, "labels", 0, "key"); value == nil || declared != name || len(extractors) != 1 {
			t.Fatalf("%s: the label %s is %v, declared is %s", metric.Address, name, value, declared)
		}
		return tftest.Text(value)
	}
	return ""
}

// Ingest logs as it does on Cloud Run; the metrics count its lines.
func TestMetrics(t *testing.T) {
	plan := planned(t).Plans["defaults"]
	tftest.Stories(t, gcp.NewLog, func(lines []byte, status int) []string {
		entries := append(structured(t, "demo-ingest", lines), request(status, "", "POST", "/"))
		return slices.DeleteFunc(moved(t, plan, entries...), func(what string) bool {
			return strings.HasSuffix(what, " rings") || strings.HasPrefix(what, "refused 5")
		})
	})
}

// What a line does to the metrics and the alarms that ring by lines.
func TestLines(t *testing.T) {
	plan := planned(t).Plans["defaults"]
	const text = "The request was not answered by a function."
	for name, row := range map[string]struct {
		entry object
		want  string
	}{
		"ingest is not public":             {request(403, text, "POST", "/"), "403 rings"},
		"a token that Cloud Run refuses":   {request(401, text, "POST", "/"), "403 rings"},
		"a signature that ingest refuses":  {request(403, "", "POST", "/"), ""},
		"no instance is free":              {request(429, text, "POST", "/"), "429 rings, refused 429"},
		"no instance starts":               {request(500, text, "POST", "/"), "5XX rings, refused 500"},
		"an instance is killed":            {request(503, text, "POST", "/"), "5XX rings, refused 503"},
		"a platform without a secret":      {request(503, "", "POST", "/"), "refused 503"},
		"another path with two slashes":    {request(307, "", "POST", "//xmlrpc.php"), ""},
		"the worker accepts no deliveries": {structured(t, "demo-worker", []byte(`{"severity":"INFO","message":"queued","provider":"acme"}`))[0], ""},
	} {
		if got := strings.Join(moved(t, plan, row.entry), ", "); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
	for _, platform := range tftest.Parse(t, module).Platforms() {
		for path, want := range map[string]string{"//" + platform: "refused 307", "//" + strings.ToUpper(platform) + "/?x=y": "refused 307", "//" + platform + ".php": ""} {
			if got := strings.Join(moved(t, plan, request(307, "", "POST", path)), ", "); got != want {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
	}
	for _, code := range tftest.Codes {
		for _, function := range []string{"demo-ingest", "demo-worker", "demo-outbound"} {
			got := strings.Join(moved(t, plan, structured(t, function, []byte(`{"severity":"ERROR","code":"`+code+`"}`))...), ", ")
			if got != "codes "+code && got != code+" rings, codes "+code {
				t.Errorf("a line of %s with the code %s: %q", function, code, got)
			}
		}
	}
}
