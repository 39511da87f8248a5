package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/testbed/gcp/buildpacktest"
	"github.com/webhook-functions/template/testbed/gcp/gcptest"
)

// running is what `make run-gcp` starts.
type running struct {
	*testing.T
	addr  string
	log   *buildpacktest.Log
	stop  context.CancelFunc
	ended chan error
}

func start(t *testing.T) *running {
	t.Chdir("../../..")
	ctx, stop := context.WithCancel(t.Context())
	r := &running{T: t, addr: toolstest.FreeAddr(t), log: &buildpacktest.Log{}, stop: stop, ended: make(chan error, 1)}
	go func() { r.ended <- run(ctx, r.addr, r.log) }()
	r.eventually("it serves", func() bool { return strings.Contains(r.log.String(), "serving until") })
	return r
}

func (r *running) eventually(what string, is func() bool) {
	r.Helper()
	for begin := time.Now(); !is(); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-r.ended:
			if missing, ok := errors.AsType[gcptest.MissingError](err); ok {
				toolstest.Missing(r, string(missing))
			}
			r.Fatalf("it ended: %v\n%s", err, r.log)
		default:
		}
		if time.Since(begin) > 5*time.Minute {
			r.Fatalf("not within five minutes: %s\n%s", what, r.log)
		}
	}
}

// printed gives what the log says between a text and the next blank.
func (r *running) printed(after string) string {
	r.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(after) + `(\S+)`).FindStringSubmatch(r.log.String())
	if found == nil {
		r.Fatalf("no %q is printed:\n%s", after, r.log)
	}
	return found[1]
}

func (r *running) post(url string, body []byte, header, value string) {
	r.Helper()
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	request.Header.Set(header, value)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.Fatal(err)
	}
	if response.Body.Close(); response.StatusCode != http.StatusOK {
		r.Fatalf("%s: status %d\n%s", url, response.StatusCode, r.log)
	}
}

// What is printed works: a signed sample is charged and the limit pushed, a
// sample push is a duplicate, and an interrupt leaves no process behind.
func TestRun(t *testing.T) {
	m := eventstest.NewMeter(t)
	if eventstest.Tariff(t) != accounts.DefaultTariff {
		t.Skip("the usage of no sample has a price by default")
	}
	r := start(t)
	if secret := r.printed("_WEBHOOK_SECRET="); secret != m.Secret {
		t.Errorf("the secret is %q, want that of the samples", secret)
	}
	r.post("http://"+r.addr+"/"+m.Platform, m.Body, m.Header, m.HeaderValue)
	books := r.operator().Ledger(r.printed("FIRESTORE_DATABASE="))
	r.eventually("the usage is charged", func() bool {
		account, err := books.Account(t.Context(), m.Whom)
		return err == nil && account.Balance.String() == "-"+m.Value
	})
	r.eventually("the change of balance is handled", func() bool { return strings.Contains(r.log.String(), `"type":"`+followups.BalanceChanged+`"`) })
	push, err := os.ReadFile(samplePush(m.Platform))
	if err != nil {
		t.Fatal(err)
	}
	worker := r.printed("worker    ")
	r.post(worker, push, "Content-Type", "application/json")
	r.eventually("it is recognised", func() bool { return strings.Contains(r.log.String(), `"outcome":"duplicate"`) })

	r.stop()
	if err := <-r.ended; err != nil {
		t.Errorf("after an interrupt: %v", err)
	}
	for _, addr := range []string{r.addr, strings.TrimPrefix(worker, "http://"), r.printed("FIRESTORE_EMULATOR_HOST="), r.printed("PUBSUB_EMULATOR_HOST=")} {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			t.Errorf("something still listens on %s", addr)
		}
	}
}

// operator is the client that the printed environment gives.
func (r *running) operator() *gcp.Client {
	r.Helper()
	client, err := gcp.FromEnv(func(name string) string {
		if strings.Contains(r.log.String(), name+"=") {
			return r.printed(name + "=")
		}
		return ""
	})
	if err != nil {
		r.Fatal(err)
	}
	return client
}

var update = flag.Bool("update", false, "write the sample push anew")

// The sample push is what ingest makes of the sample body, as Pub/Sub pushes it.
func TestSamplePush(t *testing.T) {
	t.Chdir("../../..")
	m := eventstest.NewMeter(t)
	file := samplePush(m.Platform)
	event := ingest.Identify(eventstest.Platform(t, m.Platform).Provider, m.Body, time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), signature.Verified{KeyID: "1"})
	want, err := json.MarshalIndent(map[string]any{
		"deliveryAttempt": 1,
		"message":         map[string]any{"data": event.Encode(), "messageId": "1", "publishTime": "2026-11-21T09:00:00Z"},
		"subscription":    "projects/" + project + "/subscriptions/webhooks-events",
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is out of date (%v): go test ./testbed/gcp/run -run TestSamplePush -update", file, err)
	}
}

// Empty lines are left out wherever a write begins and ends.
func TestDenseLeavesOutEmptyLines(t *testing.T) {
	for _, texts := range [][]string{{"one\n\n\ntwo\n\n"}, {"one\n", "\n", "\n", "two\n", "\n"}, {"on", "e", "\n", "\ntwo", "\n\n"}} {
		var got strings.Builder
		out := &dense{out: &got}
		for _, text := range texts {
			if n, err := out.Write([]byte(text)); n != len(text) || err != nil {
				t.Fatalf("%d of %d, error %v", n, len(text), err)
			}
		}
		if want := "one\ntwo\n"; got.String() != want {
			t.Errorf("%q: %q, want %q", texts, got.String(), want)
		}
	}
}
