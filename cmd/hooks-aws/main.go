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
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/operator"
)

func main() {
	commandline.Main("hooks-aws", "Accounts and records of a deployment on AWS.", &operator.Commands{}, deployment{})
}

// deployment is the one the environment names.
type deployment struct{}

// Open implements [operator.Place].
func (deployment) Open(context.Context, bool) (operator.Stores, error) {
	client, err := aws.FromEnv(os.Getenv, "LEDGER_TABLE", "RECORDS_TABLE", "OUTBOUND_QUEUE_URL", "EVENTS_QUEUE_URL", "ACCOUNT_PER_PROJECT")
	settings, settingsErr := handlers.SettingsFromEnv(os.Getenv)
	if err := errors.Join(err, settingsErr); err != nil {
		return operator.Stores{}, err
	}
	return operator.Stores{
		Ledger:     client.Ledger(os.Getenv("LEDGER_TABLE")),
		Records:    client.Records(os.Getenv("RECORDS_TABLE")),
		Outbound:   client.Queue(os.Getenv("OUTBOUND_QUEUE_URL")),
		Events:     client.Queue(os.Getenv("EVENTS_QUEUE_URL")),
		PerProject: settings.Credits.ScopeByProject,
		Close:      func() error { return nil },
	}, nil
}
