package local

import (
	"cmp"
	"context"
	"log/slog"
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

// Poll feeds messages to handle until ctx is done; the batch in hand is still
// finished and settled. Any number of Polls may run on one queue.
//
// handle gives one verdict per message; a message without one comes back later.
// Errors of the database are logged and tried again.
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

// work handles and settles one batch.
func (q *Queue) work(ctx context.Context, received []Received, handle func(context.Context, []worker.Message) []worker.Verdict, o PollOptions) {
	messages := make([]worker.Message, len(received))
	for i, r := range received {
		messages[i] = r.Message
	}
	bounded, cancel := context.WithTimeout(ctx, o.Deadline)
	verdicts := inOrder(messages, handle(bounded, messages))
	cancel()

	// Unsettled messages come back by themselves; handling them again is harmless.
	settling, cancel := context.WithTimeout(ctx, o.Deadline)
	defer cancel()
	if err := q.settleAll(settling, received, verdicts); err != nil {
		o.Log.ErrorContext(ctx, "settle failed", "queue", q.name, "error", err)
		wait(settling, nil, pauseAfterError)
	}
}

// inOrder gives the verdict of each message. A missing one is the zero verdict:
// not done.
func inOrder(messages []worker.Message, given []worker.Verdict) []worker.Verdict {
	byID := make(map[string]worker.Verdict, len(given))
	for _, v := range given {
		byID[v.ID] = v
	}
	verdicts := make([]worker.Verdict, len(messages))
	for i, m := range messages {
		verdicts[i] = byID[m.ID]
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
