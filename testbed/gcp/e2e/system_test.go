// Package e2e_test runs the functions as processes, compiled from the archives
// that are deployed, between Google's emulators of Pub/Sub and Firestore and
// fakes of the platforms:
//
//	signed POST → gcp-ingest → topic → push → gcp-worker → Firestore, topics
//	                                        topic → push → gcp-outbound → fakes
//
// Everything the processes say to the emulators and to the fakes, and every push,
// goes through a proxy of the test, which can lose an answer or kill a process
// at any step.
package e2e_test

import (
	"bytes"
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

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/gcp/buildpacktest"
	"github.com/webhook-functions/template/testbed/gcp/gcptest"
)

// parts are started once for all tests.
type parts struct {
	firestore, pubsub *gcptest.Emulator
	binaries          map[string]string // by function
}

func TestPipeline(t *testing.T) {
	p := parts{firestore: gcptest.Firestore(t), pubsub: gcptest.PubSub(t), binaries: map[string]string{}}
	for _, function := range []string{ingestFn, workerFn, outboundFn} {
		p.binaries[function] = buildpacktest.Function(t, function)
	}
	for _, test := range []struct {
		name     string
		attempts int
		run      func(s *system)
		alone    bool // it measures time; the others wait and run side by side
	}{
		{"every sample, twice", 100, everySample, false},
		{"fifty at once", 100, fiftyAtOnce, false},
		{"poison", fewAttempts, poison, false},
		{"what could not be read is read anew", fewAttempts, readAnew, false},
		{"commits whose answers get lost", 100, lostAnswers, false},
		{"the queue is down", 100, queueDown, true},
		{"killed between any two steps", 100, kills, false},
		{"platforms are told", 100, platformsAreTold, false},
		{"outbound killed between any two steps", 100, outboundKills, false},
		{"a limit whose answer is lost", 100, lostAnswer, true},
		{"calls are refused", fewAttempts, refusedCalls, false},
		{"no key", 100, withoutKey, false},
		{"G-Tateth signs with a time, by a setting", 100, switchedScheme, false},
		{"the secret is broken, then mended", 100, brokenSecret, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !test.alone {
				t.Parallel()
			}
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
	ingestFn   = "gcp-ingest"
	workerFn   = "gcp-worker"
	outboundFn = "gcp-outbound"
)

// topicOf is the topic whose messages are pushed to a function.
var topicOf = map[string]string{workerFn: "events", outboundFn: "outbound"}

// system is one deployment in a project of its own.
type system struct {
	*testing.T
	parts   parts
	project string
	client  *gcp.Client // of the test, through a proxy of its own
	proxies map[string]*proxy
	front   *httptest.Server // where Pub/Sub pushes to: /<function>
	fake    *fakeapi.API     // the platforms, for outbound
	fakes   *httptest.Server
	log     *buildpacktest.Log
	env     map[string][]string
	dir     string // of the mounted secrets
	retries int    // attempts before Pub/Sub gives a message up

	mu        sync.Mutex
	processes map[string]*buildpacktest.Process
	killed    map[string]bool
	published map[string]bool // messages that are pushed: topic and id
	done      map[string]bool // those that Pub/Sub was told are done
}

// deploy makes what terraform/gcp makes and starts ingest and worker. Without a
// retry policy the emulator tries again after a second.
func (p parts) deploy(t *testing.T, attempts int) *system {
	t.Helper()
	s := &system{
		T: t, parts: p, project: gcptest.Project(), log: &buildpacktest.Log{}, fake: fakeapi.New(),
		env: map[string][]string{}, dir: t.TempDir(), retries: attempts,
		proxies: map[string]*proxy{}, processes: map[string]*buildpacktest.Process{}, killed: map[string]bool{},
		published: map[string]bool{}, done: map[string]bool{},
	}
	s.fakes = httptest.NewServer(s.fake)
	t.Cleanup(s.fakes.Close)
	for _, name := range []string{"test", ingestFn, workerFn, outboundFn} {
		s.proxies[name] = newProxy(s, name)
	}
	s.client = s.newClient()
	s.topics()
	s.configure()
	s.start(ingestFn)
	s.start(workerFn)
	return s
}

func (s *system) newClient() *gcp.Client {
	s.Helper()
	emulators := s.proxies["test"].addr()
	env := map[string]string{"GOOGLE_CLOUD_PROJECT": s.project, "FIRESTORE_EMULATOR_HOST": emulators, "PUBSUB_EMULATOR_HOST": emulators}
	client, err := gcp.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		s.Fatal(err)
	}
	return client
}

// fewAttempts: after so many Pub/Sub gives a message up. As deployed it is 100, the
// most there is; 5 is the least, for a test that waits for it.
const fewAttempts = 5

func (s *system) topics() {
	for _, topic := range []string{"events", "outbound", "dead-letters"} {
		s.parts.pubsub.Topic(s, s.project, topic)
	}
	s.front = httptest.NewServer(http.HandlerFunc(s.push))
	s.Cleanup(s.front.Close)
	s.parts.pubsub.Subscription(s, s.project, "outbound", "outbound", nil) // for the test to look into
	s.parts.pubsub.Subscription(s, s.project, "dead-letters", "dead-letters", nil)
	s.pushTo(workerFn)
}

// pushTo has the messages of a function's topic pushed to it.
func (s *system) pushTo(function string) {
	s.parts.pubsub.Subscription(s, s.project, topicOf[function], "push-"+function, map[string]any{
		"ackDeadlineSeconds": 600,
		"pushConfig":         map[string]any{"pushEndpoint": s.front.URL + "/" + function},
		"deadLetterPolicy":   map[string]any{"deadLetterTopic": gcptest.TopicName(s.project, "dead-letters"), "maxDeliveryAttempts": s.retries},
	})
}

// configure writes the webhook secret and the environments, as terraform/gcp does.
func (s *system) configure() {
	s.Helper()
	secrets := map[string][]string{}
	for _, p := range providers.Table() {
		secrets[p.Name] = []string{secretOf(p.Name)}
	}
	content, err := json.Marshal(secrets)
	if err != nil {
		s.Fatal(err)
	}
	s.mount("webhook", string(content))
	s.setEnv(ingestFn, 10, "EVENTS_TOPIC=events", "SECRETS_DIR="+s.dir)
	s.setEnv(workerFn, 30, "OUTBOUND_TOPIC=outbound", "FIRESTORE_DATABASE=webhooks")
}

// mount writes a secret's file.
func (s *system) mount(name, content string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
		s.Fatal(err)
	}
}

// setEnv gives a function what all have in common, its timeout in seconds and more.
func (s *system) setEnv(name string, timeout int, more ...string) {
	s.env[name] = append([]string{
		"GOOGLE_CLOUD_PROJECT=" + s.project, "DEAD_LETTERS_TOPIC=dead-letters", fmt.Sprintf("CLOUD_RUN_TIMEOUT_SECONDS=%d", timeout), "TARIFF=" + eventstest.Tariff(s),
		"PUBSUB_EMULATOR_HOST=" + s.proxies[name].addr(), "FIRESTORE_EMULATOR_HOST=" + s.proxies[name].addr(),
	}, more...)
}

// entryPoints are the names the functions register.
var entryPoints = map[string]string{ingestFn: "Ingest", workerFn: "Worker", outboundFn: "Outbound"}

func (s *system) start(name string) {
	s.Helper()
	p := buildpacktest.Start(s, s.parts.binaries[name], entryPoints[name], s.log, s.env[name]...)
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
	for name := range entryPoints {
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

// post delivers once, signed with the secret of this deployment.
func (s *system) post(ctx context.Context, sample eventstest.Sample) (status int, header http.Header, err error) {
	s.Helper()
	ring, err := signature.NewKeyring(eventstest.Platform(s, sample.Platform).Scheme, signature.Secret{ID: "1", Value: secretOf(sample.Platform)})
	if err != nil {
		s.Fatal(err)
	}
	return s.postAs(ctx, sample, ring.Headers(sample.Body, time.Now()))
}

// postAs delivers once, with the headers of a signature.
func (s *system) postAs(ctx context.Context, sample eventstest.Sample, signed webhook.Header) (status int, header http.Header, err error) {
	s.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url(ingestFn)+"/"+sample.Platform, bytes.NewReader(sample.Body))
	if err != nil {
		s.Fatal(err)
	}
	for name, values := range signed {
		request.Header[name] = values
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	return response.StatusCode, response.Header, response.Body.Close()
}

// deliver does what a platform does: it repeats what was not answered 200.
func (s *system) deliver(sample eventstest.Sample) {
	s.Helper()
	for range 100 {
		s.revive()
		if status, _, err := s.post(s.Context(), sample); err == nil && status == http.StatusOK {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.Fatalf("%s: never answered 200\n%s", sample.File(), s.tail())
}

// drain waits until every message that is pushed is done.
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

// forget what was published so far, for drain.
func (s *system) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.published)
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
