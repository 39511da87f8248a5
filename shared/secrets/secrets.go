// Package secrets reads what the clouds keep secret: a JSON object that holds
// the webhook secrets of every platform, and another with settings of a function.
// A cloud gives a [Fetch] for each:
//
//	secrets.NewCache(fetch, …)        webhook.Keyrings, read again while in use
//	secrets.Overlay(ctx, fetch, env)  settings laid over the environment, read once
package secrets

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Fetch gives the newest text of a secret, or ends with ctx. The text is as old as
// its read, which began at begun, or with the call where that is zero. Fetch is called
// by one goroutine at a time. Its errors quote nothing of the text.
type Fetch func(ctx context.Context) (text []byte, begun time.Time, err error)

var errUTF16 = errors.New("the secret is UTF-16 text; it must be UTF-8")

// object reads a JSON object. Windows' editors mark UTF-8 with a byte order mark
// and write UTF-16, in which every ASCII character has a NUL. Else the error is
// problem: the cause must not say anything about a secret.
func object[V any](text []byte, problem error) (values map[string]V, err error) {
	switch text = bytes.TrimPrefix(text, []byte("\ufeff")); {
	case bytes.IndexByte(text, 0) >= 0:
		return nil, errUTF16
	case strict.Unmarshal(text, &values) != nil || values == nil:
		return nil, problem
	}
	return values, nil
}

// logUnknown logs a member of a secret that is not known. A text that is no name,
// or could be a secret in the place of one, is left out.
func logUnknown(ctx context.Context, log *slog.Logger, name, meant string) {
	if !webhook.IsName(name) || meant == "" && signature.CheckSecret(name) == nil {
		name = "?"
	}
	log.WarnContext(ctx, "the secret has a member that is not known", "member", name, "did_you_mean", meant)
}
