// Command hooks-aws looks at the accounts and records of a deployment on AWS,
// grants credits and says whose telephone number it is:
//
//	eval "$(terraform -chdir=terraform/aws output -raw operator)"
//	eval "$(aws configure export-credentials --format env)"
//	hooks-aws grant member-20417 600
//
// docs/deploy-aws.md says which permissions that takes.
package main

import (
	"context"
	"errors"
	"os"

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

func main() {
	commandline.Main("hooks-aws", "Accounts and records of a deployment on AWS.", &operator.Commands{}, deployment{})
}

// deployment is the one the environment names.
type deployment struct{}

// Open implements [operator.Place].
func (deployment) Open(context.Context, bool) (operator.Stores, error) {
	client, err := aws.FromEnv(os.Getenv)
	v, varErr := config.Read[variables](os.Getenv)
	settings, settingsErr := handlers.SettingsFromEnv(os.Getenv)
	if err := errors.Join(err, varErr, settingsErr); err != nil {
		return operator.Stores{}, err
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
