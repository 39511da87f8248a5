package aws

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/webhook-functions/template/shared/secrets"
)

// ErrSecret: the secret with a function's settings cannot be read, or is not a
// JSON object of strings.
var ErrSecret = errors.New("the secret cannot be used")

// SecretEnv lays the values of one secret over env, so that keys need not be in
// an environment, where everybody may read them who may read the function's
// configuration:
//
//	{"GABBER_API_KEY": "…", "LEADS_FORWARD_SECRET": "whsec_…"}
//
// It is read once. A secret that was never given a value adds nothing; one that
// is gone is an error, as is any other. Errors quote no value. Of a member that is
// not among the known ones the log has a line.
func (c *Client) SecretEnv(ctx context.Context, arn string, env func(string) string, known []string, log *slog.Logger) (func(string) string, error) {
	secret, err := c.secret(ctx, arn)
	if neverSet(err) {
		return env, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSecret, err)
	}
	if env, err = secrets.Over(ctx, []byte(secret), env, known, log); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSecret, err)
	}
	return env, nil
}

// neverSet tells a secret without a value from one that does not exist. AWS has
// one code for both and says which in words. Should the words change, the
// function stops and says so, which is better than going on without its keys.
func neverSet(err error) bool {
	refusal, ok := errors.AsType[*Error](err)
	return ok && refusal.Code == "ResourceNotFoundException" && strings.Contains(refusal.message, "staging label")
}
