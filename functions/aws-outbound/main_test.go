package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/configtest"
	"github.com/webhook-functions/template/shared/webhook"
)

// environment is complete and correct.
var environment = map[string]string{
	"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key",
	"OUTBOUND_QUEUE_URL": "outbound", "DEAD_LETTERS_QUEUE_URL": "dead", "LEDGER_TABLE": "ledger", "RECORDS_TABLE": "records",
	"OUTBOUND_SECRET_ARN": "arn",
}

func TestNewOutbound(t *testing.T) {
	encoding := strings.Replace(configtest.Platform(), "ALGORITHM", "ENCODING", 1)
	for _, row := range []struct {
		name   string
		change map[string]string
		secret string
		code   string
		faults []string
	}{
		{"complete", nil, `{}`, "", nil},
		{"a fault in the secret", nil, `{"` + configtest.Platform() + `":"canary"}`, webhook.CodeConfig, []string{configtest.Platform()}},
		{"variables are missing", map[string]string{"LEDGER_TABLE": "", "OUTBOUND_SECRET_ARN": ""}, `{}`, webhook.CodeConfig,
			[]string{"LEDGER_TABLE", "OUTBOUND_SECRET_ARN"}},
		{"several faults", map[string]string{encoding: "canary", configtest.Platform(): "canary"}, `{}`, webhook.CodeConfig,
			[]string{encoding, configtest.Platform()}},
		{"the secret is something else", nil, `canary`, webhook.CodeSecret, []string{"secret"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			manager := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_ = json.NewEncoder(w).Encode(map[string]string{"SecretString": row.secret}) // the test would fail without it
			}))
			defer manager.Close()
			var said strings.Builder
			env := configtest.Env(environment, row.change)
			w, err := newOutbound(func(name string) string {
				if name == "AWS_ENDPOINT_URL_SECRETS_MANAGER" {
					return manager.URL
				}
				return env(name)
			}, slog.New(slog.NewTextHandler(&said, nil)))
			configtest.Check(t, w != nil, err, row.faults)
			if err != nil && code(err) != row.code {
				t.Errorf("code %s, want %s", code(err), row.code)
			}
			if err != nil && strings.Contains(err.Error(), "canary") || strings.Contains(said.String(), "canary") {
				t.Error("a value is quoted")
			}
		})
	}
}
