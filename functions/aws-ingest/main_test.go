package main

import (
	"log/slog"
	"testing"

	"github.com/webhook-functions/template/shared/configtest"
)

// environment is complete and correct.
var environment = map[string]string{
	"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key",
	"EVENTS_QUEUE_URL": "events", "DEAD_LETTERS_QUEUE_URL": "dead", "WEBHOOK_SECRET_ARN": "arn",
}

func TestNewIngest(t *testing.T) {
	for _, row := range []struct {
		name   string
		change map[string]string
		faults []string
	}{
		{"complete", nil, nil},
		{"with a cap", map[string]string{"MAX_BODY_BYTES": "1000"}, nil},
		{"several faults", map[string]string{"EVENTS_QUEUE_URL": "", "WEBHOOK_SECRET_ARN": "", "MAX_BODY_BYTES": "1k", configtest.Platform(): "md4"},
			[]string{"EVENTS_QUEUE_URL", "WEBHOOK_SECRET_ARN", "MAX_BODY_BYTES", configtest.Platform()}},
	} {
		t.Run(row.name, func(t *testing.T) {
			in, err := newIngest(configtest.Env(environment, row.change), slog.New(slog.DiscardHandler))
			configtest.Check(t, in != nil, err, row.faults)
		})
	}
}
