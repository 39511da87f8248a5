package aws

import (
	"net/http"
	"strings"
	"testing"
)

func TestSecret(t *testing.T) {
	refusal := func(code, message string) http.HandlerFunc {
		return answer(http.StatusBadRequest, `{"__type":"`+code+`","Message":"`+message+`"}`)
	}
	for _, row := range []struct {
		name                string
		answer              http.HandlerFunc
		secret, settings    string
		noSecret, noSetting string // what the error says
	}{
		{"a value", answer(http.StatusOK, `{"SecretString":"{}"}`), "{}", "{}", "", ""},
		{"never given a value", refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"), "", "", "ResourceNotFoundException", ""},
		{"it does not exist", refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret."), "", "", "ResourceNotFoundException", "ResourceNotFoundException"},
		{"to be deleted", refusal("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion."), "", "", "InvalidRequestException", "InvalidRequestException"},
		{"not allowed", refusal("AccessDeniedException", "not authorized to perform: secretsmanager:GetSecretValue"), "", "", "not authorized", "not authorized"},
		{"binary", answer(http.StatusOK, `{"SecretBinary":"canary"}`), "", "", "no text", "no text"},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, fake := serve(t, row.answer)
			secret, _, err := client.Secret("arn:secret")(t.Context())
			settings, _, settingsErr := client.Settings("arn:secret")(t.Context())
			if string(secret) != row.secret || string(settings) != row.settings {
				t.Errorf("secret %q, settings %q", secret, settings)
			}
			for want, err := range map[string]error{"secret: " + row.noSecret: err, "settings: " + row.noSetting: settingsErr} {
				_, want, _ := strings.Cut(want, ": ")
				if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want one with %q", err, want)
				}
			}
			calls := fake.asked()
			if len(calls) != 2 || calls[0].target != "secretsmanager.GetSecretValue" || calls[0].body["SecretId"] != "arn:secret" {
				t.Errorf("asked %+v", calls)
			}
		})
	}
}
