package queuetest_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/worker"
	"github.com/webhook-functions/template/testbed/queuetest"
)

func TestSQLite(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuetest.Queue {
		s := &sqlite{at: time.Date(2025, 11, 3, 9, 0, 0, 0, time.UTC)}
		db, err := local.Open(t.Context(), filepath.Join(t.TempDir(), "hooks.db"), s.now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		s.db, s.Queue = db, db.Queue(local.Events)
		return s
	})
}

// sqlite is the laptop's queue with a clock set by hand.
type sqlite struct {
	*local.Queue
	db *local.DB
	mu sync.Mutex
	at time.Time
}

func (s *sqlite) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// Pass is longer than the longest back-off, five minutes.
func (s *sqlite) Pass() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(6 * time.Minute)
}

func (s *sqlite) Visibility() time.Duration { return 0 }

func (s *sqlite) Receive(ctx context.Context, limit int) (all []queuetest.Received, err error) {
	received, err := s.Queue.Receive(ctx, limit, time.Minute)
	for _, r := range received {
		all = append(all, queuetest.Received{ID: r.ID, Body: r.Body, Receives: r.Receives, Receipt: r})
	}
	return all, err
}

func (s *sqlite) Ack(ctx context.Context, r queuetest.Received) error {
	return s.finish(ctx, r, worker.Verdict{Ack: true})
}

func (s *sqlite) Retry(ctx context.Context, r queuetest.Received) error {
	return s.finish(ctx, r, worker.Verdict{})
}

func (s *sqlite) finish(ctx context.Context, r queuetest.Received, v worker.Verdict) error {
	return s.Finish(ctx, []local.Received{r.Receipt.(local.Received)}, []worker.Verdict{v})
}

func (s *sqlite) DeadLetters(ctx context.Context) (bodies [][]byte, err error) {
	letters, err := s.db.DeadLetters().List(ctx, local.Filter{})
	for _, l := range letters {
		e, err := s.db.DeadLetters().Show(ctx, l.EventID)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, e.Encode())
	}
	return bodies, err
}

func (s *sqlite) Redrive(ctx context.Context) error {
	_, err := s.db.DeadLetters().Redrive(ctx, local.Filter{}, false)
	return err
}
