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
	"github.com/webhook-functions/template/shared/config"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesthttp"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/secrets"
)

// variables of this function; package providers has its own.
type variables struct {
	Events      string `env:"EVENTS_TOPIC"`
	DeadLetters string `env:"DEAD_LETTERS_TOPIC"`
	SecretsDir  string `env:"SECRETS_DIR"`
	MaxBody     string `env:"MAX_BODY_BYTES,optional"`
}

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
	v, varErr := config.Read[variables](env)
	client, err := gcp.FromEnv(env)
	table, tableErr := providers.Configured(env)
	maxBody, maxBodyErr := ingest.ParseMaxBody(v.MaxBody)
	if err := errors.Join(varErr, err, tableErr, maxBodyErr); err != nil {
		return nil, err
	}
	return &ingest.Ingest{
		Providers:   ingest.Routes(table.Providers()...),
		Keyrings:    secrets.NewCache(gcp.Mounted(filepath.Join(v.SecretsDir, "webhook")), table.Schemes(), time.Now, rand.Float64, log),
		Events:      client.Topic(v.Events),
		DeadLetters: client.Topic(v.DeadLetters),
		MaxBody:     maxBody,
		Now:         time.Now,
		Log:         log,
	}, nil
}
