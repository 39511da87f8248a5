package queue_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/queuetest"
	"github.com/webhook-functions/template/testbed/sim/queue"
)

func TestQueue(t *testing.T) {
	for _, row := range []struct {
		name      string
		o         queue.Options
		publisher func(*simulated) (webhook.Publisher, error)
	}{
		{"SQS", sqs, overSQS},
		{"PubSub", pubsub, overPubSub},
	} {
		t.Run(row.name, func(t *testing.T) {
			queuetest.Run(t, func(t *testing.T) queuetest.Queue {
				s := &simulated{world: newWorld(t, row.o, 1)}
				var err error
				if s.Publisher, err = row.publisher(s); err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}

// simulated gives one caller at a time what is for one goroutine.
type simulated struct {
	webhook.Publisher
	mu    sync.Mutex
	world *world
}

func overSQS(s *simulated) (webhook.Publisher, error) {
	env := map[string]string{"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
	client, err := aws.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		return nil, err
	}
	return client.Over(transport(s.sendMessage), zero).Queue("https://sqs.us-east-1.amazonaws.com/1/events"), nil
}

func overPubSub(s *simulated) (webhook.Publisher, error) {
	env := map[string]string{"GOOGLE_CLOUD_PROJECT": "demo-project", "PUBSUB_EMULATOR_HOST": "pubsub.test:80"}
	client, err := gcp.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		return nil, err
	}
	return client.Over(transport(s.publish), zero).Topic("events"), nil
}

func zero() float64 { return 0 }

// transport answers the body of a request.
type transport func(body []byte) (answer any, err error)

func (answer transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a, err := answer(body)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(a)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(text)), Request: r}, err
}

func (s *simulated) sendMessage(body []byte) (any, error) {
	var in struct{ MessageBody string }
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	sum := md5.Sum([]byte(in.MessageBody))
	return map[string]string{"MessageId": s.send([]byte(in.MessageBody), nil), "MD5OfMessageBody": hex.EncodeToString(sum[:])}, nil
}

func (s *simulated) publish(body []byte) (any, error) {
	var in struct {
		Messages []struct {
			Data       []byte
			Attributes map[string]string
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	var ids []string
	for _, m := range in.Messages {
		ids = append(ids, s.send(m.Data, m.Attributes))
	}
	return map[string]any{"messageIds": ids}, nil
}

func (s *simulated) send(body []byte, attributes map[string]string) string {
	defer s.lock()()
	return s.world.events.Send(body, attributes)
}

func (s *simulated) lock() (unlock func()) {
	s.mu.Lock()
	return s.mu.Unlock
}

func (s *simulated) Pass() {
	defer s.lock()()
	s.world.at = s.world.at.Add(20 * time.Minute)
}

func (s *simulated) Visibility() time.Duration { return 0 }

func (s *simulated) Duplicate() bool {
	defer s.lock()()
	return s.world.events.Duplicate()
}

func (s *simulated) Receive(_ context.Context, limit int) (all []queuetest.Received, err error) {
	defer s.lock()()
	for _, r := range s.world.events.Receive(limit) {
		all = append(all, queuetest.Received{ID: r.ID, Body: r.Body, Receives: r.Receives, Receipt: r})
	}
	return all, nil
}

func (s *simulated) Ack(_ context.Context, r queuetest.Received) error {
	defer s.lock()()
	s.world.events.Ack(r.Receipt.(queue.Received))
	return nil
}

func (s *simulated) Retry(_ context.Context, r queuetest.Received) error {
	defer s.lock()()
	s.world.events.Retry(r.Receipt.(queue.Received))
	return nil
}

func (s *simulated) DeadLetters(context.Context) (bodies [][]byte, err error) {
	defer s.lock()()
	for _, m := range s.world.dead.Messages() {
		bodies = append(bodies, m.Body)
	}
	return bodies, nil
}

func (s *simulated) Redrive(context.Context) error {
	defer s.lock()()
	for _, m := range s.world.dead.Messages() {
		s.world.dead.Redrive(m.ID, s.world.events)
	}
	return nil
}
