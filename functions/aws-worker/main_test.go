package main

import (
	"log/slog"
	"testing"

	"github.com/webhook-functions/template/shared/configtest"
)

// environment is complete and correct.
var environment = map[string]string{
	"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key",
	"OUTBOUND_QUEUE_URL": "outbound", "DEAD_LETTERS_QUEUE_URL": "dead", "LEDGER_TABLE": "ledger", "RECORDS_TABLE": "records",
}

func TestNewWorker(t *testing.T) {
	for _, row := range []struct {
		name   string
		change map[string]string
		faults []string
	}{
		{"complete", nil, nil},
		{"several faults", map[string]string{"LEDGER_TABLE": "", "OUTBOUND_QUEUE_URL": "", "TARIFF": "free", configtest.Platform(): "md4"},
			[]string{"LEDGER_TABLE", "OUTBOUND_QUEUE_URL", "TARIFF", configtest.Platform()}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, err := newWorker(configtest.Env(environment, row.change), slog.New(slog.DiscardHandler))
			configtest.Check(t, w != nil, err, row.faults)
		})
	}
}
