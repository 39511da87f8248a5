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
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/worker"
)

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
	client, err := gcp.FromEnv(env, "OUTBOUND_TOPIC", "DEAD_LETTERS_TOPIC", "FIRESTORE_DATABASE")
	table, tableErr := providers.Configured(env)
	settings, settingsErr := handlers.SettingsFromEnv(env)
	if err := errors.Join(err, tableErr, settingsErr); err != nil {
		return nil, err
	}
	return &worker.Worker{
		Handlers:    handlers.Table(settings, client.Ledger(env("FIRESTORE_DATABASE")), client.Records(env("FIRESTORE_DATABASE")), time.Now, log),
		Unknown:     handlers.KeepUnknown(client.Records(env("FIRESTORE_DATABASE"))),
		FollowUps:   client.Topic(env("OUTBOUND_TOPIC")),
		DeadLetters: client.Topic(env("DEAD_LETTERS_TOPIC")),
		Redecode:    ingest.Redecode(ingest.Routes(table.Providers()...)),
		Now:         time.Now,
		Log:         log,
	}, nil
}
