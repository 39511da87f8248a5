package gcp

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/webhook-functions/template/shared/strict"
)

// ErrSecret: the secret with a function's settings cannot be read, or is not a
// JSON object of strings.
var ErrSecret = errors.New("the secret cannot be used")

var errNotSettings = errors.New("it is not a JSON object of strings")

// SecretEnv lays the values of one secret over env, so that keys need not be in
// an environment, where everybody may read them who may read the function's
// configuration. The secret is a file that Cloud Run mounts:
//
//	{"GABBER_API_KEY": "…", "LEADS_FORWARD_SECRET": "whsec_…"}
//
// It is read once. No file, or an empty one, adds nothing. Errors quote no value.
func SecretEnv(file string, env func(string) string) (func(string) string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(bytes.TrimSpace(text)) == 0 {
		return env, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSecret, err)
	}
	var values map[string]string
	if strict.Unmarshal(text, &values) != nil || values == nil {
		return nil, fmt.Errorf("%w: %w", ErrSecret, errNotSettings) // the cause is left out: it must not say anything about a key
	}
	return func(name string) string {
		if value, ok := values[name]; ok {
			return value
		}
		return env(name)
	}, nil
}
