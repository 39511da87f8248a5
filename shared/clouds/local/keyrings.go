package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Keyrings holds the webhook secrets found in environment variables when it was
// made. For the provider "g-tateth" those are
//
//	G_TATETH_WEBHOOK_SECRET     one secret, or several separated by commas
//	G_TATETH_WEBHOOK_SECRET_1   likewise, up to _3: the current, the previous, the next
//
// and for one of its tenants, the chatbot "kT9-x" of "chatbase" for example,
//
//	CHATBASE_WEBHOOK_SECRET_BOT_kT9_x   one secret, or several; else the platform's own count
//
// A variable set to nothing counts as not set. One bad secret turns the
// provider off; the other providers live.
type Keyrings struct {
	schemes  map[string]signature.Scheme
	lookup   func(name string) (value string, set bool)
	rings    map[string]*signature.Keyring
	problems map[string]error
	tenants  sync.Map // keyrings and errors by variable, of those that are set
}

var _ webhook.Keyrings = (*Keyrings)(nil)

// NewKeyrings makes a keyring for every provider in schemes. lookup is
// os.LookupEnv or stands for it.
func NewKeyrings(schemes map[string]signature.Scheme, lookup func(name string) (value string, set bool)) *Keyrings {
	k := &Keyrings{schemes: schemes, lookup: lookup, rings: map[string]*signature.Keyring{}, problems: map[string]error{}}
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
// "g-tateth" gives "G_TATETH_WEBHOOK_SECRET".
func SecretVariable(provider string) string {
	return strings.ToUpper(strings.ReplaceAll(provider, "-", "_")) + "_WEBHOOK_SECRET"
}

func keyring(scheme signature.Scheme, variable string, lookup func(string) (string, bool)) (*signature.Keyring, error) {
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
	provider, tenant, _ := strings.Cut(provider, "/")
	if tenant != "" {
		if ring, err := k.tenant(provider, tenant); ring != nil || err != nil {
			return ring, err
		}
	}
	if ring, ok := k.rings[provider]; ok {
		return ring, nil
	}
	if err, ok := k.problems[provider]; ok {
		return nil, err
	}
	return nil, errors.New("provider has no signature scheme")
}

// tenant gives the ring of a tenant with secrets of its own, else nil. Those that
// have none are looked up every time: a stranger invents as many as he likes.
func (k *Keyrings) tenant(provider, tenant string) (webhook.Verifier, error) {
	variable := SecretVariable(provider) + "_BOT_" + strings.ReplaceAll(tenant, "-", "_")
	if list, _ := k.lookup(variable); list == "" {
		return nil, nil
	}
	made, ok := k.tenants.Load(variable)
	if !ok {
		only := func(name string) (string, bool) { // not "_1": that may be another tenant's
			if name != variable {
				return "", false
			}
			return k.lookup(name)
		}
		ring, err := keyring(k.schemes[provider], variable, only)
		if made = ring; err != nil {
			made = err
		}
		k.tenants.Store(variable, made)
	}
	if err, bad := made.(error); bad {
		return nil, err
	}
	return made.(*signature.Keyring), nil
}

// Refresh has nothing newer: the environment of a process does not change.
func (k *Keyrings) Refresh(context.Context, string) webhook.Verifier { return nil }

// Problems says for each provider that is off why: the variable and its fault,
// never the value. For the first lines of a log.
func (k *Keyrings) Problems() map[string]error { return maps.Clone(k.problems) }
