// Package gcpworker is the second function on Google Cloud: Pub/Sub push →
// Firestore, Pub/Sub.
package gcpworker

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	_ "github.com/GoogleCloudPlatform/functions-framework-go/funcframework" // what the buildpack's main starts
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/worker"
)

// variables of this function; packages providers and handlers have their own.
type variables struct {
	Outbound    string `env:"OUTBOUND_TOPIC"`
	DeadLetters string `env:"DEAD_LETTERS_TOPIC"`
	Database    string `env:"FIRESTORE_DATABASE"`
}

func init() {
	functions.HTTP("Worker", handler(os.Getenv, gcp.NewLog(os.Stdout)).ServeHTTP)
}

func handler(env func(string) string, log *slog.Logger) http.Handler {
	w, err := newWorker(env, log)
	if err != nil {
		return gcp.OutOfService(log, err)
	}
	return gcp.Push(w)
}

func newWorker(env func(string) string, log *slog.Logger) (*worker.Worker, error) {
	v, varErr := config.Read[variables](env)
	client, err := gcp.FromEnv(env)
	table, tableErr := providers.Configured(env)
	settings, settingsErr := handlers.SettingsFromEnv(env)
	if err := errors.Join(varErr, err, tableErr, settingsErr); err != nil {
		return nil, err
	}
	return &worker.Worker{
		Handlers:    handlers.Table(settings, client.Ledger(v.Database), client.Records(v.Database), time.Now, log),
		Unknown:     handlers.KeepUnknown(client.Records(v.Database)),
		FollowUps:   client.Topic(v.Outbound),
		DeadLetters: client.Topic(v.DeadLetters),
		Redecode:    ingest.Redecode(ingest.Routes(table.Providers()...)),
		Now:         time.Now,
		Log:         log,
	}, nil
}
