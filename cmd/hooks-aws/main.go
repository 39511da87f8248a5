// Command hooks-aws looks at the accounts and records of a deployment on AWS,
// grants credits and says whose telephone number it is:
//
//	hooks-aws --stack webhooks-dev grant member-20417 600
//	hooks-aws --outputs terraform/aws balance member-20417
//
// Region and credentials come from where every tool of AWS' has them: a profile,
// SSO, a role, the environment. docs/deploy-aws.md says which permissions that takes.
package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/webhook-functions/template/cmd/internal/commandline"
	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/operator"
)

// variables of a deployment, as its output operator sets them.
type variables struct {
	Ledger     string `env:"LEDGER_TABLE"`
	Records    string `env:"RECORDS_TABLE"`
	Outbound   string `env:"OUTBOUND_QUEUE_URL"`
	Events     string `env:"EVENTS_QUEUE_URL"`
	PerProject string `env:"ACCOUNT_PER_PROJECT"` // read by package handlers
}

type commands struct {
	deployment
	operator.Commands
}

func main() {
	var c commands
	commandline.Main("hooks-aws", "Accounts and records of a deployment on AWS.", &c, &c.deployment)
}

// Open implements [operator.Place].
func (d *deployment) Open(ctx context.Context, _ bool) (operator.Stores, error) {
	env, credentials, err := d.load(ctx)
	if err != nil {
		return operator.Stores{}, err
	}
	client, err := aws.New(env, credentials)
	v, varErr := config.Read[variables](env)
	if varErr != nil {
		varErr = fmt.Errorf("name the deployment with --stack or --outputs, or set its variables: %w", varErr)
	}
	settings, settingsErr := handlers.SettingsFromEnv(env)
	if err := errors.Join(err, varErr, settingsErr); err != nil {
		return operator.Stores{}, err
	}
	if _, err := credentials.Retrieve(ctx); err != nil { // they may take longer than a request may
		return operator.Stores{}, fmt.Errorf("credentials: %w", err)
	}
	return operator.Stores{
		Ledger:     client.Ledger(v.Ledger),
		Records:    client.Records(v.Records),
		Outbound:   client.Queue(v.Outbound),
		Events:     client.Queue(v.Events),
		PerProject: settings.Credits.ScopeByProject,
		Close:      func() error { return nil },
	}, nil
}
