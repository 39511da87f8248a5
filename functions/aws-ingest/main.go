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
	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/secrets"
)

// variables of this function; package providers has its own.
type variables struct {
	Events      string `env:"EVENTS_QUEUE_URL"`
	DeadLetters string `env:"DEAD_LETTERS_QUEUE_URL"`
	Secret      string `env:"WEBHOOK_SECRET_ARN"`
	MaxBody     string `env:"MAX_BODY_BYTES,optional"`
}

func main() {
	log := aws.NewLog(os.Stdout, os.Getenv)
	in, err := newIngest(os.Getenv, log)
	if err != nil {
		lambda.Start(aws.OutOfService(log, err))
	}
	lambda.Start(aws.FunctionURL(in))
}

func newIngest(env func(string) string, log *slog.Logger) (*ingest.Ingest, error) {
	v, varErr := config.Read[variables](env)
	client, err := aws.FromEnv(env)
	table, tableErr := providers.Configured(env)
	maxBody, maxBodyErr := ingest.ParseMaxBody(v.MaxBody)
	if err := errors.Join(varErr, err, tableErr, maxBodyErr); err != nil {
		return nil, err
	}
	return &ingest.Ingest{
		Providers:   ingest.Routes(table.Providers()...),
		Keyrings:    secrets.NewCache(client.Secret(v.Secret), table.Schemes(), time.Now, rand.Float64, log),
		Events:      client.Queue(v.Events),
		DeadLetters: client.Queue(v.DeadLetters),
		MaxBody:     maxBody,
		Now:         time.Now,
		Log:         log,
	}, nil
}
