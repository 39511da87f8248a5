package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
	"github.com/webhook-functions/template/testbed/aws/lambdatest"
)

var update = flag.Bool("update", false, "write the envelopes of events/ anew")

// The envelopes of events/ are for `sam local invoke` and `make invoke-aws-*`.
// They are what the front and the poller make of a signed sample, and of what
// the worker has outbound do about it.
func TestEnvelopes(t *testing.T) {
	for _, p := range providers.Table() {
		compare(t, "aws-ingest."+p.Name+".json", urlEnvelope(t, shown(t, p.Name)))
	}
	m := eventstest.NewMeter(t)
	compare(t, "aws-worker."+m.Platform+".json", sqsEnvelope(eventOf(t, m.Sample)))
	compare(t, "aws-outbound."+m.Platform+".json", sqsEnvelope(followUps(t, m.Sample)...))
}

// shown is the sample in a platform's envelope, or the first one.
func shown(t *testing.T, platform string) sample {
	t.Helper()
	var envelope struct{ Body string }
	if text, err := os.ReadFile(filepath.Join(root, "events", "aws-ingest."+platform+".json")); err == nil {
		_ = json.Unmarshal(text, &envelope) // compare says what is wrong with it
	}
	all := slices.DeleteFunc(eventstest.Samples(t), func(s sample) bool { return s.Platform != platform })
	return all[max(0, slices.IndexFunc(all, func(s sample) bool { return string(s.Body) == envelope.Body }))]
}

func compare(t *testing.T, name string, envelope any) {
	t.Helper()
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(envelope); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "events", name)
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("events/%s is out of date (%v): go test ./testbed/aws/e2e -run TestEnvelopes -update", name, err)
	}
}

var sent = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func urlEnvelope(t *testing.T, s sample) any {
	t.Helper()
	r := httptest.NewRequest("POST", "https://lambda-url.example/"+s.Platform, bytes.NewReader(s.Body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "sample")
	r.Header.Set(s.Header, s.HeaderValue)
	event, err := lambdatest.URLEvent(r)
	if err != nil {
		t.Fatal(err)
	}
	event.RequestContext.RequestID = "00000000-0000-4000-8000-000000000000"
	event.RequestContext.Time, event.RequestContext.TimeEpoch = sent.Format("02/Jan/2006:15:04:05 -0700"), sent.UnixMilli()
	return event
}

func sqsEnvelope(all ...webhook.Event) any {
	var messages []types.Message
	for i, e := range all {
		messages = append(messages, types.Message{
			MessageId:     aws.String(fmt.Sprintf("00000000-0000-4000-8000-%012d", i)),
			ReceiptHandle: aws.String("sample"),
			Body:          aws.String(string(e.Encode())),
			Attributes:    map[string]string{"ApproximateReceiveCount": "1"},
		})
	}
	return lambdatest.SQSEvent(messages)
}

// followUps are the messages the worker sends on about a sample.
func followUps(t *testing.T, s sample) []webhook.Event {
	t.Helper()
	var sent kept
	w, _, _ := workerInMemory(t, &sent)
	e := eventOf(t, s)
	w.Handle(t.Context(), []worker.Message{{ID: s.File(), Body: e.Encode(), Receives: 1}})
	if len(sent) == 0 {
		t.Fatalf("%s has no follow-up", s.File())
	}
	return sent
}

// kept is a queue that a test looks at.
type kept []webhook.Event

// Publish implements [webhook.Publisher].
func (k *kept) Publish(_ context.Context, e webhook.Event) error {
	*k = append(*k, e)
	return nil
}

// eventOf is what ingest queues for a sample.
func eventOf(t *testing.T, s sample) webhook.Event {
	t.Helper()
	return ingest.Identify(eventstest.Platform(t, s.Platform).Provider, s.Body, sent, signature.Verified{KeyID: "1"})
}
