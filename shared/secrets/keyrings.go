package secrets

import (
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
	errSecretShape = errors.New("value is neither a string nor a list of strings")
)

// keyrings are made of one secret, by platform or platform/tenant.
type keyrings map[string]keyring

// keyring is the verifier of a platform and what it was made of. problem says why
// the newest value could not be used; the verifier is then an older one or nil.
type keyring struct {
	verifier *signature.Keyring
	secrets  []string
	problem  error
}

// verifier gives the keyring of a platform or tenant, or why there is none.
func (k keyrings) verifier(provider string) (webhook.Verifier, error) {
	if found := k[provider]; found.verifier == nil {
		return nil, fmt.Errorf("webhook secret of %s: %w", provider, cmp.Or(found.problem, errNoPlatform))
	}
	return k[provider].verifier, nil
}

// unused: neither the platform nor any of its tenants is in the secret.
func (k keyrings) unused(provider string) bool {
	for name := range k {
		if name, _, _ = strings.Cut(name, "/"); name == provider {
			return false
		}
	}
	return true
}

// next makes the keyrings that follow k when the secret is text. A keyring whose
// secrets did not change stays; so does one whose new value cannot be used, which
// is logged. schemes says, by provider, how a platform signs.
func (k keyrings) next(ctx context.Context, text []byte, schemes map[string]signature.Scheme, log *slog.Logger) (keyrings, error) {
	values, err := object[value](text, errNotSecrets)
	if err != nil {
		return nil, err
	}
	next, unknown := make(keyrings, len(values)), []string(nil)
	for provider, value := range values {
		name, _, _ := strings.Cut(provider, "/") // "acme/<tenant>"
		scheme, known := schemes[name]
		if !known {
			unknown = append(unknown, provider)
			continue
		}
		next[provider] = k[provider].next(scheme, value)
		if problem := next[provider].problem; problem != nil {
			log.ErrorContext(ctx, "webhook secret cannot be used", "code", webhook.CodeSecret, "provider", provider, "cause", problem.Error())
		}
	}
	for _, member := range unknown {
		next.noteUnknown(ctx, k, member, slices.Sorted(maps.Keys(schemes)), log)
	}
	return next, nil
}

// noteUnknown logs a member that names no platform, once until the secret
// changes. If it is a platform's name misspelt, and the platform has no other
// secret, the platform's value cannot be used.
func (k keyrings) noteUnknown(ctx context.Context, last keyrings, member string, platforms []string, log *slog.Logger) {
	name, _, _ := strings.Cut(member, "/")
	meant, _ := typo.Closest(name, platforms)
	k[member] = keyring{}
	if _, noted := last[member]; !noted {
		logUnknown(ctx, log, name, meant)
	}
	if _, found := k[meant]; !found && meant != "" {
		old := last[meant]
		old.problem = errMisspelt
		k[meant] = old
	}
}

func (k keyring) next(scheme signature.Scheme, v value) keyring {
	if v.problem == nil && k.verifier != nil && slices.Equal(k.secrets, v.secrets) {
		k.problem = nil
		return k
	}
	secrets := make([]signature.Secret, len(v.secrets))
	for i, s := range v.secrets {
		secrets[i] = signature.Secret{ID: strconv.Itoa(i + 1), Value: s}
	}
	verifier, err := signature.NewKeyring(scheme, secrets...)
	if err = cmp.Or(v.problem, err); err != nil {
		k.problem = err
		return k
	}
	return keyring{verifier: verifier, secrets: v.secrets}
}

// value holds one platform's secrets. An invalid value disables that platform only.
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
