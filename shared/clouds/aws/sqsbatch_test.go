package aws_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// newWorker has a handler that succeeds for "test.good" and asks for another try
// for "test.later".
func newWorker(seen *[]string) *worker.Worker {
	return &worker.Worker{
		Handlers: map[string]webhook.BatchHandler{
			"test.good": webhook.Each("seen", func(_ context.Context, e webhook.Event) ([]webhook.Event, error) {
				*seen = append(*seen, string(e.Data))
				return nil, nil
			}),
			"test.later": webhook.Each("seen", func(context.Context, webhook.Event) ([]webhook.Event, error) {
				return nil, webhook.RetryAfter(time.Minute, errors.New("not now"))
			}),
		},
		FollowUps:   &box{},
		DeadLetters: &box{},
		Now:         time.Now,
		Log:         slog.New(slog.NewJSONHandler(io.Discard, nil)),
	}
}

func message(id, eventType string) object {
	event := webhook.Event{ID: id, Source: "/webhooks/test", Type: "test." + eventType, Time: time.Now(), Data: []byte(id), Basis: webhook.ByID}
	return object{
		"messageId": id, "receiptHandle": "h", "body": string(event.Encode()), "eventSource": "aws:sqs",
		"attributes": object{"ApproximateReceiveCount": "1"},
	}
}

func TestSQSBatch(t *testing.T) {
	const none = `{"batchItemFailures":[]}`
	for _, row := range []struct {
		name    string
		records any
		want    string // "" for an error
	}{
		{"empty", []object{}, none},
		{"one done", []object{message("1", "good")}, none},
		{"one to come back", []object{message("1", "later")}, `{"batchItemFailures":[{"itemIdentifier":"1"}]}`},
		{"mixed", []object{message("1", "good"), message("2", "later"), message("3", "good"), message("4", "later")},
			`{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"4"}]}`},
		{"a type without a handler", []object{message("1", "unheard-of")}, none},
		{"not an event of ours", []object{{"messageId": "1", "body": "hello", "eventSource": "aws:sqs"}}, none}, // a dead letter now
		{"no receive count", []object{{"messageId": "1", "body": message("1", "good")["body"], "eventSource": "aws:sqs"}}, none},
		{"a message without an id", []object{message("1", "good"), message("", "good")}, ""},
		{"another service's records", []object{{"eventSource": "aws:s3", "messageId": "1"}}, ""},
		{"no records", nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			event, err := json.Marshal(object{"Records": row.records})
			if err != nil {
				t.Fatal(err)
			}
			var seen []string
			got, err := aws.SQSBatch(newWorker(&seen)).Invoke(t.Context(), event)
			if (err != nil) != (row.want == "") || string(got) != row.want {
				t.Errorf("got %s, error %v, want %s", got, err, row.want)
			}
			if err != nil && len(seen) > 0 {
				t.Errorf("handled %q of a batch that is refused", seen)
			}
		})
	}
	for _, event := range []string{"", "{", "[]", "{}", `{"version":"2.0","rawPath":"/made-up"}`, `{"Records":{}}`} {
		if got, err := aws.SQSBatch(newWorker(new([]string))).Invoke(t.Context(), []byte(event)); err == nil {
			t.Errorf("event %q was answered %s", event, got)
		}
	}
}

// A message that was received often is handled alone, after the others.
func TestSQSBatchReceiveCount(t *testing.T) {
	suspect := message("suspect", "good")
	suspect["attributes"] = object{"ApproximateReceiveCount": "3"}
	event, _ := json.Marshal(object{"Records": []object{suspect, message("1", "good"), message("2", "good")}})
	var seen []string
	if _, err := aws.SQSBatch(newWorker(&seen)).Invoke(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 3 || seen[2] != "suspect" {
		t.Errorf("handled in order %q, want the suspect last", seen)
	}
}
