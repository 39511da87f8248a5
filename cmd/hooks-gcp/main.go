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
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/operator"
)

func main() {
	commandline.Main("hooks-gcp", "Accounts and records of a deployment on Google Cloud.", &operator.Commands{}, deployment{})
}

// deployment is the one the environment names.
type deployment struct{}

// Open implements [operator.Place].
func (deployment) Open(context.Context, bool) (operator.Stores, error) {
	client, err := gcp.FromEnv(os.Getenv, "FIRESTORE_DATABASE", "OUTBOUND_TOPIC", "EVENTS_TOPIC", "ACCOUNT_PER_PROJECT")
	settings, settingsErr := handlers.SettingsFromEnv(os.Getenv)
	if err := errors.Join(err, settingsErr); err != nil {
		return operator.Stores{}, err
	}
	return operator.Stores{
		Ledger:     client.Ledger(os.Getenv("FIRESTORE_DATABASE")),
		Records:    client.Records(os.Getenv("FIRESTORE_DATABASE")),
		Outbound:   client.Topic(os.Getenv("OUTBOUND_TOPIC")),
		Events:     client.Topic(os.Getenv("EVENTS_TOPIC")),
		PerProject: settings.Credits.ScopeByProject,
		Close:      func() error { return nil },
	}, nil
}
