package sqstest_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/toolstest"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/aws/sqstest"
	"github.com/webhook-functions/template/testbed/queuetest"
)

func TestMain(m *testing.M) {
	toolstest.SideBySide(20)
	m.Run()
}

func TestQueue(t *testing.T) {
	server := sqstest.Start(t)
	env := map[string]string{
		"AWS_ENDPOINT_URL_SQS": server.URL, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
	}
	client, err := aws.FromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	queuetest.Run(t, func(t *testing.T) queuetest.Queue {
		q := &elasticMQ{sqs: server.SQS, dead: server.Queue(t, "dead", map[string]string{"VisibilityTimeout": "0"})}
		q.deadARN = server.ARN(t, q.dead)
		q.url = server.Queue(t, "events", map[string]string{
			"VisibilityTimeout": "1",
			"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn": %q, "maxReceiveCount": 3}`, q.deadARN),
		})
		q.arn = server.ARN(t, q.url)
		q.Publisher = client.Queue(q.url)
		return q
	})
}

// elasticMQ is used as Lambda does it: a message that is not acknowledged stays hidden
// until its visibility time ends.
type elasticMQ struct {
	webhook.Publisher
	sqs                     *sqs.Client
	url, arn, dead, deadARN string
}

func (q *elasticMQ) Pass() { time.Sleep(q.Visibility() + 100*time.Millisecond) }

func (q *elasticMQ) Visibility() time.Duration { return time.Second }

func (q *elasticMQ) Receive(ctx context.Context, limit int) (all []queuetest.Received, err error) {
	got, err := q.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: int32(limit),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount},
	})
	if err != nil {
		return nil, err
	}
	for _, m := range got.Messages {
		receives, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
		if err != nil {
			return nil, err
		}
		all = append(all, queuetest.Received{ID: sdk.ToString(m.MessageId), Body: []byte(sdk.ToString(m.Body)), Receives: receives, Receipt: m.ReceiptHandle})
	}
	return all, nil
}

func (q *elasticMQ) Ack(ctx context.Context, r queuetest.Received) error {
	_, err := q.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.url, ReceiptHandle: r.Receipt.(*string)})
	if _, stale := errors.AsType[*types.ReceiptHandleIsInvalid](err); stale {
		return nil // SQS may as well answer with a success
	}
	return err
}

func (q *elasticMQ) Retry(context.Context, queuetest.Received) error { return nil }

// DeadLetters receives from a queue that hides nothing.
func (q *elasticMQ) DeadLetters(ctx context.Context) (bodies [][]byte, err error) {
	got, err := q.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.dead, MaxNumberOfMessages: 10})
	if err != nil {
		return nil, err
	}
	for _, m := range got.Messages {
		bodies = append(bodies, []byte(sdk.ToString(m.Body)))
	}
	return bodies, nil
}

func (q *elasticMQ) Redrive(ctx context.Context) error {
	_, err := q.sqs.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &q.deadARN, DestinationArn: &q.arn})
	return err
}
