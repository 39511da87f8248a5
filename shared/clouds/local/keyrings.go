package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Keyrings holds the webhook secrets found in environment variables when it was
// made. For the provider "acme-x" those are
//
//	ACME_X_WEBHOOK_SECRET     one secret, or several separated by commas
//	ACME_X_WEBHOOK_SECRET_1   likewise, up to _3: the current, the previous, the next
//
// and for one of its tenants, the chatbot "kT9-x" of "acme-x" for example,
//
//	ACME_X_WEBHOOK_SECRET_BOT_kT9_x   one secret, or several
//
// The verify token of its handshakes is ACME_X_VERIFY_TOKEN, likewise.
//
// A variable set to nothing counts as not set. One bad secret turns the
// provider off; the other providers live.
type Keyrings struct {
	schemes  map[string]signature.Scheme
	lookup   func(name string) (value string, set bool)
	rings    map[string]webhook.Verifier
	problems map[string]error
}

var _ webhook.Keyrings = (*Keyrings)(nil)

// NewKeyrings makes a keyring for every provider in schemes. lookup is
// os.LookupEnv or stands for it.
func NewKeyrings(schemes map[string]signature.Scheme, lookup func(name string) (value string, set bool)) *Keyrings {
	k := &Keyrings{schemes: schemes, lookup: lookup, rings: map[string]webhook.Verifier{}, problems: map[string]error{}}
	for provider, scheme := range schemes {
		ring, err := keyring(scheme, SecretVariable(provider), lookup)
		if err != nil {
			k.problems[provider] = err
			continue
		}
		k.rings[provider] = ring
	}
	return k
}

// SecretVariable is the environment variable for a provider's secret:
// "acme-x" gives "ACME_X_WEBHOOK_SECRET", and for a verify token:
// "acme-x:verify" gives "ACME_X_VERIFY_TOKEN".
func SecretVariable(provider string) string {
	if provider, ok := webhook.CutVerifyToken(provider); ok {
		return providers.EnvName(provider) + "_VERIFY_TOKEN"
	}
	return providers.EnvName(provider) + "_WEBHOOK_SECRET"
}

func keyring(scheme signature.Scheme, variable string, lookup func(string) (string, bool)) (webhook.Verifier, error) {
	var secrets []signature.Secret
	for i := range signature.MaxSecrets + 1 {
		name := variable
		if i > 0 {
			name += "_" + strconv.Itoa(i)
		}
		list, _ := lookup(name)
		if list == "" {
			continue
		}
		for value := range strings.SplitSeq(list, ",") {
			if err := signature.CheckSecret(value); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			secrets = append(secrets, signature.Secret{ID: strconv.Itoa(len(secrets) + 1), Value: value})
		}
	}
	if len(secrets) == 0 {
		return nil, fmt.Errorf("%w: %s is not set", webhook.ErrNotConfigured, variable)
	}
	ring, err := signature.NewKeyring(scheme, secrets...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return ring, nil
}

// Keyring gives the provider's secrets, or why there are none.
func (k *Keyrings) Keyring(_ context.Context, provider string) (webhook.Verifier, error) {
	if provider, tenant, ok := strings.Cut(provider, "/"); ok {
		return k.tenant(provider, tenant)
	}
	if ring, ok := k.rings[provider]; ok {
		return ring, nil
	}
	if err, ok := k.problems[provider]; ok {
		return nil, err
	}
	return nil, errors.New("provider has no signature scheme")
}

// Unused says whether a provider is known to have no secret. Where tenants may have
// their own it is not: variables are found by name only.
func (k *Keyrings) Unused(provider string) bool {
	hasTenants := func(e providers.Entry) bool { return e.Name == provider && e.Tenant != nil }
	return errors.Is(k.problems[provider], webhook.ErrNotConfigured) && !slices.ContainsFunc(providers.Table(), hasTenants)
}

// tenant makes the ring of a tenant with secrets of its own.
func (k *Keyrings) tenant(provider, tenant string) (webhook.Verifier, error) {
	variable := SecretVariable(provider) + "_BOT_" + strings.ReplaceAll(tenant, "-", "_")
	return keyring(k.schemes[provider], variable, func(name string) (string, bool) {
		if name != variable { // "_1" may be another tenant's
			return "", false
		}
		return k.lookup(name)
	})
}

// Refresh has nothing newer: the environment of a process does not change.
func (k *Keyrings) Refresh(context.Context, string) webhook.Verifier { return nil }

// Problems says for each provider that is off why: the variable and its fault,
// never the value. For the first lines of a log.
func (k *Keyrings) Problems() map[string]error { return maps.Clone(k.problems) }
