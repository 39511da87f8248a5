// Command aws-ingest is the first function on AWS Lambda: Function URL → SQS.
package main

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/secrets"
)

func main() {
	log := aws.NewLog(os.Stdout, os.Getenv)
	in, err := newIngest(os.Getenv, log)
	if err != nil {
		lambda.Start(aws.OutOfService(log, err))
	}
	lambda.Start(aws.FunctionURL(in))
}

func newIngest(env func(string) string, log *slog.Logger) (*ingest.Ingest, error) {
	client, err := aws.FromEnv(env, "EVENTS_QUEUE_URL", "DEAD_LETTERS_QUEUE_URL", "WEBHOOK_SECRET_ARN")
	table, tableErr := providers.Configured(env)
	maxBody, maxBodyErr := ingest.ParseMaxBody(env("MAX_BODY_BYTES"))
	if err := errors.Join(err, tableErr, maxBodyErr); err != nil {
		return nil, err
	}
	return &ingest.Ingest{
		Providers:   ingest.Routes(table.Providers()...),
		Keyrings:    secrets.NewCache(client.Secret(env("WEBHOOK_SECRET_ARN")), table.Schemes(), time.Now, rand.Float64, log),
		Events:      client.Queue(env("EVENTS_QUEUE_URL")),
		DeadLetters: client.Queue(env("DEAD_LETTERS_QUEUE_URL")),
		MaxBody:     maxBody,
		Now:         time.Now,
		Log:         log,
	}, nil
}
