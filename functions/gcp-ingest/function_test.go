package gcpingest

import (
	"log/slog"
	"testing"

	"github.com/webhook-functions/template/shared/configtest"
)

// environment is complete and correct.
var environment = map[string]string{
	"GOOGLE_CLOUD_PROJECT": "acme-demo", "EVENTS_TOPIC": "events", "DEAD_LETTERS_TOPIC": "dead-letters", "SECRETS_DIR": "/secrets",
}

func TestNewIngest(t *testing.T) {
	for _, row := range []struct {
		name   string
		change map[string]string
		faults []string
	}{
		{"complete", nil, nil},
		{"with a cap", map[string]string{"MAX_BODY_BYTES": "1000"}, nil},
		{"several faults", map[string]string{"EVENTS_TOPIC": "", "SECRETS_DIR": "", "MAX_BODY_BYTES": "1k", configtest.Platform(): "md4"},
			[]string{"EVENTS_TOPIC", "SECRETS_DIR", "MAX_BODY_BYTES", configtest.Platform()}},
	} {
		t.Run(row.name, func(t *testing.T) {
			in, err := newIngest(configtest.Env(environment, row.change), slog.New(slog.DiscardHandler))
			configtest.Check(t, in != nil, err, row.faults)
		})
	}
}
