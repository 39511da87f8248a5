package aws

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestSecretEnv(t *testing.T) {
	value := func(text string) http.HandlerFunc {
		body, _ := json.Marshal(map[string]string{"SecretString": text}) // strings only
		return answer(http.StatusOK, string(body))
	}
	refusal := func(code, message string) http.HandlerFunc {
		return answer(http.StatusBadRequest, `{"__type":"`+code+`","Message":"`+message+`"}`)
	}
	for _, row := range []struct {
		name   string
		answer http.HandlerFunc
		key    string // what KEY is
		bad    bool
	}{
		{"a value", value(`{"KEY":"from the secret"}`), "from the secret", false},
		{"another value", value(`{"OTHER":"x"}`), "from the environment", false},
		{"an empty value", value(`{"KEY":""}`), "", false},
		{"nothing in it", value(`{}`), "from the environment", false},
		{"never given a value", refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"), "from the environment", false},
		{"it does not exist", refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret."), "", true},
		{"to be deleted", refusal("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion."), "", true},
		{"not allowed", refusal("AccessDeniedException", "not authorized to perform: secretsmanager:GetSecretValue"), "", true},
		{"binary", answer(http.StatusOK, `{"SecretBinary":"canary"}`), "", true},
		{"null", value(`null`), "", true},
		{"a bare key", value(`canary`), "", true},
		{"a list", value(`["canary"]`), "", true},
		{"not a string", value(`{"KEY":["canary"]}`), "", true},
		{"one name twice", value(`{"KEY":"canary","KEY":"other"}`), "", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, fake := serve(t, row.answer)
			env, err := client.SecretEnv(t.Context(), "arn:secret", environment("KEY", "from the environment", "PLAIN", "plain"), nil, slog.New(slog.DiscardHandler))
			if row.bad {
				if !errors.Is(err, ErrSecret) || strings.Contains(err.Error(), "canary") {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := env("KEY"); got != row.key {
				t.Errorf("KEY is %q, want %q", got, row.key)
			}
			if env("PLAIN") != "plain" || env("ABSENT") != "" {
				t.Error("the environment is not what it was")
			}
			if calls := fake.asked(); len(calls) != 1 || calls[0].target != "secretsmanager.GetSecretValue" || calls[0].body["SecretId"] != "arn:secret" {
				t.Errorf("asked %+v", calls)
			}
		})
	}
}
