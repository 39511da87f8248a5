package policytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

const usage = `{"type":"usage.tracked","payload":{"id":"u-1","type":"conversational_seconds","value":30,"human":"ada"}}`

// delivery is one of Gabber, signed, then changed.
func delivery(t *testing.T, body string, changes ...func(*webhook.Delivery)) webhook.Delivery {
	t.Helper()
	ring, err := signature.NewKeyring(gabber.Platform.Scheme, signature.Secret{ID: "1", Value: ingesttest.Secret("gabber")})
	if err != nil {
		t.Fatal(err)
	}
	d := webhook.Delivery{Method: "POST", Path: "/gabber", Body: []byte(body), ID: "r-1", Header: webhook.Header{ring.Header(): {ring.Sign([]byte(body))}}}
	for _, change := range changes {
		change(&d)
	}
	return d
}

func path(p string) func(*webhook.Delivery) { return func(d *webhook.Delivery) { d.Path = p } }
func method(m string) func(*webhook.Delivery) {
	return func(d *webhook.Delivery) { d.Method = m }
}
func header(name string, values ...string) func(*webhook.Delivery) {
	return func(d *webhook.Delivery) { d.Header[name] = values }
}
func unsigned(d *webhook.Delivery) { clear(d.Header) }

// line is one of Cloud Run's about a request to ingest, with its text if Cloud
// Run answered by itself.
func requestLine(status int, text string) logEntry {
	e := logEntry{
		"logName":     "projects/acme-demo/logs/run.googleapis.com%2Frequests",
		"resource":    resourceOf("demo-ingest"),
		"httpRequest": map[string]any{"status": float64(status), "requestMethod": "POST", "latency": "0.004s"},
	}
	if text != "" {
		e["textPayload"] = text
	}
	return e
}

// redirectLine is Cloud Run's line about a request that the framework's mux sends
// to another path.
func redirectLine(method, path string) logEntry {
	e := requestLine(307, "")
	request := e["httpRequest"].(map[string]any)
	request["requestMethod"], request["requestUrl"] = method, "https://demo-ingest-abc.a.run.app"+path
	return e
}

func resourceOf(service string) map[string]any {
	return map[string]any{"type": "cloud_run_revision", "labels": map[string]any{"service_name": service, "revision_name": service + "-00001-abc"}}
}

// linesOf are what the log holds about one delivery: what ingest writes, as Cloud
// Logging takes it apart, and what Cloud Run writes.
func linesOf(t *testing.T, d webhook.Delivery, options ...ingesttest.Option) []logEntry {
	t.Helper()
	w := ingesttest.NewWorld(t, options...)
	var output bytes.Buffer
	w.Ingest.Log = gcp.NewLog(&output)
	reply := w.Ingest.Handle(t.Context(), d)
	return append(structured(t, "demo-ingest", output.Bytes()), requestLine(reply.Status, ""))
}

// structured makes entries of the JSON lines that a function writes: severity and
// time become the entry's own.
func structured(t *testing.T, service string, output []byte) (entries []logEntry) {
	t.Helper()
	for line := range bytes.Lines(output) {
		var payload map[string]any
		if err := json.Unmarshal(line, &payload); err != nil {
			t.Fatalf("not a line of JSON: %s", line)
		}
		e := logEntry{"logName": "projects/acme-demo/logs/run.googleapis.com%2Fstdout", "resource": resourceOf(service), "severity": payload["severity"]}
		delete(payload, "severity")
		delete(payload, "time")
		e["jsonPayload"] = payload
		entries = append(entries, e)
	}
	return entries
}

// moved says which metrics count an entry, by their label's value, and which
// alarms ring by it at once.
func moved(t *testing.T, plan []resource, entries ...logEntry) []string {
	t.Helper()
	all := map[string]bool{}
	for _, r := range plan {
		for _, e := range entries {
			switch r.Type {
			case "google_logging_metric":
				if matches(t, r.Change.After["filter"].(string), e) {
					all[strings.TrimPrefix(r.Change.After["name"].(string), "demo-")+" "+labelOf(t, r, e)] = true
				}
			case "google_monitoring_alert_policy":
				if c := condition(r, "condition_matched_log"); c != nil && matches(t, c["filter"].(string), e) {
					all[strings.TrimPrefix(r.Change.After["display_name"].(string), "demo-")+" rings"] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// labelOf is the value of a metric's one label.
func labelOf(t *testing.T, metric resource, e logEntry) string {
	t.Helper()
	for _, extractor := range metric.Change.After["label_extractors"].(map[string]any) {
		from := strings.TrimSuffix(strings.TrimPrefix(extractor.(string), "EXTRACT("), ")")
		value, ok := e.field(from)
		if !ok {
			t.Fatalf("%s: no %s in %v", metric.Address, from, e)
		}
		return fmt.Sprint(value)
	}
	return ""
}

// condition is the one condition of an alert if it is of this kind.
func condition(alert resource, kind string) map[string]any {
	conditions := alert.Change.After["conditions"].([]any)
	if of := conditions[0].(map[string]any)[kind].([]any); len(of) == 1 {
		return of[0].(map[string]any)
	}
	return nil
}

// What a delivery, or a line of Cloud Run's, does to the metrics and alarms.
func checkLines(t *testing.T, plan []resource) {
	const text = "The request was not answered by a function."
	worker := structured(t, "demo-worker", []byte(`{"severity":"INFO","message":"queued","provider":"gabber"}`))
	for _, row := range []struct {
		name  string
		lines []logEntry
		want  []string
	}{
		{"an event", linesOf(t, delivery(t, usage)), []string{"accepted gabber"}},
		{"a body that cannot be used", linesOf(t, delivery(t, `{"type":"usage.tracked","payload":{}}`)), []string{"accepted gabber", "codes QUA"}},
		{"a wrong signature", linesOf(t, delivery(t, usage, header("X-Webhook-Signature", "00"))), []string{"codes SIG", "missed gabber"}},
		{"no signature", linesOf(t, delivery(t, usage, unsigned)), []string{"missed gabber"}},
		{"the signature under another name", linesOf(t, delivery(t, usage, unsigned, header("X-Signature", "00"))), []string{"missed gabber"}},
		{"too large", linesOf(t, delivery(t, usage), ingesttest.MaxBody(10)), []string{"missed gabber"}},
		{"compressed", linesOf(t, delivery(t, usage, header("Content-Encoding", "gzip"))), []string{"missed gabber"}},
		{"a path that differs by case", linesOf(t, delivery(t, usage, path("/Gabber"))), []string{"missed gabber"}},
		{"an unknown path, with a platform's signature header", linesOf(t, delivery(t, usage, path("/hook"))), []string{"missed unrouted"}},
		{"a stranger's probe", linesOf(t, delivery(t, "", unsigned, path("/wp-login.php"))), nil},
		{"a stranger's look at a route", linesOf(t, delivery(t, "", unsigned, method("GET"))), nil},
		{"no queue", linesOf(t, delivery(t, usage), ingesttest.QueueDown), []string{"ENQ rings", "codes ENQ", "missed gabber", "refused 503"}},
		{"a secret that cannot be used", linesOf(t, delivery(t, usage), ingesttest.Secrets("gabber", "")), []string{"SEC rings", "codes SEC", "missed gabber", "refused 503"}},

		{"the worker accepts nothing from a platform", worker, nil},
		{"ingest is not public", []logEntry{requestLine(403, text)}, []string{"403 rings"}},
		{"a token that Cloud Run refuses", []logEntry{requestLine(401, text)}, []string{"403 rings"}},
		{"a signature that ingest refuses", []logEntry{requestLine(401, ""), requestLine(403, "")}, nil},
		{"no instance is free", []logEntry{requestLine(429, text)}, []string{"429 rings", "refused 429"}},
		{"no instance starts", []logEntry{requestLine(500, text)}, []string{"5XX rings", "refused 500"}},
		{"an instance is killed", []logEntry{requestLine(503, text)}, []string{"5XX rings", "refused 503"}},
		{"a path with two slashes", []logEntry{redirectLine("POST", "//gabber")}, []string{"refused 307"}},
		{"a path with two slashes, and a query", []logEntry{redirectLine("POST", "//G-Tateth/?x=y")}, []string{"refused 307"}},
		{"a stranger's probe with two slashes", []logEntry{redirectLine("POST", "//xmlrpc.php"), redirectLine("POST", "//gabber.php"), redirectLine("GET", "//gabber")}, nil},
		{"a platform without a secret", []logEntry{requestLine(503, "")}, []string{"refused 503"}},
	} {
		if got := moved(t, plan, row.lines...); !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}
