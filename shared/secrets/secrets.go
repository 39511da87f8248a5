// Package secrets reads what the clouds keep secret: a JSON object that holds
// the webhook secrets of every platform, and another with settings of a function.
package secrets

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/typo"
	"github.com/webhook-functions/template/shared/webhook"
)

var (
	errNoPlatform  = fmt.Errorf("%w: the secret does not name it", webhook.ErrNotConfigured)
	errNotSecrets  = errors.New("the secret is not a JSON object")
	errMisspelt    = errors.New("the secret has a member whose name is like this one")
	errUTF16       = errors.New("the secret is UTF-16 text; it must be UTF-8")
	errSecretShape = errors.New("value is neither a string nor a list of strings")
	errNotSettings = errors.New("it is not a JSON object of strings")
)

// Rings are the keyrings made of one secret, by platform or platform/tenant.
type Rings map[string]ring

// ring is one platform's verifier and what it was made of. problem says why the
// newest value could not be used; the verifier is then an older one or nil.
type ring struct {
	verifier *signature.Keyring
	secrets  []string
	problem  error
}

// Verifier gives the ring of a platform or tenant, or why there is none.
func (r Rings) Verifier(provider string) (webhook.Verifier, error) {
	if found := r[provider]; found.verifier == nil {
		return nil, fmt.Errorf("webhook secret of %s: %w", provider, cmp.Or(found.problem, errNoPlatform))
	}
	return r[provider].verifier, nil
}

// Unused says whether neither a platform nor any of its tenants is in the secret.
func (r Rings) Unused(provider string) bool {
	for name := range r {
		if name, _, _ = strings.Cut(name, "/"); name == provider {
			return false
		}
	}
	return true
}

// Next makes the rings that follow r when the secret is text. Those whose secrets
// did not change stay; so does one whose new value cannot be used, which is
// logged. schemes says, by provider, how a platform signs.
func (r Rings) Next(ctx context.Context, text []byte, schemes map[string]signature.Scheme, log *slog.Logger) (Rings, error) {
	values, err := object[value](text, errNotSecrets)
	if err != nil {
		return nil, err
	}
	next, unknown := make(Rings, len(values)), []string(nil)
	for provider, value := range values {
		name, _, _ := strings.Cut(provider, "/") // "chatbase/<bot>" is a tenant's
		scheme, known := schemes[name]
		if !known {
			unknown = append(unknown, provider)
			continue
		}
		next[provider] = r[provider].next(scheme, value)
		if problem := next[provider].problem; problem != nil {
			log.ErrorContext(ctx, "webhook secret cannot be used", "code", webhook.CodeSecret, "provider", provider, "cause", problem.Error())
		}
	}
	for _, member := range unknown {
		next.miss(ctx, r, member, slices.Sorted(maps.Keys(schemes)), log)
	}
	return next, nil
}

// miss notes a member that names no platform, once until the secret changes. If
// it is a platform's name misspelt, and the platform has no other secret, it is
// the platform whose value cannot be used.
func (next Rings) miss(ctx context.Context, r Rings, member string, platforms []string, log *slog.Logger) {
	name, _, _ := strings.Cut(member, "/")
	meant, _ := typo.Closest(name, platforms)
	next[member] = ring{}
	if _, noted := r[member]; !noted {
		logUnknown(ctx, log, name, meant)
	}
	if _, found := next[meant]; !found && meant != "" {
		old := r[meant]
		old.problem = errMisspelt
		next[meant] = old
	}
}

// logUnknown says that a member of a secret is not known. What is no name, or
// could be a secret in the place of one, is left out.
func logUnknown(ctx context.Context, log *slog.Logger, name, meant string) {
	if !webhook.IsName(name) || meant == "" && signature.CheckSecret(name) == nil {
		name = "?"
	}
	log.WarnContext(ctx, "the secret has a member that is not known", "member", name, "did_you_mean", meant)
}

func (r ring) next(scheme signature.Scheme, v value) ring {
	if v.problem == nil && r.verifier != nil && slices.Equal(r.secrets, v.secrets) {
		r.problem = nil
		return r
	}
	secrets := make([]signature.Secret, len(v.secrets))
	for i, s := range v.secrets {
		secrets[i] = signature.Secret{ID: strconv.Itoa(i + 1), Value: s}
	}
	verifier, err := signature.NewKeyring(scheme, secrets...)
	if err = cmp.Or(v.problem, err); err != nil {
		r.problem = err
		return r
	}
	return ring{verifier: verifier, secrets: v.secrets}
}

// value is one platform's. What is wrong with it stays with it: a slip in one
// platform's value is not the others' outage.
type value struct {
	secrets []string
	problem error
}

// UnmarshalStrict never fails.
func (v *value) UnmarshalStrict(raw []byte) error {
	var one string
	if strict.Unmarshal(raw, &one) == nil && raw[0] == '"' {
		v.secrets = []string{one}
	} else if strict.Unmarshal(raw, &v.secrets) != nil || raw[0] != '[' {
		v.problem = errSecretShape
	}
	return nil
}

// Over lays the settings in text over env. known are the names that settings are
// read by; of any other the log has a line.
func Over(ctx context.Context, text []byte, env func(string) string, known []string, log *slog.Logger) (func(string) string, error) {
	values, err := object[string](text, errNotSettings)
	if err != nil {
		return nil, err
	}
	for name := range values {
		switch meant, _ := typo.Closest(name, known); {
		case slices.Contains(known, name):
		case strings.Contains(strings.ToUpper(name), "WEBHOOK_SECRET"):
			logUnknown(ctx, log, name, "a member of the webhook secret")
		default:
			logUnknown(ctx, log, name, meant)
		}
	}
	return func(name string) string {
		if value, ok := values[name]; ok {
			return value
		}
		return env(name)
	}, nil
}

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
