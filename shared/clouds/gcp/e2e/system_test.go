// Package e2e_test runs both functions as processes, compiled from the archives
// that are deployed, between Google's emulators of Pub/Sub and Firestore:
//
//	signed POST → gcp-ingest → topic → push → gcp-worker → Firestore, topics
//
// Everything the processes say to the emulators, and every push, goes through a
// proxy of the test, which can lose an answer or kill a process at any step.
package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/clouds/gcp/buildpacktest"
	"github.com/webhook-functions/template/shared/clouds/gcp/gcptest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// parts are started once for all tests.
type parts struct {
	firestore, pubsub *gcptest.Emulator
	ingest, worker    string // binaries
}

func TestPipeline(t *testing.T) {
	p := parts{firestore: gcptest.Firestore(t), pubsub: gcptest.PubSub(t)}
	p.ingest, p.worker = buildpacktest.Function(t, "gcp-ingest"), buildpacktest.Function(t, "gcp-worker")
	for _, test := range []struct {
		name     string
		attempts int
		run      func(s *system)
	}{
		{"every sample, twice", 100, everySample},
		{"fifty at once", 100, fiftyAtOnce},
		{"poison", fewAttempts, poison},
		{"commits whose answers get lost", 100, lostAnswers},
		{"the queue is down", 100, queueDown},
		{"killed between any two steps", 100, kills},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := p.deploy(t, test.attempts)
			test.run(s)
			s.checkSilence()
		})
	}
}

// secretOf is a platform's webhook secret.
func secretOf(platform string) string { return "canary-secret-" + platform + "-0123456789" }

// What can be killed.
const (
	ingestFn = "gcp-ingest"
	workerFn = "gcp-worker"
)

// system is one deployment in a project of its own.
type system struct {
	*testing.T
	parts   parts
	project string
	client  *gcp.Client // of the test, straight to the emulators
	proxies map[string]*proxy
	log     *buildpacktest.Log
	env     map[string][]string

	mu        sync.Mutex
	processes map[string]*buildpacktest.Process
	killed    map[string]bool
	published map[string]bool // ids of messages on the topic events
	done      map[string]bool // those that Pub/Sub was told are done
}

// deploy makes what terraform/gcp makes and starts the functions. Without a retry
// policy the emulator tries again after a second.
func (p parts) deploy(t *testing.T, attempts int) *system {
	t.Helper()
	s := &system{
		T: t, parts: p, project: gcptest.Project(), log: &buildpacktest.Log{},
		processes: map[string]*buildpacktest.Process{}, killed: map[string]bool{},
		published: map[string]bool{}, done: map[string]bool{},
	}
	s.proxies = map[string]*proxy{ingestFn: newProxy(s, ingestFn), workerFn: newProxy(s, workerFn)}
	s.client = s.newClient()
	s.topics(attempts)
	s.configure()
	s.start(ingestFn)
	s.start(workerFn)
	return s
}

func (s *system) newClient() *gcp.Client {
	s.Helper()
	env := map[string]string{"GOOGLE_CLOUD_PROJECT": s.project, "FIRESTORE_EMULATOR_HOST": s.parts.firestore.Addr, "PUBSUB_EMULATOR_HOST": s.parts.pubsub.Addr}
	client, err := gcp.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		s.Fatal(err)
	}
	return client
}

// fewAttempts: after so many Pub/Sub gives a message up. As deployed it is 100, the
// most there is; 5 is the least, for a test that waits for it.
const fewAttempts = 5

func (s *system) topics(attempts int) {
	for _, topic := range []string{"events", "outbound", "dead-letters"} {
		s.parts.pubsub.Topic(s, s.project, topic)
	}
	front := httptest.NewServer(http.HandlerFunc(s.push))
	s.Cleanup(front.Close)
	s.parts.pubsub.Subscription(s, s.project, "outbound", "outbound", nil)
	s.parts.pubsub.Subscription(s, s.project, "dead-letters", "dead-letters", nil)
	s.parts.pubsub.Subscription(s, s.project, "events", "events", map[string]any{
		"ackDeadlineSeconds": 600,
		"pushConfig":         map[string]any{"pushEndpoint": front.URL},
		"deadLetterPolicy":   map[string]any{"deadLetterTopic": gcptest.TopicName(s.project, "dead-letters"), "maxDeliveryAttempts": attempts},
	})
}

// configure writes the secret and the environments, as terraform/gcp does.
func (s *system) configure() {
	s.Helper()
	dir, secrets := s.TempDir(), map[string][]string{}
	for _, p := range providers.Table() {
		secrets[p.Name] = []string{secretOf(p.Name)}
	}
	content, err := json.Marshal(secrets)
	if err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "webhook"), content, 0o600); err != nil {
		s.Fatal(err)
	}
	common := func(name string, timeout int) []string {
		return []string{
			"GOOGLE_CLOUD_PROJECT=" + s.project, "DEAD_LETTERS_TOPIC=dead-letters", fmt.Sprintf("CLOUD_RUN_TIMEOUT_SECONDS=%d", timeout),
			"PUBSUB_EMULATOR_HOST=" + s.proxies[name].addr(), "FIRESTORE_EMULATOR_HOST=" + s.proxies[name].addr(),
		}
	}
	s.env = map[string][]string{
		ingestFn: append(common(ingestFn, 5), "EVENTS_TOPIC=events", "SECRETS_DIR="+dir),
		workerFn: append(common(workerFn, 30), "OUTBOUND_TOPIC=outbound", "FIRESTORE_DATABASE=webhooks"),
	}
}

func (s *system) start(name string) {
	s.Helper()
	binary, target := s.parts.ingest, "Ingest"
	if name == workerFn {
		binary, target = s.parts.worker, "Worker"
	}
	p := buildpacktest.Start(s, binary, target, s.log, s.env[name]...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes[name], s.killed[name] = p, false
}

// kill ends a process with SIGKILL.
func (s *system) kill(name string) {
	s.mu.Lock()
	p := s.processes[name]
	s.mu.Unlock()
	p.Kill()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killed[name] = true
}

// revive starts what was killed, as Cloud Run does.
func (s *system) revive() {
	s.Helper()
	for _, name := range []string{ingestFn, workerFn} {
		s.mu.Lock()
		killed := s.killed[name]
		s.mu.Unlock()
		if killed {
			s.start(name)
		}
	}
}

func (s *system) url(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "http://" + s.processes[name].Addr
}

// post delivers once, signed.
func (s *system) post(ctx context.Context, platform string, body []byte) (status int, header http.Header, err error) {
	s.Helper()
	for _, p := range providers.Table() {
		if p.Name != platform {
			continue
		}
		ring, err := signature.NewKeyring(p.Scheme, signature.Secret{ID: "1", Value: secretOf(platform)})
		if err != nil {
			s.Fatal(err)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url(ingestFn)+"/"+platform, strings.NewReader(string(body)))
		if err != nil {
			s.Fatal(err)
		}
		request.Header.Set(ring.Header(), ring.Sign(body))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, nil, err
		}
		return response.StatusCode, response.Header, response.Body.Close()
	}
	s.Fatalf("there is no platform %s", platform)
	return 0, nil, nil
}

// deliver does what a platform does: it repeats what was not answered 200.
func (s *system) deliver(platform, body string) {
	s.Helper()
	for range 100 {
		s.revive()
		if status, _, err := s.post(s.Context(), platform, []byte(body)); err == nil && status == http.StatusOK {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.Fatalf("%s: never answered 200\n%s", platform, s.tail())
}

// drain waits until every message on the topic events is done.
func (s *system) drain() {
	s.Helper()
	s.eventually("every message is done", func() bool {
		s.revive()
		s.mu.Lock()
		defer s.mu.Unlock()
		for id := range s.published {
			if !s.done[id] {
				return false
			}
		}
		return true
	})
}

func (s *system) eventually(what string, is func() bool) {
	s.Helper()
	for start := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			s.Fatalf("not within a minute: %s\n%s", what, s.tail())
		}
	}
}

// tail is the end of the log.
func (s *system) tail() string {
	all := s.log.String()
	return all[max(0, len(all)-2000):]
}

// letters gives what a subscription holds, by identity; copies count once.
func (s *system) letters(subscription string) map[string]webhook.Event {
	s.Helper()
	events := map[string]webhook.Event{}
	for empty := 0; empty < 3; {
		messages := s.parts.pubsub.Pull(s, s.project, subscription)
		if len(messages) == 0 {
			empty++
			continue
		}
		for _, m := range messages {
			e, err := webhook.DecodeEvent(m.Data)
			if err != nil {
				e = webhook.Event{ID: string(m.Data), Reason: "moved by Pub/Sub after " + m.Attributes["CloudPubSubDeadLetterSourceDeliveryCount"]}
			}
			events[e.ID] = e
		}
	}
	return events
}

// checkSilence looks for what must never be logged.
func (s *system) checkSilence() {
	s.Helper()
	for _, word := range []string{"canary", "Authorization", "Robin", "goroutine "} {
		if at := strings.Index(s.log.String(), word); at >= 0 {
			s.Errorf("%q was logged: …%.300s", word, s.log.String()[max(0, at-150):])
		}
	}
}
