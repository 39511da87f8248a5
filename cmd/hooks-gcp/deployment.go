package main

import (
	"context"
	"encoding/json"
	"os"
	"sync"
	"time"

	"golang.org/x/oauth2/google"

	"github.com/webhook-functions/template/cmd/internal/outputs"
	"github.com/webhook-functions/template/shared/clouds/gcp"
)

// deployment is what the flag names, else the environment.
type deployment struct {
	Outputs string `placeholder:"FILE" help:"The deployment to work on, by its Terraform outputs: a file that terraform output -json wrote, or Terraform's folder."`
}

func (d *deployment) env(ctx context.Context) (func(string) string, error) {
	if d.Outputs == "" {
		return os.Getenv, nil
	}
	variables, err := outputs.Terraform(ctx, d.Outputs)
	return func(name string) string {
		if value, found := variables[name]; found {
			return value
		}
		return os.Getenv(name)
	}, err
}

// tokens come from where every tool of Google's has them: application default
// credentials, which may stand for another account. GOOGLE_OAUTH_ACCESS_TOKEN
// goes before, as with Terraform. ctx is of all requests for one.
func tokens(ctx context.Context) gcp.TokenSource {
	find := sync.OnceValues(func() (*google.Credentials, error) {
		return google.FindDefaultCredentials(ctx, "https://www.googleapis.com/auth/cloud-platform")
	})
	return func(context.Context) (gcp.Token, error) {
		if given := os.Getenv("GOOGLE_OAUTH_ACCESS_TOKEN"); given != "" {
			return gcp.Token{Bearer: given, Expires: time.Now().Add(time.Hour)}, nil
		}
		found, err := find()
		if err != nil {
			return gcp.Token{}, err
		}
		token, err := found.TokenSource.Token()
		if err != nil {
			return gcp.Token{}, err
		}
		return gcp.Token{Bearer: token.AccessToken, Expires: token.Expiry, QuotaProject: quotaProject(found.JSON)}, nil
	}
}

// quotaProject is the project that pays for a user's calls.
func quotaProject(credentials []byte) string {
	if project := os.Getenv("GOOGLE_CLOUD_QUOTA_PROJECT"); project != "" {
		return project
	}
	var file struct {
		QuotaProject string `json:"quota_project_id"`
	}
	_ = json.Unmarshal(credentials, &file) // from the metadata server there is no file
	return file.QuotaProject
}
