package gcptest_test

import (
	"context"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/gcp/gcptest"
	"github.com/webhook-functions/template/testbed/queuetest"
)

func TestMain(m *testing.M) {
	toolstest.SideBySide(20)
	m.Run()
}

func TestQueue(t *testing.T) {
	emulator := gcptest.PubSub(t)
	queuetest.Run(t, func(t *testing.T) queuetest.Queue {
		env := gcptest.Env(emulator)
		client, err := gcp.FromEnv(env)
		if err != nil {
			t.Fatal(err)
		}
		q := &pubsub{client.Topic("events"), emulator, env("GOOGLE_CLOUD_PROJECT")}
		for _, name := range []string{"events", "dead"} {
			emulator.Topic(t, q.project, name)
		}
		emulator.Subscription(t, q.project, "dead", "dead", nil)
		emulator.Subscription(t, q.project, "events", "events", map[string]any{
			"retryPolicy":      map[string]any{"minimumBackoff": "0.1s", "maximumBackoff": "0.1s"},
			"deadLetterPolicy": map[string]any{"deadLetterTopic": gcptest.TopicName(q.project, "dead"), "maxDeliveryAttempts": 5}, // the fewest there are
		})
		return q
	})
}

// pubsub is a topic with one subscription, pulled. A received message's deadline is one
// second: a subscription cannot have less than ten.
type pubsub struct {
	webhook.Publisher
	emulator *gcptest.Emulator
	project  string
}

func (q *pubsub) Pass() { time.Sleep(q.Visibility() + 300*time.Millisecond) }

func (q *pubsub) Visibility() time.Duration { return time.Second }

func (q *pubsub) Receive(ctx context.Context, limit int) (all []queuetest.Received, err error) {
	messages, err := q.lend(ctx, "events", limit, q.Visibility())
	for _, m := range messages {
		all = append(all, queuetest.Received{ID: m.ID, Body: m.Data, Receives: m.DeliveryAttempt, Receipt: m})
	}
	return all, err
}

// lend pulls messages for some time.
func (q *pubsub) lend(ctx context.Context, subscription string, limit int, d time.Duration) ([]gcptest.Message, error) {
	messages, err := q.emulator.Lend(ctx, q.project, subscription, limit)
	if err != nil {
		return nil, err
	}
	return messages, q.emulator.SetDeadline(ctx, q.project, subscription, d, messages...)
}

func (q *pubsub) Ack(ctx context.Context, r queuetest.Received) error {
	return q.emulator.Ack(ctx, q.project, "events", r.Receipt.(gcptest.Message))
}

func (q *pubsub) Retry(ctx context.Context, r queuetest.Received) error {
	return q.emulator.SetDeadline(ctx, q.project, "events", 0, r.Receipt.(gcptest.Message))
}

// DeadLetters gives back at once what it received.
func (q *pubsub) DeadLetters(ctx context.Context) (bodies [][]byte, err error) {
	messages, err := q.lend(ctx, "dead", 100, 0)
	for _, m := range messages {
		bodies = append(bodies, m.Data)
	}
	return bodies, err
}

func (q *pubsub) Redrive(ctx context.Context) error {
	messages, err := q.lend(ctx, "dead", 100, time.Minute)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if _, err := q.emulator.Send(ctx, q.project, "events", m.Data); err != nil {
			return err
		}
		if err := q.emulator.Ack(ctx, q.project, "dead", m); err != nil {
			return err
		}
	}
	return nil
}
