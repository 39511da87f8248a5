package aws

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/webhook-functions/template/shared/worker"
)

var (
	errNotEvent = errors.New("the event is not JSON of the expected shape")
	errNotSQS   = errors.New("the event is not SQS's")
	errNameless = errors.New("a message has no id to report it by")
)

// sqsEvent is what we read of a batch.
type sqsEvent struct {
	Records []struct {
		MessageID   string
		Body        string
		EventSource string
		Attributes  struct{ ApproximateReceiveCount string }
	}
}

// sqsResponse names the messages that are to come back; the others are done.
type sqsResponse struct {
	Failures []sqsFailure `json:"batchItemFailures"`
}

type sqsFailure struct {
	ID string `json:"itemIdentifier"`
}

// SQSBatch puts a worker behind an SQS queue whose event source mapping has
// ReportBatchItemFailures on; without it every message counts as done. It fails, so
// that the whole batch comes back, only where no message could be reported by
// itself: the event is not SQS's or a message has no id.
//
// A message that is not done becomes visible again when the queue's visibility
// timeout ends. worker.Verdict.After is therefore kept up to that timeout less
// one invocation, 150 s as deployed, and nothing here shortens the wait.
func SQSBatch(w *worker.Worker) Handler {
	return func(ctx context.Context, event []byte) ([]byte, error) {
		messages, err := readBatch(event)
		if err != nil {
			return nil, err
		}
		response := sqsResponse{Failures: []sqsFailure{}}
		for _, verdict := range w.Handle(ctx, messages) {
			if !verdict.Ack {
				response.Failures = append(response.Failures, sqsFailure{verdict.ID})
			}
		}
		return json.Marshal(response)
	}
}

func readBatch(event []byte) ([]worker.Message, error) {
	var batch sqsEvent
	if err := json.Unmarshal(event, &batch); err != nil {
		return nil, errNotEvent
	}
	if batch.Records == nil {
		return nil, errNotSQS
	}
	messages := make([]worker.Message, len(batch.Records))
	for i, r := range batch.Records {
		if r.EventSource != "aws:sqs" {
			return nil, errNotSQS
		}
		if r.MessageID == "" {
			return nil, errNameless
		}
		receives, err := strconv.Atoi(r.Attributes.ApproximateReceiveCount)
		if err != nil {
			receives = 1 // only a hint
		}
		messages[i] = worker.Message{ID: r.MessageID, Body: []byte(r.Body), Receives: receives}
	}
	return messages, nil
}
