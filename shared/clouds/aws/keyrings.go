package aws

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

const (
	// keepFor is how long secrets count as fresh; up to a fifth less, so that
	// instances that started together do not ask together.
	keepFor = 5 * time.Minute
	// useFor is how long secrets are used while newer ones cannot be had.
	useFor = 24 * time.Hour
	// alarmAfter is how long newer ones may be out of reach before an operator
	// should hear of it, and how long before what is in use ends he must.
	alarmAfter = time.Hour
	// leastGap between two requests to the store, whatever strangers send us.
	leastGap = 30 * time.Second
	// firstGap is the gap while there is no secret that may be used and every
	// delivery is refused.
	firstGap = 2 * time.Second
	// patience is how long a delivery that could be verified with what we have
	// waits for newer secrets.
	patience = time.Second
)

// Keyrings verifies with secrets from Secrets Manager. One secret holds those of
// every platform, as a JSON object; a value is one secret, or a list of up to
// three while one is being rotated:
//
//	{"gabber": ["current…", "previous…"], "chatbase": "current…"}
//
// The keys of a ring are called "1", "2" and "3", in that order. A platform
// whose value cannot be used keeps the ring it had; one that is not in the
// secret has none. The store is asked once per cold start, then every five
// minutes when there is something to verify, and after a mismatch, for the
// secret may just have been rotated.
type Keyrings struct {
	fetch   func(context.Context) (string, error)
	schemes map[string]signature.Scheme // by provider
	now     func() time.Time
	random  func() float64
	log     *slog.Logger

	turn     chan struct{} // holds one token; whoever has it may touch what follows
	rings    secrets.Rings
	asked    time.Time // when the store was last asked
	answered time.Time // when it last gave a usable answer
	failure  error     // why it did not, at asked
	failing  time.Time // when the first of the requests in a row that failed was made
	fresh    time.Time // until when no newer answer is needed
}

var _ webhook.Keyrings = (*Keyrings)(nil)

// Keyrings gives the keyrings of the secret arn. schemes says, by provider, how
// a platform signs.
func (c *Client) Keyrings(arn string, schemes map[string]signature.Scheme, log *slog.Logger) *Keyrings {
	return &Keyrings{
		fetch:   func(ctx context.Context) (string, error) { return c.secret(ctx, arn) },
		schemes: schemes,
		now:     c.now,
		random:  c.random,
		log:     log,
		turn:    make(chan struct{}, 1),
	}
}

type getSecretValue struct {
	SecretID string `json:"SecretId"`
}

type secretValue struct {
	Secret string `json:"SecretString"`
}

func (c *Client) secret(ctx context.Context, arn string) (string, error) {
	var answer secretValue
	err := c.call(ctx, secretsManager, "secretsmanager.GetSecretValue", getSecretValue{arn}, &answer)
	return answer.Secret, err
}

// Keyring gives the verifier of a provider, from memory if it can.
func (k *Keyrings) Keyring(ctx context.Context, provider string) (webhook.Verifier, error) {
	if err := k.take(ctx); err != nil {
		return nil, err
	}
	defer k.give()
	if now := k.now(); now.After(k.fresh) && now.Sub(k.asked) >= k.gap() {
		k.ask(ctx)
	}
	if k.isEmpty() {
		return nil, fmt.Errorf("webhook secrets: %w", cmp.Or(k.failure, webhook.ErrNoTime))
	}
	return k.rings.Verifier(provider)
}

// Refresh asks the store again after a mismatch, unless it was asked lately.
// Those who had to wait for somebody else's answer get it too.
func (k *Keyrings) Refresh(ctx context.Context, provider string) webhook.Verifier {
	called := k.now()
	if err := k.take(ctx); err != nil {
		return nil
	}
	defer k.give()
	old, _ := k.rings.Verifier(provider)
	switch {
	case k.answered.After(called):
		old = nil
	case called.Sub(k.asked) < leastGap:
		return nil
	default:
		k.ask(ctx)
	}
	if newer, err := k.rings.Verifier(provider); err == nil && newer != old {
		return newer
	}
	return nil
}

// Unused says whether a provider is known to have no secret, from memory: a refusal
// must cost no request. What is no longer fresh is not known.
func (k *Keyrings) Unused(provider string) bool {
	select {
	case k.turn <- struct{}{}:
		defer k.give()
		return k.now().Before(k.fresh) && k.rings.Unused(provider)
	default:
		return false
	}
}

func (k *Keyrings) take(ctx context.Context) error {
	select {
	case k.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("webhook secrets: %w", webhook.ErrNoTime)
	}
}

func (k *Keyrings) give() { <-k.turn }

// isEmpty: there is no secret that may be used.
func (k *Keyrings) isEmpty() bool { return k.now().Sub(k.answered) > useFor }

// gap is how soon after the last request the next one may come.
func (k *Keyrings) gap() time.Duration {
	if k.isEmpty() {
		return firstGap
	}
	return leastGap
}

// ask brings the rings up to date or notes why it could not. A caller who had no
// time for an answer leaves no mark: that says nothing about the store.
func (k *Keyrings) ask(ctx context.Context) {
	asked := k.now()
	rings, err := k.next(ctx)
	if err != nil && ctx.Err() != nil && k.now().Sub(asked) < patience {
		return
	}
	if k.failure == nil {
		k.failing = asked
	}
	k.asked, k.failure = asked, err
	if err != nil {
		k.complain(ctx)
		return
	}
	k.answered = k.now()
	k.fresh = k.answered.Add(keepFor - time.Duration(k.random()*float64(keepFor/5)))
	k.rings = rings
}

// next asks the store. It is not asked behind a caller's back: between two
// invocations the process is frozen, and the connection with it.
func (k *Keyrings) next(ctx context.Context) (secrets.Rings, error) {
	if !k.isEmpty() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	text, err := k.fetch(ctx)
	if err != nil {
		return nil, err
	}
	return k.rings.Next(ctx, []byte(text), k.schemes, k.log)
}

// complain says that the store gave nothing usable. Without a secret that may be
// used it keeps quiet: then each refused delivery says so.
func (k *Keyrings) complain(ctx context.Context) {
	age := k.asked.Sub(k.answered)
	switch {
	case k.isEmpty():
	case k.asked.Sub(k.failing) >= alarmAfter || age > useFor-alarmAfter:
		k.log.ErrorContext(ctx, "webhook secrets are old", "code", webhook.CodeSecret, "age", age.String(), "cause", k.failure.Error())
	default:
		k.log.WarnContext(ctx, "webhook secrets could not be refreshed", "cause", k.failure.Error())
	}
}
