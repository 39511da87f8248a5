package lambdatest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Poller is the event source mapping from a queue to a function, with
// ReportBatchItemFailures. It receives up to Batch messages, invokes the
// function with them and deletes those it did not report as failed. After an
// error, a crash, or an answer that names no message of the batch it deletes
// nothing. What is not deleted comes back after the queue's visibility timeout.
// As on Lambda, a failure to delete is not reported: the message
// simply comes again.
type Poller struct {
	SQS      *sqs.Client
	Queue    string // URL
	Function *Function
	Batch    int           // messages at most; 0 means 10
	Wait     time.Duration // how long to wait for the first message, in whole seconds up to 20
}

// Run polls until ctx is done, one batch at a time, and finishes the batch it
// has: a message received by a process that is gone stays hidden. Run it several
// times for several batches at once. A fault of the queue or of the function
// only slows it down.
func (p *Poller) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if n, err := p.Once(context.WithoutCancel(ctx)); n == 0 || err != nil {
			pause(ctx, 20*time.Millisecond)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// Once handles one batch and gives the number of messages in it. The error is
// that of the queue or of the invocation.
func (p *Poller) Once(ctx context.Context) (int, error) {
	received, err := p.SQS.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    &p.Queue,
		MaxNumberOfMessages:         int32(cmp.Or(p.Batch, 10)),
		WaitTimeSeconds:             int32(p.Wait / time.Second),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil || len(received.Messages) == 0 {
		return 0, err
	}
	payload, err := json.Marshal(SQSEvent(received.Messages))
	if err != nil {
		return 0, err
	}
	answer, err := p.Function.Invoke(ctx, payload)
	if err != nil {
		return len(received.Messages), err
	}
	failed, err := failures(answer, received.Messages)
	if err != nil {
		return len(received.Messages), err
	}
	return len(received.Messages), p.delete(ctx, received.Messages, failed)
}

// SQSEvent is what the function sees of a batch.
func SQSEvent(messages []types.Message) events.SQSEvent {
	var event events.SQSEvent
	for _, m := range messages {
		event.Records = append(event.Records, events.SQSMessage{
			MessageId:         aws.ToString(m.MessageId),
			ReceiptHandle:     aws.ToString(m.ReceiptHandle),
			Body:              aws.ToString(m.Body),
			Md5OfBody:         aws.ToString(m.MD5OfBody),
			Attributes:        m.Attributes,
			MessageAttributes: messageAttributes(m.MessageAttributes),
			EventSource:       "aws:sqs",
			EventSourceARN:    "arn:aws:sqs:us-east-1:000000000000:events",
			AWSRegion:         "us-east-1",
		})
	}
	return event
}

func messageAttributes(all map[string]types.MessageAttributeValue) map[string]events.SQSMessageAttribute {
	out := make(map[string]events.SQSMessageAttribute, len(all))
	for name, v := range all {
		out[name] = events.SQSMessageAttribute{StringValue: v.StringValue, BinaryValue: v.BinaryValue, DataType: aws.ToString(v.DataType)}
	}
	return out
}

// failures reads a partial batch response. Lambda takes an empty answer, null
// and an empty list for success; what it cannot understand fails the batch.
func failures(answer []byte, messages []types.Message) ([]string, error) {
	if len(answer) == 0 {
		return nil, nil
	}
	var response events.SQSEventResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		return nil, errors.New("the function's answer is no partial batch response")
	}
	var failed []string
	for _, f := range response.BatchItemFailures {
		if !slices.ContainsFunc(messages, func(m types.Message) bool { return aws.ToString(m.MessageId) == f.ItemIdentifier }) {
			return nil, fmt.Errorf("the function's answer names %q, which is no message of the batch", f.ItemIdentifier)
		}
		failed = append(failed, f.ItemIdentifier)
	}
	return failed, nil
}

func (p *Poller) delete(ctx context.Context, messages []types.Message, failed []string) error {
	var done []types.DeleteMessageBatchRequestEntry
	for i, m := range messages {
		if !slices.Contains(failed, aws.ToString(m.MessageId)) {
			done = append(done, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
		}
	}
	if len(done) == 0 {
		return nil
	}
	_, err := p.SQS.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &p.Queue, Entries: done})
	return err
}
