package aws

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/secrets"
)

type getSecretValue struct {
	SecretID string `json:"SecretId"`
}

type secretValue struct {
	Secret string `json:"SecretString"`
}

// Secret fetches the current value of a secret from Secrets Manager.
func (c *Client) Secret(arn string) secrets.Fetch {
	return func(ctx context.Context) ([]byte, time.Time, error) {
		var answer secretValue
		err := c.call(ctx, secretsManager, "secretsmanager.GetSecretValue", getSecretValue{arn}, &answer)
		if err == nil && answer.Secret == "" {
			err = errors.New("the secret holds no text")
		}
		return []byte(answer.Secret), time.Time{}, err
	}
}

// Settings is [Client.Secret] for a secret that may be without a value: then the
// text is empty. A secret that does not exist is an error.
func (c *Client) Settings(arn string) secrets.Fetch {
	fetch := c.Secret(arn)
	return func(ctx context.Context) ([]byte, time.Time, error) {
		text, begun, err := fetch(ctx)
		if neverSet(err) {
			return nil, begun, nil
		}
		return text, begun, err
	}
}

// neverSet tells a secret without a value from one that does not exist. AWS has
// one code for both and says which in words. Should the words change, the
// function stops with an error, which is better than going on without its keys.
func neverSet(err error) bool {
	refusal, ok := errors.AsType[*Error](err)
	return ok && refusal.Code == "ResourceNotFoundException" && strings.Contains(refusal.message, "staging label")
}
