// Package gcpoutbound is the third function on Google Cloud: Pub/Sub push → the
// platforms' APIs. It is the only one that calls anything but Google.
package gcpoutbound

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	_ "github.com/GoogleCloudPlatform/functions-framework-go/funcframework" // what the buildpack's main starts
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/worker"
)

// variables of this function; packages providers and handlers have their own.
type variables struct {
	Outbound    string `env:"OUTBOUND_TOPIC"`
	DeadLetters string `env:"DEAD_LETTERS_TOPIC"`
	Database    string `env:"FIRESTORE_DATABASE"`
	SecretsDir  string `env:"OUTBOUND_SECRETS_DIR"`
}

func init() {
	functions.HTTP("Outbound", handler(os.Getenv, gcp.NewLog(os.Stdout)).ServeHTTP)
}

func handler(env func(string) string, log *slog.Logger) http.Handler {
	v, _ := config.Read[variables](env) // newOutbound says what is missing
	secret := gcp.Mounted(filepath.Join(v.SecretsDir, "outbound"))
	return gcp.Starting(log, func() (http.Handler, error) {
		w, err := newOutbound(env, secret, log)
		if err != nil {
			return nil, err
		}
		return gcp.Push(w), nil
	})
}

// newOutbound reads the API keys first: without them no other setting can be judged.
// A change of the keys takes a new start.
func newOutbound(env func(string) string, secret secrets.Fetch, log *slog.Logger) (*worker.Worker, error) {
	v, varErr := config.Read[variables](env)
	client, err := gcp.FromEnv(env)
	if err := errors.Join(varErr, err); err != nil {
		return nil, err
	}
	env, err = secrets.Overlay(context.Background(), secret, env, calls.Variables(), log)
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
			Ledger:  client.Ledger(v.Database),
			Records: client.Records(v.Database),
			Doer:    &outbound.Client{Hosts: settings.Hosts(), Transport: outbound.NewTransport()},
			Now:     time.Now,
			Jitter:  func() time.Duration { return rand.N(time.Second) },
		}, log),
		FollowUps:   client.Topic(v.Outbound),
		DeadLetters: client.Topic(v.DeadLetters),
		Redecode:    ingest.Redecode(ingest.Routes(table.Providers()...)),
		Now:         time.Now,
		Log:         log,
	}, nil
}
