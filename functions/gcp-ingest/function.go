// Package gcpingest is the first function on Google Cloud: HTTP → Pub/Sub.
package gcpingest

import (
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
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesthttp"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/secrets"
)

func init() {
	functions.HTTP("Ingest", handler(os.Getenv, gcp.NewLog(os.Stdout)).ServeHTTP)
}

func handler(env func(string) string, log *slog.Logger) http.Handler {
	in, err := newIngest(env, log)
	if err != nil {
		return gcp.OutOfService(log, err)
	}
	return ingesthttp.Handler(in, gcp.RequestID)
}

func newIngest(env func(string) string, log *slog.Logger) (*ingest.Ingest, error) {
	client, err := gcp.FromEnv(env, "EVENTS_TOPIC", "DEAD_LETTERS_TOPIC", "SECRETS_DIR")
	table, tableErr := providers.Configured(env)
	maxBody, maxBodyErr := ingest.ParseMaxBody(env("MAX_BODY_BYTES"))
	if err := errors.Join(err, tableErr, maxBodyErr); err != nil {
		return nil, err
	}
	return &ingest.Ingest{
		Providers:   ingest.Routes(table.Providers()...),
		Keyrings:    secrets.NewCache(gcp.Mounted(filepath.Join(env("SECRETS_DIR"), "webhook")), table.Schemes(), time.Now, rand.Float64, log),
		Events:      client.Topic(env("EVENTS_TOPIC")),
		DeadLetters: client.Topic(env("DEAD_LETTERS_TOPIC")),
		MaxBody:     maxBody,
		Now:         time.Now,
		Log:         log,
	}, nil
}
