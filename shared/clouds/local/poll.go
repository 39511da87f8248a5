package local

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/webhook-functions/template/shared/worker"
)

// PollOptions may be left zero.
type PollOptions struct {
	Log      *slog.Logger  // nil: slog.Default()
	Every    time.Duration // how soon another process's message is seen, 0: 200 ms
	Deadline time.Duration // time to handle a batch, 0: 10 s
}

func (o PollOptions) withDefaults() PollOptions {
	o.Log = cmp.Or(o.Log, slog.Default())
	o.Every = cmp.Or(o.Every, 200*time.Millisecond)
	o.Deadline = cmp.Or(o.Deadline, 10*time.Second)
	return o
}

// batch is how many messages are handled together.
const batch = 10

// pauseAfterError keeps a broken disk from filling the log.
const pauseAfterError = time.Second

// Poll passes messages to handle until ctx is done; the last batch is still
// handled and finished. Any number of Polls may run on one queue.
//
// handle gives one verdict per message; a message without one is retried. Errors
// of the database are logged and tried again.
func Poll(ctx context.Context, q *Queue, handle func(context.Context, []worker.Message) []worker.Verdict, options PollOptions) {
	o := options.withDefaults()
	wake := q.db.wake(q.name)
	for ctx.Err() == nil {
		received, err := q.Receive(ctx, batch, 6*o.Deadline)
		switch {
		case err != nil && ctx.Err() == nil:
			o.Log.ErrorContext(ctx, "receive failed", "queue", q.name, "error", err)
			wait(ctx, nil, pauseAfterError)
		case len(received) == 0:
			wait(ctx, wake, o.Every)
		default:
			q.work(context.WithoutCancel(ctx), received, handle, o)
		}
	}
}

// work handles and finishes one batch.
func (q *Queue) work(ctx context.Context, received []Received, handle func(context.Context, []worker.Message) []worker.Verdict, o PollOptions) {
	messages := make([]worker.Message, len(received))
	for i, r := range received {
		messages[i] = r.Message
	}
	bounded, cancel := context.WithTimeout(ctx, o.Deadline)
	verdicts := inOrder(messages, handle(bounded, messages))
	cancel()

	// A message that is not finished is received again; to handle it again is harmless.
	finishing, cancel := context.WithTimeout(ctx, o.Deadline)
	defer cancel()
	if err := q.Finish(finishing, received, verdicts); err != nil {
		o.Log.ErrorContext(ctx, "finish failed", "queue", q.name, "error", err)
		wait(finishing, nil, pauseAfterError)
	}
}

// inOrder gives the verdict of each message: a retry where none was given.
func inOrder(messages []worker.Message, given []worker.Verdict) []worker.Verdict {
	verdicts := make([]worker.Verdict, len(messages))
	for _, v := range given {
		if i := slices.IndexFunc(messages, func(m worker.Message) bool { return m.ID == v.ID }); i >= 0 {
			verdicts[i] = v
		}
	}
	return verdicts
}

func wait(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-wake:
	case <-time.After(d):
	}
}
