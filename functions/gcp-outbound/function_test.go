package gcpoutbound

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/configtest"
	"github.com/webhook-functions/template/shared/secrets"
)

// environment is complete and correct.
var environment = map[string]string{
	"GOOGLE_CLOUD_PROJECT": "acme-demo", "OUTBOUND_TOPIC": "outbound", "DEAD_LETTERS_TOPIC": "dead-letters",
	"FIRESTORE_DATABASE": "webhooks", "OUTBOUND_SECRETS_DIR": "/secrets",
}

const noFile = "no file"

// mount gives the file of a secret.
func mount(t *testing.T, secret string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "outbound")
	if secret == noFile {
		return file
	}
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestNewOutbound(t *testing.T) {
	encoding := strings.Replace(configtest.Platform(), "ALGORITHM", "ENCODING", 1)
	for _, row := range []struct {
		name   string
		change map[string]string
		secret string
		broken bool // the secret, not the settings
		faults []string
	}{
		{"complete", nil, `{}`, false, nil},
		{"an empty secret", nil, "", false, nil},
		{"a fault in the secret", nil, `{"` + configtest.Platform() + `":"canary"}`, false, []string{configtest.Platform()}},
		{"variables are missing", map[string]string{"FIRESTORE_DATABASE": "", "OUTBOUND_SECRETS_DIR": ""}, `{}`, false,
			[]string{"FIRESTORE_DATABASE", "OUTBOUND_SECRETS_DIR"}},
		{"no database has such a name", map[string]string{"FIRESTORE_DATABASE": "Canary_"}, `{}`, false, []string{"FIRESTORE_DATABASE"}},
		{"several faults", map[string]string{encoding: "canary", configtest.Platform(): "canary"}, `{}`, false,
			[]string{encoding, configtest.Platform()}},
		{"nothing is mounted", nil, noFile, true, []string{"secret"}},
		{"the secret is something else", nil, `canary`, true, []string{"secret"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := mount(t, row.secret)
			var said strings.Builder
			w, err := newOutbound(configtest.Env(environment, row.change), gcp.Mounted(file), slog.New(slog.NewTextHandler(&said, nil)))
			configtest.Check(t, w != nil, err, row.faults)
			if errors.Is(err, secrets.ErrSettings) != row.broken {
				t.Errorf("error %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "canary") || strings.Contains(said.String(), "canary") {
				t.Error("a value is quoted")
			}
		})
	}
}
