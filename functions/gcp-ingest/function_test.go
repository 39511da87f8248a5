package gcpingest

import (
	"log/slog"
	"strings"
	"testing"
)

// environment is complete and correct.
var environment = map[string]string{
	"GOOGLE_CLOUD_PROJECT": "acme-demo", "EVENTS_TOPIC": "events", "DEAD_LETTERS_TOPIC": "dead-letters", "SECRETS_DIR": "/secrets",
}

func TestConfiguration(t *testing.T) {
	for _, row := range []struct {
		name   string
		change map[string]string
		faults []string
	}{
		{"complete", nil, nil},
		{"with a cap", map[string]string{"MAX_BODY_BYTES": "1000"}, nil},
		{"several faults", map[string]string{"EVENTS_TOPIC": "", "SECRETS_DIR": "", "MAX_BODY_BYTES": "1k", "GABBER_SIGNATURE_ALGORITHM": "md5"},
			[]string{"EVENTS_TOPIC", "SECRETS_DIR", "MAX_BODY_BYTES", "GABBER_SIGNATURE_ALGORITHM"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			in, err := newIngest(func(name string) string {
				if value, ok := row.change[name]; ok {
					return value
				}
				return environment[name]
			}, slog.New(slog.DiscardHandler))
			if (err != nil) != (row.faults != nil) || (in == nil) != (row.faults != nil) {
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
