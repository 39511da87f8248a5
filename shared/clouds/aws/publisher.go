package aws

import (
	"context"
	"crypto/fips140"
	"crypto/md5"
	"encoding/hex"
	"errors"

	"github.com/webhook-functions/template/shared/webhook"
)

// queue publishes to one SQS queue.
type queue struct {
	client *Client
	url    string
}

// Queue gives a publisher to the SQS queue at url. An event is one message
// whose body is the encoded event and nothing else; a dead letter's reason is in
// there too, readable. On a standard queue the event's group keeps one noisy
// account from delaying the others (SQS calls that fair queues).
func (c *Client) Queue(url string) webhook.Publisher { return &queue{c, url} }

type sendMessage struct {
	QueueURL string `json:"QueueUrl"`
	Body     string `json:"MessageBody"`
	GroupID  string `json:"MessageGroupId,omitempty"`
}

type messageSent struct {
	MessageID string `json:"MessageId"`
	BodyMD5   string `json:"MD5OfMessageBody"`
}

// Publish returns nil once SQS has said that it has stored these very bytes.
func (q *queue) Publish(ctx context.Context, e webhook.Event) error {
	body := e.Encode()
	var sent messageSent
	err := q.client.call(ctx, sqs, "AmazonSQS.SendMessage", sendMessage{q.url, string(body), e.Group}, &sent)
	if err != nil {
		return err
	}
	var sum [md5.Size]byte
	fips140.WithoutEnforcement(func() { sum = md5.Sum(body) }) // against damaged bits, not against forgery
	if sent.MessageID == "" || sent.BodyMD5 != hex.EncodeToString(sum[:]) {
		return errors.New("AmazonSQS.SendMessage: the answer confirms another message")
	}
	return nil
}
