package secrets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/webhook-functions/template/shared/typo"
)

// ErrSettings: the secret with a function's settings cannot be read, or is not a
// JSON object of strings.
var ErrSettings = errors.New("the secret cannot be used")

var errNotSettings = errors.New("it is not a JSON object of strings")

// Overlay lays the settings of a secret over env, so that keys need not be in an
// environment, which everyone may read who may read the function's configuration:
//
//	{"ACME_API_KEY": "…", "TARIFF": "…"}
//
// An empty text adds nothing. Every error is [ErrSettings] and quotes no value. A
// member that is not among the known ones is logged.
func Overlay(ctx context.Context, fetch Fetch, env func(string) string, known []string, log *slog.Logger) (func(string) string, error) {
	text, _, err := fetch(ctx)
	if err == nil && len(bytes.TrimSpace(text)) == 0 {
		return env, nil
	}
	var values map[string]string
	if err == nil {
		values, err = object[string](text, errNotSettings)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	for name := range values {
		logUnknownSetting(ctx, name, known, log)
	}
	return func(name string) string {
		if value, ok := values[name]; ok {
			return value
		}
		return env(name)
	}, nil
}

func logUnknownSetting(ctx context.Context, name string, known []string, log *slog.Logger) {
	switch meant, _ := typo.Closest(name, known); {
	case slices.Contains(known, name):
	case strings.Contains(strings.ToUpper(name), "WEBHOOK_SECRET"):
		logUnknown(ctx, log, name, "a member of the webhook secret")
	default:
		logUnknown(ctx, log, name, meant)
	}
}
