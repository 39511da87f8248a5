package gcp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
)

// publishBudget is the longest Publish takes, also where the caller has more time:
// it is what ingest has.
const publishBudget = 3 * time.Second

// topic publishes to one Pub/Sub topic.
type topic struct {
	client *Client
	name   string
}

// Topic gives a publisher to a topic of the project. An event is one message:
// its data is the encoded event. Attributes repeat what people and subscription
// filters need to see without opening it:
//
//	content-type  application/cloudevents+json
//	type          the event's type
//	reason        of a dead letter
//
// There is no ordering key: after one failure Pub/Sub would stop taking events
// of that key, and nothing here depends on order.
func (c *Client) Topic(name string) webhook.Publisher { return &topic{c, name} }

type publish struct {
	Messages []pubsubMessage `json:"messages"`
}

type pubsubMessage struct {
	Data       []byte            `json:"data"`
	Attributes map[string]string `json:"attributes"`
}

type published struct {
	MessageIDs []string `json:"messageIds"`
}

// Publish returns nil once Pub/Sub has given the message an id, which it does
// after storing it. Nothing is left to do after the reply: Cloud Run may take
// the processor away then.
func (t *topic) Publish(ctx context.Context, e webhook.Event) error {
	ctx, cancel := context.WithTimeout(ctx, publishBudget)
	defer cancel()
	path := fmt.Sprintf("/v1/projects/%s/topics/%s:publish", t.client.project, t.name)
	var answer published
	err := t.client.call(ctx, t.client.pubsub, path, publish{[]pubsubMessage{{e.Encode(), attributes(e)}}}, &answer)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if len(answer.MessageIDs) != 1 || answer.MessageIDs[0] == "" {
		return errors.New("publish: the answer confirms no message")
	}
	return nil
}

// maxAttribute is Pub/Sub's limit for a value, in bytes.
const maxAttribute = 1024

// attributes leaves out what does not fit: a type comes from outside.
func attributes(e webhook.Event) map[string]string {
	all := map[string]string{"content-type": webhook.ContentType}
	for name, value := range map[string]string{"type": e.Type, "reason": e.Reason} {
		if value != "" && len(value) <= maxAttribute {
			all[name] = value
		}
	}
	return all
}
