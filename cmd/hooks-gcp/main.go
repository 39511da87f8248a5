// Command hooks-gcp looks at the accounts and records of a deployment on Google
// Cloud, grants credits and says whose telephone number it is:
//
//	eval "$(terraform output -raw operator)"      which deployment
//	export GOOGLE_OAUTH_ACCESS_TOKEN="$(gcloud auth print-access-token)"
//	hooks-gcp grant member-20417 600
//
// docs/deploy-gcp.md says which permissions that takes.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/webhook-functions/template/cmd/internal/commandline"
	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/operator"
)

// variables of a deployment, as its output operator sets them.
type variables struct {
	Database   string `env:"FIRESTORE_DATABASE"`
	Outbound   string `env:"OUTBOUND_TOPIC"`
	Events     string `env:"EVENTS_TOPIC"`
	PerProject string `env:"ACCOUNT_PER_PROJECT"` // read by package handlers
}

func main() {
	commandline.Main("hooks-gcp", "Accounts and records of a deployment on Google Cloud.", &operator.Commands{}, deployment{})
}

// deployment is the one the environment names.
type deployment struct{}

// Open implements [operator.Place].
func (deployment) Open(context.Context, bool) (operator.Stores, error) {
	client, err := gcp.FromEnv(os.Getenv)
	v, varErr := config.Read[variables](os.Getenv)
	settings, settingsErr := handlers.SettingsFromEnv(os.Getenv)
	if err := errors.Join(err, varErr, settingsErr); err != nil {
		return operator.Stores{}, err
	}
	return operator.Stores{
		Ledger:     client.Ledger(v.Database),
		Records:    client.Records(v.Database),
		Outbound:   client.Topic(v.Outbound),
		Events:     client.Topic(v.Events),
		PerProject: settings.Credits.ScopeByProject,
		Close:      func() error { return nil },
	}, nil
}
