// Command ordinary is ingest as most would write it: the SDK's default
// configuration and clients, the events package, one secret fetched when it
// starts. It knows one platform and does less with its events than aws-ingest:
// no strict JSON, no identity, no dead letters.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	secret, err := fetchSecret(secretsmanager.NewFromConfig(cfg), os.Getenv("WEBHOOK_SECRET_ARN"))
	if err != nil {
		log.Fatal(err)
	}
	h := handler{sqs: sqs.NewFromConfig(cfg), queue: os.Getenv("EVENTS_QUEUE_URL"), secret: secret}
	lambda.Start(h.handle)
}

func fetchSecret(store *secretsmanager.Client, arn string) ([]byte, error) {
	value, err := store.GetSecretValue(context.Background(), &secretsmanager.GetSecretValueInput{SecretId: &arn})
	if err != nil {
		return nil, err
	}
	var secrets struct{ Gabber string }
	err = json.Unmarshal([]byte(*value.SecretString), &secrets)
	return []byte(secrets.Gabber), err
}

type handler struct {
	sqs    *sqs.Client
	queue  string
	secret []byte
}

func (h handler) handle(ctx context.Context, r events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	body := []byte(r.Body)
	if r.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(r.Body); err != nil {
			return reply(400, "bad request"), nil
		}
	}
	mac := hmac.New(sha256.New, h.secret)
	mac.Write(body)
	given, err := hex.DecodeString(strings.TrimSpace(r.Headers["x-webhook-signature"]))
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return reply(403, "forbidden"), nil
	}
	var event struct {
		Type    string          `json:"type"`
		Payload json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return reply(400, "bad request"), nil
	}
	message, err := json.Marshal(map[string]any{"source": r.RawPath, "type": event.Type, "data_base64": body})
	if err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	if _, err := h.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &h.queue, MessageBody: aws.String(string(message))}); err != nil {
		return events.LambdaFunctionURLResponse{}, err
	}
	log.Printf("queued %s", event.Type)
	return reply(200, "ok"), nil
}

func reply(status int, body string) events.LambdaFunctionURLResponse {
	return events.LambdaFunctionURLResponse{StatusCode: status, Headers: map[string]string{"content-type": "text/plain"}, Body: body}
}
