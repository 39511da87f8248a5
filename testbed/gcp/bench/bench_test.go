// Package bench_test measures what a deployment costs and how soon a new
// instance answers, beside a function of the framework that does nothing:
// make bench-gcp.
package bench_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/gcp/buildpacktest"
)

const hello = `package hello

import (
	"net/http"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
)

func init() { functions.HTTP("Hello", func(http.ResponseWriter, *http.Request) {}) }
`

// services answers for Pub/Sub, Firestore and Gabber's API at once, so that what
// is measured is ours, and counts what would be billed.
type services struct {
	*httptest.Server
	mu                              sync.Mutex
	publishes, reads, writes, calls int
}

func newServices(b *testing.B) *services {
	s := &services{}
	s.Server = httptest.NewServer(s)
	b.Cleanup(s.Close)
	return s
}

func (s *services) addr() string { return s.Listener.Addr().String() }

func (s *services) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Writes, Documents []json.RawMessage }
	body, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(body, &in)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes += len(in.Writes)
	s.reads += len(in.Documents)
	_, method, _ := strings.Cut(r.URL.Path, ":")
	switch method {
	case "publish":
		s.publishes++
		_, _ = io.WriteString(w, `{"messageIds": ["1"]}`)
	case "batchGet": // the account is there, with something left; nothing else is
		lines := []string{fmt.Sprintf(`{"found": {"name": %s, "fields": {"balance": {"integerValue": "1000000"}, "seq": {"integerValue": "2"}}}}`, in.Documents[0])}
		for _, other := range in.Documents[1:] {
			lines = append(lines, fmt.Sprintf(`{"missing": %s}`, other))
		}
		fmt.Fprintf(w, "[%s]", strings.Join(lines, ","))
	case "commit":
		one := `{"transformResults": [{"integerValue": "-1"}, {"integerValue": "2"}, {"integerValue": "0"}]}`
		fmt.Fprintf(w, `{"writeResults": [%s]}`, strings.Join(slices.Repeat([]string{one}, len(in.Writes)), ","))
	default:
		s.calls++
		_, _ = io.WriteString(w, `{}`)
	}
}

// candidate is one function and the request it is measured with.
type candidate struct {
	name, target, binary string
	env                  []string
	path                 string
	header               http.Header
	body                 string
	ready, first, rss    []float64 // ms, ms, MB
}

func candidates(b *testing.B, s *services) []*candidate {
	b.Helper()
	m := eventstest.NewMeter(b)
	event := ingest.Identify(eventstest.Platform(b, m.Platform).Provider, m.Body, time.Now(), signature.Verified{KeyID: "1"})
	followUp := webhook.FollowUp("worker", followups.BalanceChanged, event, "u1", []byte(`{"account":"u1","human":"u1"}`))
	env := []string{"GOOGLE_CLOUD_PROJECT=demo-project", "DEAD_LETTERS_TOPIC=d", "PUBSUB_EMULATOR_HOST=" + s.addr(), "FIRESTORE_EMULATOR_HOST=" + s.addr()}
	for name, address := range fakeapi.Addresses(s.URL) {
		env = append(env, name+"="+address)
	}
	return []*candidate{
		{name: "hello", target: "Hello", binary: compileHello(b), path: "/"},
		{name: "ingest", target: "Ingest", binary: buildpacktest.Function(b, "gcp-ingest"), path: "/" + m.Platform,
			env: append(slices.Clone(env), "EVENTS_TOPIC=e", "SECRETS_DIR="+secrets(b)), header: http.Header{http.CanonicalHeaderKey(m.Header): {m.HeaderValue}}, body: string(m.Body)},
		{name: "worker", target: "Worker", binary: buildpacktest.Function(b, "gcp-worker"), path: "/",
			env: append(slices.Clone(env), "OUTBOUND_TOPIC=o", "FIRESTORE_DATABASE=webhooks", "TARIFF="+eventstest.Tariff(b)), body: push(event)},
		{name: "outbound", target: "Outbound", binary: buildpacktest.Function(b, "gcp-outbound"), path: "/",
			env: append(slices.Clone(env), "OUTBOUND_TOPIC=o", "FIRESTORE_DATABASE=webhooks", "OUTBOUND_SECRETS_DIR="+secrets(b), "TARIFF="+eventstest.Tariff(b)), body: push(followUp)},
	}
}

// push is what a push subscription posts.
func push(e webhook.Event) string {
	return fmt.Sprintf(`{"message":{"data":%q,"messageId":"1"}}`, base64.StdEncoding.EncodeToString(e.Encode()))
}

func compileHello(b *testing.B) string {
	b.Helper()
	dir, binary := b.TempDir(), filepath.Join(b.TempDir(), "hello")
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join("..", "..", "..", name))
		if err != nil {
			b.Fatal(err)
		}
		write(b, filepath.Join(dir, name), string(content))
	}
	write(b, filepath.Join(dir, "function.go"), hello)
	if err := buildpacktest.Compile(dir, binary); err != nil {
		b.Fatal(err)
	}
	return binary
}

func secrets(b *testing.B) string {
	dir := b.TempDir()
	webhook, err := json.Marshal(events.Secrets())
	if err != nil {
		b.Fatal(err)
	}
	write(b, filepath.Join(dir, "webhook"), string(webhook))
	write(b, filepath.Join(dir, "outbound"), fakeapi.SecretJSON())
	return dir
}

func write(b *testing.B, name, content string) {
	b.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
}

func (c *candidate) request(b *testing.B, p *buildpacktest.Process) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://"+p.Addr+c.path, strings.NewReader(c.body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header = c.header.Clone()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
		b.Fatalf("%s: status %d\n%s", c.name, response.StatusCode, p.Log)
	}
}

// run starts the function and asks it once.
func (c *candidate) run(b *testing.B) {
	b.Helper()
	start := time.Now()
	p := buildpacktest.Start(b, c.binary, c.target, &buildpacktest.Log{}, c.env...)
	ready := time.Since(start)
	c.request(b, p)
	c.first = append(c.first, ms(time.Since(start)))
	c.ready = append(c.ready, ms(ready))
	c.rss = append(c.rss, peak(b, p))
	p.Kill()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// peak is the largest resident size so far, in MB. It is told on Linux only.
func peak(b *testing.B, p *buildpacktest.Process) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// BenchmarkStart starts each function in turn, over and over, so that a busy
// moment of the machine hits all of them.
func BenchmarkStart(b *testing.B) {
	all := candidates(b, newServices(b))
	for b.Loop() {
		for _, c := range all {
			c.run(b)
		}
	}
	b.ReportMetric(0, "ns/op") // three processes at once mean nothing
	plain := all[0]
	for _, c := range all {
		b.ReportMetric(median(c.ready), c.name+"-ready-ms")
		b.ReportMetric(median(c.first), c.name+"-first-ms")
		b.ReportMetric(median(c.rss), c.name+"-peak-MB")
		if info, err := os.Stat(c.binary); err == nil {
			b.ReportMetric(float64(info.Size())/1e6, c.name+"-binary-MB")
		}
		if c != plain {
			b.ReportMetric(median(c.ready)/median(plain.ready), c.name+"-ready-×hello")
			b.ReportMetric(median(c.first)/median(plain.first), c.name+"-first-×hello")
		}
	}
}

// BenchmarkEvent sends events of an account that exists to warm functions and
// counts what each costs.
func BenchmarkEvent(b *testing.B) {
	s := newServices(b)
	for _, c := range candidates(b, s)[1:] {
		b.Run(c.name, func(b *testing.B) {
			p := buildpacktest.Start(b, c.binary, c.target, &buildpacktest.Log{}, c.env...)
			s.mu.Lock()
			s.publishes, s.reads, s.writes, s.calls = 0, 0, 0, 0
			s.mu.Unlock()
			for b.Loop() {
				c.request(b, p)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			b.ReportMetric(float64(s.publishes)/float64(b.N), "publishes/event")
			b.ReportMetric(float64(s.writes)/float64(b.N), "writes/event")
			b.ReportMetric(float64(s.reads)/float64(b.N), "reads/event")
			b.ReportMetric(float64(s.calls)/float64(b.N), "API-calls/event")
			b.ReportMetric(peak(b, p), "peak-MB")
		})
	}
}
