// Command aws-outbound is the third function on AWS Lambda: SQS → the platforms'
// APIs. It is the only one that calls anything but AWS.
package main

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// variables of this function; packages providers and handlers have their own.
type variables struct {
	Outbound    string `env:"OUTBOUND_QUEUE_URL"`
	DeadLetters string `env:"DEAD_LETTERS_QUEUE_URL"`
	Ledger      string `env:"LEDGER_TABLE"`
	Records     string `env:"RECORDS_TABLE"`
	Secret      string `env:"OUTBOUND_SECRET_ARN"`
}

func main() {
	log := aws.NewLog(os.Stdout, os.Getenv)
	w, err := newOutbound(os.Getenv, log)
	if err != nil {
		log.Error("cannot start", "code", code(err), "cause", err.Error())
		os.Exit(1) // the messages come back
	}
	lambda.Start(aws.SQSBatch(w))
}

func code(err error) string {
	if errors.Is(err, secrets.ErrSettings) {
		return webhook.CodeSecret
	}
	return webhook.CodeConfig
}

// newOutbound reads the API keys first: without them no other setting can be judged.
// A change of the keys takes a new start.
func newOutbound(env func(string) string, log *slog.Logger) (*worker.Worker, error) {
	v, varErr := config.Read[variables](env)
	client, err := aws.FromEnv(env)
	if err := errors.Join(varErr, err); err != nil {
		return nil, err
	}
	env, err = secrets.Overlay(context.Background(), client.Settings(v.Secret), env, calls.Variables(), log)
	if err != nil {
		return nil, err
	}
	table, err := providers.Configured(env)
	settings, settingsErr := calls.SettingsFromEnv(env)
	if err := errors.Join(err, settingsErr); err != nil {
		return nil, err
	}
	return &worker.Worker{
		Handlers: calls.Table(settings, calls.Ports{
			Ledger:  client.Ledger(v.Ledger),
			Records: client.Records(v.Records),
			Doer:    &outbound.Client{Hosts: settings.Hosts(), Transport: client.Outside(outbound.NewTransport())},
			Now:     time.Now,
			Jitter:  func() time.Duration { return rand.N(time.Second) },
		}, log),
		FollowUps:   client.Queue(v.Outbound),
		DeadLetters: client.Queue(v.DeadLetters),
		Redecode:    ingest.Redecode(ingest.Routes(table.Providers()...)),
		Now:         time.Now,
		Log:         log,
	}, nil
}
