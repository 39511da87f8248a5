package gcpworker

import (
	"log/slog"
	"strings"
	"testing"
)

// environment is complete and correct.
var environment = map[string]string{
	"GOOGLE_CLOUD_PROJECT": "acme-demo", "OUTBOUND_TOPIC": "outbound", "DEAD_LETTERS_TOPIC": "dead-letters", "FIRESTORE_DATABASE": "webhooks",
}

func TestConfiguration(t *testing.T) {
	for _, row := range []struct {
		name   string
		change map[string]string
		faults []string
	}{
		{"complete", nil, nil},
		{"several faults", map[string]string{"FIRESTORE_DATABASE": "", "OUTBOUND_TOPIC": "", "TARIFF": "free", "OBLIC_SIGNATURE_ENCODING": "base32"},
			[]string{"FIRESTORE_DATABASE", "OUTBOUND_TOPIC", "TARIFF", "OBLIC_SIGNATURE_ENCODING"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, err := newWorker(func(name string) string {
				if value, ok := row.change[name]; ok {
					return value
				}
				return environment[name]
			}, slog.New(slog.DiscardHandler))
			if (err != nil) != (row.faults != nil) || (w == nil) != (row.faults != nil) {
				t.Fatalf("error %v", err)
			}
			for _, fault := range row.faults {
				if !strings.Contains(err.Error(), fault) {
					t.Errorf("the error does not name %s: %v", fault, err)
				}
			}
		})
	}
}
