// Command aws-worker is the second function on AWS Lambda: SQS → DynamoDB, SQS.
package main

import (
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

func main() {
	log := aws.NewLog(os.Stdout, os.Getenv)
	w, err := newWorker(os.Getenv, log)
	if err != nil {
		log.Error("cannot start", "code", webhook.CodeConfig, "cause", err.Error())
		os.Exit(1) // the messages come back
	}
	lambda.Start(aws.SQSBatch(w))
}

func newWorker(env func(string) string, log *slog.Logger) (*worker.Worker, error) {
	client, err := aws.FromEnv(env, "OUTBOUND_QUEUE_URL", "DEAD_LETTERS_QUEUE_URL", "LEDGER_TABLE", "RECORDS_TABLE")
	table, tableErr := providers.Configured(env)
	settings, settingsErr := handlers.SettingsFromEnv(env)
	if err := errors.Join(err, tableErr, settingsErr); err != nil {
		return nil, err
	}
	return &worker.Worker{
		Handlers:    handlers.Table(settings, client.Ledger(env("LEDGER_TABLE")), client.Records(env("RECORDS_TABLE")), time.Now, log),
		Unknown:     handlers.KeepUnknown(client.Records(env("RECORDS_TABLE"))),
		FollowUps:   client.Queue(env("OUTBOUND_QUEUE_URL")),
		DeadLetters: client.Queue(env("DEAD_LETTERS_QUEUE_URL")),
		Redecode:    ingest.Redecode(ingest.Routes(table.Providers()...)),
		Now:         time.Now,
		Log:         log,
	}, nil
}
