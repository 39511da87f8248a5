package main

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// What a killed process had in hand is taken up at once, but for outbound's: a
// call it had sent may still land.
func TestServe_takesUpWhatAKilledProcessHadInHand(t *testing.T) {
	db, err := local.Open(t.Context(), filepath.Join(t.TempDir(), "hooks.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, name := range []string{local.Events, local.Outbound} {
		q := db.Queue(name)
		if err := q.Publish(t.Context(), webhook.Event{ID: name, Source: "/webhooks/test", Type: "test", Basis: webhook.ByID}); err != nil {
			t.Fatal(err)
		}
		if held, err := q.Receive(t.Context(), 1, time.Minute); err != nil || len(held) != 1 {
			t.Fatalf("%d messages, %v", len(held), err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	handled := make(chan string, 10)
	handle := func(name string) handler {
		return func(_ context.Context, messages []worker.Message) (verdicts []worker.Verdict) {
			for _, m := range messages {
				handled <- name
				verdicts = append(verdicts, worker.Verdict{ID: m.ID, Ack: true})
			}
			return verdicts
		}
	}
	p := &pipeline{worker: handle("worker"), outbound: handle("outbound"), db: db, log: slog.New(slog.DiscardHandler)}
	served := make(chan error, 1)
	go func() { served <- serve(ctx, p, "127.0.0.1:0", func(net.Addr) {}) }()
	select {
	case name := <-handled:
		if name != "worker" {
			t.Errorf("%s was handed a message first", name)
		}
	case <-time.After(10 * time.Second):
		t.Error("the event that was in hand is not taken up")
	}
	if err := db.Queue(local.Outbound).Publish(ctx, webhook.Event{ID: "new", Source: "/functions/worker", Type: "test", Basis: webhook.ByID}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-handled: // the new one: outbound is at work
	case <-time.After(10 * time.Second):
		t.Error("outbound handles nothing")
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if n := length(t, db, local.Outbound); n != 1 || len(handled) != 0 {
		t.Errorf("%d messages wait for outbound, %d more were handled; want the one that was in hand to wait", n, len(handled))
	}
}
