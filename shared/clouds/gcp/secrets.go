package gcp

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

var (
	errNoPlatform  = fmt.Errorf("%w: the secret does not name it", webhook.ErrNotConfigured)
	errNotSecrets  = errors.New("the secret is not a JSON object")
	errSecretShape = errors.New("value is neither a string nor a list of strings")
)

// platformSecrets is one platform's value. What is wrong with it stays with it:
// a slip in one platform's value is not the others' outage.
type platformSecrets struct {
	values  []string
	problem error
}

// UnmarshalStrict never fails.
func (p *platformSecrets) UnmarshalStrict(raw []byte) error {
	var one string
	if strict.Unmarshal(raw, &one) == nil && raw[0] == '"' {
		p.values = []string{one}
	} else if strict.Unmarshal(raw, &p.values) != nil || raw[0] != '[' {
		p.problem = errSecretShape
	}
	return nil
}

// parseSecrets reads the JSON object that holds every platform's secrets.
func parseSecrets(text []byte) (values map[string]platformSecrets, err error) {
	if strict.Unmarshal(text, &values) != nil || values == nil {
		return nil, errNotSecrets // the cause is left out: it must not say anything about a secret
	}
	return values, nil
}

// ring is one platform's verifier and what it was made of. problem says why the
// newest value could not be used; the verifier is then an older one or nil.
type ring struct {
	verifier *signature.Keyring
	secrets  []string
	problem  error
}

// next is the ring that follows r when the secret says value.
func (r ring) next(scheme signature.Scheme, value platformSecrets) ring {
	if value.problem == nil && r.verifier != nil && slices.Equal(r.secrets, value.values) {
		r.problem = nil
		return r
	}
	secrets := make([]signature.Secret, len(value.values))
	for i, v := range value.values {
		secrets[i] = signature.Secret{ID: strconv.Itoa(i + 1), Value: v}
	}
	verifier, err := signature.NewKeyring(scheme, secrets...)
	if err = cmp.Or(value.problem, err); err != nil {
		r.problem = err
		return r
	}
	return ring{verifier: verifier, secrets: value.values}
}
