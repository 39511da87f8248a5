package secrets

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestOverlay(t *testing.T) {
	const kept = "from the environment"
	for _, row := range []struct {
		name, text string
		err        error
		key        string // what KEY is; "" with bad
		bad        bool
	}{
		{"a value", `{"KEY":"from the secret"}`, nil, "from the secret", false},
		{"another value", `{"OTHER":"x"}`, nil, kept, false},
		{"an empty value", `{"KEY":""}`, nil, "", false},
		{"nothing in it", `{}`, nil, kept, false},
		{"an empty text", "", nil, kept, false},
		{"an empty line", "\n", nil, kept, false},
		{"null", `null`, nil, "", true},
		{"a bare key", `canary`, nil, "", true},
		{"a list", `["canary"]`, nil, "", true},
		{"not a string", `{"KEY":["canary"]}`, nil, "", true},
		{"one name twice", `{"KEY":"canary","KEY":"other"}`, nil, "", true},
		{"out of reach", "", errDown, "", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			plain := func(name string) string { return map[string]string{"KEY": kept, "PLAIN": "plain"}[name] }
			env, err := Overlay(t.Context(), func(context.Context) ([]byte, time.Time, error) { return []byte(row.text), time.Time{}, row.err }, plain, nil, quiet())
			if row.bad {
				if !errors.Is(err, ErrSettings) || !errors.Is(err, row.err) && row.err != nil || strings.Contains(err.Error(), "canary") {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil || env("KEY") != row.key || env("PLAIN") != "plain" || env("ABSENT") != "" {
				t.Errorf("KEY is not %q, or the rest not as it was (%v)", row.key, err)
			}
		})
	}
}

func TestOverlayUnknownSettings(t *testing.T) {
	var said bytes.Buffer
	text := `{"ACME_API_KEY": "canary", "acme_apikey": "canary", "ACME_WEBHOOK_SECRET": "canary", "note": "canary"}`
	if _, err := Overlay(t.Context(), func(context.Context) ([]byte, time.Time, error) { return []byte(text), time.Time{}, nil }, nil, []string{"ACME_API_KEY", "ACME_API_URL"},
		slog.New(slog.NewTextHandler(&said, nil))); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"member=acme_apikey did_you_mean=ACME_API_KEY", "member=ACME_WEBHOOK_SECRET did_you_mean=\"a member of the webhook secret\"", `member=note did_you_mean=""`} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("no %q in %s", want, said.String())
		}
	}
	if n := strings.Count(said.String(), "\n"); n != 3 || strings.Contains(said.String(), "canary") {
		t.Errorf("%d lines: %s", n, said.String())
	}
}
