// Command aws-worker is the second function on AWS Lambda: SQS → DynamoDB, SQS.
package main

import (
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// variables of this function; packages providers and handlers have their own.
type variables struct {
	Outbound    string `env:"OUTBOUND_QUEUE_URL"`
	DeadLetters string `env:"DEAD_LETTERS_QUEUE_URL"`
	Ledger      string `env:"LEDGER_TABLE"`
	Records     string `env:"RECORDS_TABLE"`
}

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
	v, varErr := config.Read[variables](env)
	client, err := aws.FromEnv(env)
	table, tableErr := providers.Configured(env)
	settings, settingsErr := handlers.SettingsFromEnv(env)
	if err := errors.Join(varErr, err, tableErr, settingsErr); err != nil {
		return nil, err
	}
	return &worker.Worker{
		Handlers:    handlers.Table(settings, client.Ledger(v.Ledger), client.Records(v.Records), time.Now, log),
		Unknown:     handlers.KeepUnknown(client.Records(v.Records)),
		FollowUps:   client.Queue(v.Outbound),
		DeadLetters: client.Queue(v.DeadLetters),
		Redecode:    ingest.Redecode(ingest.Routes(table.Providers()...)),
		Now:         time.Now,
		Log:         log,
	}, nil
}
