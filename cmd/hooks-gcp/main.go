// Command hooks-gcp looks at the accounts and records of a deployment on Google
// Cloud, grants credits and says whose telephone number it is:
//
//	gcloud auth application-default login
//	hooks-gcp --outputs terraform/gcp grant member-20417 600
//
// docs/deploy-gcp.md says which permissions that takes.
package main

import (
	"context"
	"errors"
	"fmt"

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

type commands struct {
	deployment
	operator.Commands
}

func main() {
	var c commands
	commandline.Main("hooks-gcp", "Accounts and records of a deployment on Google Cloud.", &c, &c.deployment)
}

// Open implements [operator.Place].
func (d *deployment) Open(ctx context.Context, _ bool) (operator.Stores, error) {
	env, err := d.env(ctx)
	if err != nil {
		return operator.Stores{}, err
	}
	client, err := gcp.New(env, tokens(ctx))
	v, varErr := config.Read[variables](env)
	if varErr != nil {
		varErr = fmt.Errorf("name the deployment with --outputs, or set its variables: %w", varErr)
	}
	settings, settingsErr := handlers.SettingsFromEnv(env)
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
