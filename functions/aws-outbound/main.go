// Command aws-outbound is the third function on AWS Lambda: SQS → the platforms'
// APIs. It is the only one that calls anything but AWS.
package main

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/worker"
)

func main() {
	log := aws.NewLog(os.Stdout, os.Getenv)
	w, err := newOutbound(os.Getenv, log)
	if err != nil {
		log.Error("cannot start", "code", "CFG", "cause", err.Error())
		os.Exit(1) // the messages come back
	}
	lambda.Start(aws.SQSBatch(w))
}

func newOutbound(env func(string) string, log *slog.Logger) (*worker.Worker, error) {
	client, err := aws.FromEnv(env, "OUTBOUND_QUEUE_URL", "DEAD_LETTERS_QUEUE_URL", "LEDGER_TABLE", "RECORDS_TABLE")
	table, tableErr := providers.Configured(env)
	settings, settingsErr := handlers.OutboundFromEnv(env)
	if err := errors.Join(err, tableErr, settingsErr); err != nil {
		return nil, err
	}
	platforms := &outbound.Client{Hosts: settings.Hosts(), Transport: http.DefaultTransport}
	return &worker.Worker{
		Handlers:    handlers.Outbound(settings, client.Ledger(env("LEDGER_TABLE")), client.Records(env("RECORDS_TABLE")), platforms, time.Now, log),
		FollowUps:   client.Queue(env("OUTBOUND_QUEUE_URL")),
		DeadLetters: client.Queue(env("DEAD_LETTERS_QUEUE_URL")),
		Reread:      ingest.Reread(ingest.Routes(table.Providers()...)),
		Now:         time.Now,
		Log:         log,
	}, nil
}
