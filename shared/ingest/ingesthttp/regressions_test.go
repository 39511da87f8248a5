package ingesthttp_test

import (
	"context"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/webhook"
)

// Each of these was found in a published receiver of webhooks. E4 was about a
// signed timestamp, which none of our platforms has, and a malformed signature;
// E6 about an emergency checkpoint, which we do not have at all.

// delivery is a usage report to Gabber's route under the given signatures.
func delivery(signatures ...string) ingesttest.Request {
	r := ingesttest.Request{Method: "POST", Target: "/gabber", Body: []byte(usage)}
	for _, s := range signatures {
		r.Header = append(r.Header, [2]string{"X-Webhook-Signature", s})
	}
	return r
}

// expect sends and wants a status and nothing stored.
func expect(t *testing.T, w *ingesttest.World, f ingesttest.Front, r ingesttest.Request, status int) {
	t.Helper()
	answer := f.Send(t, r)
	ingesttest.CheckAnswer(t, r, answer)
	if answer.Status != status {
		t.Errorf("status %d, want %d", answer.Status, status)
	}
	if n := len(w.Events.Messages()) + len(w.DeadLetters.Messages()); n != 0 {
		t.Errorf("%d stored", n)
	}
}

func TestE1AnEmptySecondSecretOpensNothing(t *testing.T) {
	w := ingesttest.NewWorld(t, ingesttest.Secrets("gabber", ingesttest.Secret("gabber"), ""))
	f := serve(t, w)
	expect(t, w, f, delivery(), 400)
	expect(t, w, f, delivery(""), 400)
	expect(t, w, f, delivery(signWith("", usage)), 503)
	expect(t, w, f, delivery(sign(usage)), 503) // half a configuration is none
}

func TestE2AFailingSecretStoreOpensNothing(t *testing.T) {
	w := ingesttest.NewWorld(t, ingesttest.Secrets("gabber"))
	f := serve(t, w)
	expect(t, w, f, delivery("0000"), 503)
	expect(t, w, f, delivery(sign(usage)), 503)
}

func TestE3NoSignatureIsNotASignature(t *testing.T) {
	w := ingesttest.NewWorld(t)
	expect(t, w, serve(t, w), delivery(), 400)
	if n := w.Events.Calls(); n != 0 {
		t.Errorf("the queue was called %d times", n)
	}
}

func TestE4AMalformedSignatureIsAWrongOne(t *testing.T) {
	w := ingesttest.NewWorld(t)
	f := serve(t, w)
	for _, malformed := range []string{"x", "t=1,v1=00", "sha256", "=", ",", "%00", sign(usage)[:63]} {
		expect(t, w, f, delivery(malformed), 403)
	}
}

func TestE5AFailedPublishIsNotOK(t *testing.T) {
	w := ingesttest.NewWorld(t, ingesttest.QueueDown)
	expect(t, w, serve(t, w), delivery(sign(usage)), 503)
}

func TestE5NorIsASlowOne(t *testing.T) {
	t.Parallel()
	w := ingesttest.NewWorld(t)
	w.Ingest.Events = patient{}
	start := time.Now()
	expect(t, w, serve(t, w), delivery(sign(usage)), 503)
	if took := time.Since(start); took < ingest.Budget || took > ingest.Budget+time.Second {
		t.Errorf("the answer took %v, the budget is %v", took, ingest.Budget)
	}
}

// patient is a queue that never confirms.
type patient struct{}

func (patient) Publish(ctx context.Context, _ webhook.Event) error {
	<-ctx.Done()
	return ctx.Err()
}

// A platform that has given up leaves no work behind. Its next try is the same
// event.
func TestAPeerThatLeavesDuringPublish(t *testing.T) {
	w := ingesttest.NewWorld(t)
	entered, left := make(chan struct{}), make(chan struct{})
	w.Ingest.Events = publisher(func(ctx context.Context, _ webhook.Event) error {
		close(entered)
		<-ctx.Done()
		close(left)
		return ctx.Err()
	})
	c := serve(t, w).dial(t)
	if _, err := c.Write([]byte(post(length(len(usage)), "X-Webhook-Signature: "+sign(usage)) + usage)); err != nil {
		t.Fatal(err)
	}
	<-entered
	_ = c.Close()
	select {
	case <-left:
	case <-time.After(ingest.Budget / 2):
		t.Error("the publisher was not told")
	}
}

type publisher func(context.Context, webhook.Event) error

func (p publisher) Publish(ctx context.Context, e webhook.Event) error { return p(ctx, e) }
