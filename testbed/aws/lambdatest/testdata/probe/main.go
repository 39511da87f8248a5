// Command probe is a Lambda function that behaves as its event tells it to.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

var calls int

type probe struct{}

func (probe) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	calls++
	var event struct {
		Do      string
		Version string
		Records []events.SQSMessage
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	switch {
	case event.Records != nil:
		return batch(event.Records)
	case event.Version != "":
		return url(payload)
	}
	return act(ctx, event.Do)
}

func act(ctx context.Context, do string) ([]byte, error) {
	switch do {
	case "error":
		return nil, errors.New("told to")
	case "panic":
		panic("told to")
	case "exit":
		os.Exit(3)
	case "sleep":
		time.Sleep(time.Minute)
	case "deadline":
		deadline, _ := ctx.Deadline()
		return json.Marshal(time.Until(deadline).Seconds())
	case "environment":
		return json.Marshal(os.Environ())
	}
	return json.Marshal(calls)
}

// url answers with what it saw, or with the answer it was sent.
func url(payload []byte) ([]byte, error) {
	var event events.LambdaFunctionURLRequest
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	switch event.RawPath {
	case "/body":
		return []byte(event.Body), nil
	case "/exit":
		os.Exit(3)
	}
	return json.Marshal(events.LambdaFunctionURLResponse{StatusCode: 200, Body: string(payload)})
}

// batch reports every message whose body says "fail".
func batch(records []events.SQSMessage) ([]byte, error) {
	response := events.SQSEventResponse{}
	for _, r := range records {
		switch {
		case strings.Contains(r.Body, "crash"):
			os.Exit(3)
		case strings.Contains(r.Body, "nonsense"):
			return []byte(`{"batchItemFailures":[{"itemIdentifier":"nobody"}]}`), nil
		case strings.Contains(r.Body, "fail"):
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: r.MessageId})
		}
	}
	return json.Marshal(response)
}

func main() {
	if os.Getenv("FAIL") == "init" {
		panic("told to fail at init")
	}
	lambda.StartHandler(probe{})
}
