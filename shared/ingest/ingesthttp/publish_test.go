package ingesthttp_test

import (
	"context"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/webhook"
)

// A publish that is not confirmed within the budget is no success.
func TestHandler_slowPublish(t *testing.T) {
	t.Parallel()
	w := ingesttest.NewWorld(t)
	w.Ingest.Events = publisher(func(ctx context.Context, _ webhook.Event) error {
		<-ctx.Done()
		return ctx.Err()
	})
	start := time.Now()
	c := serve(t, w).dial(t)
	defer c.Close()
	if response := c.exchange(t, "POST", []byte(post(length(len(usage)), signature(usage))+usage)); response.StatusCode != 503 {
		t.Errorf("status %d, want 503", response.StatusCode)
	}
	if took := time.Since(start); took < ingest.Budget || took > ingest.Budget+time.Second {
		t.Errorf("the answer took %v, the budget is %v", took, ingest.Budget)
	}
}

// A peer that gives up cancels the publish. Its next try is the same event.
func TestHandler_peerLeavesDuringPublish(t *testing.T) {
	w := ingesttest.NewWorld(t)
	entered, left := make(chan struct{}), make(chan struct{})
	w.Ingest.Events = publisher(func(ctx context.Context, _ webhook.Event) error {
		close(entered)
		<-ctx.Done()
		close(left)
		return ctx.Err()
	})
	c := serve(t, w).dial(t)
	if _, err := c.Write([]byte(post(length(len(usage)), signature(usage)) + usage)); err != nil {
		t.Fatal(err)
	}
	<-entered
	_ = c.Close()
	select {
	case <-left:
	case <-time.After(ingest.Budget / 2):
		t.Error("the context of the publisher was not cancelled")
	}
}

type publisher func(context.Context, webhook.Event) error

func (p publisher) Publish(ctx context.Context, e webhook.Event) error { return p(ctx, e) }
