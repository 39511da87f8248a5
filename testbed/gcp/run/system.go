package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/testbed/gcp/buildpacktest"
	"github.com/webhook-functions/template/testbed/gcp/gcptest"
)

const (
	project  = "demo-project"
	database = "webhooks"
)

// function is one of the three.
type function struct {
	name, target string
	topic        string // whose messages are pushed to it
	backoff      string // the shortest pause before Pub/Sub tries again
	timeout      string // in seconds
	addr         string
	process      *buildpacktest.Process
}

type system struct {
	out       io.Writer
	dir       string // binaries and secrets
	functions []*function
	emulators []*gcptest.Emulator
	platforms *httptest.Server
}

func (s *system) close() {
	for _, f := range s.functions {
		if f.process != nil {
			f.process.Kill()
		}
	}
	for _, e := range s.emulators {
		e.Stop()
	}
	if s.platforms != nil {
		s.platforms.Close()
	}
	_ = os.RemoveAll(s.dir)
}

func (s *system) compile(ctx context.Context) (err error) {
	if s.dir, err = os.MkdirTemp("", "run-gcp-"); err != nil {
		return err
	}
	s.functions = []*function{
		{name: "gcp-ingest", target: "Ingest", timeout: "10"},
		{name: "gcp-worker", target: "Worker", topic: "webhooks-events", backoff: "10s", timeout: "30"},
		{name: "gcp-outbound", target: "Outbound", topic: "webhooks-outbound", backoff: "60s", timeout: "60"},
	}
	for _, f := range s.functions {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := buildpacktest.Build(f.name, s.binary(f)); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) binary(f *function) string { return filepath.Join(s.dir, f.name) }

func (s *system) emulate(ctx context.Context) error {
	for _, launch := range []func(context.Context) (*gcptest.Emulator, error){gcptest.LaunchPubSub, gcptest.LaunchFirestore} {
		e, err := launch(ctx)
		if err != nil {
			return err
		}
		s.emulators = append(s.emulators, e)
	}
	return nil
}

// wire makes what terraform/gcp makes; ingest is to listen on addr, the others
// anywhere.
func (s *system) wire(addr string) func(context.Context) error {
	return func(ctx context.Context) error {
		pubsub := s.emulators[0]
		if err := pubsub.AddTopic(ctx, project, "webhooks-dead-letters"); err != nil {
			return err
		}
		if err := pubsub.AddSubscription(ctx, project, "webhooks-dead-letters", "webhooks-dead-letters", nil); err != nil {
			return err
		}
		s.functions[0].addr = addr
		for _, f := range s.functions[1:] {
			if err := f.pushedTo(ctx, pubsub); err != nil {
				return err
			}
		}
		return nil
	}
}

// pushedTo makes a function's topic and has its messages pushed to it.
func (f *function) pushedTo(ctx context.Context, pubsub *gcptest.Emulator) (err error) {
	if f.addr, err = gcptest.FreeAddr(); err != nil {
		return err
	}
	if err := pubsub.AddTopic(ctx, project, f.topic); err != nil {
		return err
	}
	return pubsub.AddSubscription(ctx, project, f.topic, f.topic, map[string]any{
		"ackDeadlineSeconds": 600,
		"pushConfig":         map[string]any{"pushEndpoint": "http://" + f.addr},
		"retryPolicy":        map[string]any{"minimumBackoff": f.backoff, "maximumBackoff": "600s"},
		"deadLetterPolicy":   map[string]any{"deadLetterTopic": gcptest.TopicName(project, "webhooks-dead-letters"), "maxDeliveryAttempts": 100},
	})
}

func (s *system) serve(ctx context.Context) error {
	s.platforms = httptest.NewServer(fakeapi.New())
	for name, secret := range map[string]any{"webhook": events.Secrets(), "outbound": fakeapi.Secrets()} {
		content, err := json.Marshal(secret)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o600); err != nil {
			return err
		}
	}
	for _, f := range slices.Backward(s.functions) { // the front door opens last
		process, err := buildpacktest.Serve(ctx, s.binary(f), f.target, f.addr, &dense{out: s.out}, append(s.environment(), "CLOUD_RUN_TIMEOUT_SECONDS="+f.timeout)...)
		if err != nil {
			return err
		}
		f.process = process
	}
	return nil
}

// dense leaves out empty lines: Google's framework prints two after each request.
type dense struct {
	out   io.Writer
	begun bool // a line is not complete
}

func (d *dense) Write(text []byte) (int, error) {
	for line := range bytes.Lines(text) {
		if d.begun || line[0] != '\n' {
			if _, err := d.out.Write(line); err != nil {
				return 0, err
			}
		}
		d.begun = line[len(line)-1] != '\n'
	}
	return len(text), nil
}

// environment is that of all three; each reads what it knows.
func (s *system) environment() []string {
	env := append(s.operator(), "DEAD_LETTERS_TOPIC=webhooks-dead-letters", "SECRETS_DIR="+s.dir, "OUTBOUND_SECRETS_DIR="+s.dir)
	for name, address := range fakeapi.Addresses(s.platforms.URL) {
		env = append(env, name+"="+address)
	}
	return env
}

// operator is what hooks-gcp asks the environment for.
func (s *system) operator() []string {
	env := []string{"GOOGLE_CLOUD_PROJECT=" + project, "FIRESTORE_DATABASE=" + database, "OUTBOUND_TOPIC=webhooks-outbound", "EVENTS_TOPIC=webhooks-events", "ACCOUNT_PER_PROJECT=false"}
	for _, e := range s.emulators {
		env = append(env, e.Variable+"="+e.Addr)
	}
	return env
}

func (s *system) invite() {
	ingest, worker, outbound := s.functions[0], s.functions[1], s.functions[2]
	signed := events.Signatures()[0]
	fmt.Fprintf(s.out, "\ningest    http://%s/%s, and the other platforms likewise\nworker    http://%s\noutbound  http://%s\n", ingest.addr, signed.Platform, worker.addr, outbound.addr)
	fmt.Fprintf(s.out, `
serving until you interrupt; in another terminal try
  export %s
  go run ./cmd/hooks-gcp grant member-20417 600
  %s_WEBHOOK_SECRET=%s go run ./cmd/hooks send %s %s --url http://%s
  go run ./cmd/hooks-gcp balance member-20417
  curl -H 'Content-Type: application/json' -d @%s http://%s    # what Pub/Sub pushes

`, strings.Join(s.operator(), " "), providers.EnvName(signed.Platform), signed.Secret, signed.Platform, signed.Event, ingest.addr, samplePush(signed.Platform), worker.addr)
}

// samplePush is the file of what Pub/Sub pushes for a sample of a platform.
func samplePush(platform string) string { return "events/gcp-worker." + platform + ".json" }

// wait returns when ctx is done or a function has ended by itself.
func (s *system) wait(ctx context.Context) error {
	ended := make(chan string, len(s.functions))
	for _, f := range s.functions {
		go func() {
			<-f.process.Ended()
			ended <- f.name
		}()
	}
	select {
	case <-ctx.Done():
		return nil
	case name := <-ended:
		select {
		case <-ctx.Done(): // an interrupt reaches the functions as well, and may be there first
			return nil
		case <-time.After(time.Second):
			return fmt.Errorf("%s has ended", name)
		}
	}
}
