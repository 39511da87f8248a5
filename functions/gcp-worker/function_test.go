package gcpworker

import (
	"log/slog"
	"testing"

	"github.com/webhook-functions/template/shared/configtest"
)

// environment is complete and correct.
var environment = map[string]string{
	"GOOGLE_CLOUD_PROJECT": "acme-demo", "OUTBOUND_TOPIC": "outbound", "DEAD_LETTERS_TOPIC": "dead-letters", "FIRESTORE_DATABASE": "webhooks",
}

func TestNewWorker(t *testing.T) {
	for _, row := range []struct {
		name   string
		change map[string]string
		faults []string
	}{
		{"complete", nil, nil},
		{"several faults", map[string]string{"FIRESTORE_DATABASE": "", "OUTBOUND_TOPIC": "", "TARIFF": "free", configtest.Platform(): "md4"},
			[]string{"FIRESTORE_DATABASE", "OUTBOUND_TOPIC", "TARIFF", configtest.Platform()}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, err := newWorker(configtest.Env(environment, row.change), slog.New(slog.DiscardHandler))
			configtest.Check(t, w != nil, err, row.faults)
		})
	}
}
