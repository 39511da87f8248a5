package gcp

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

const (
	// keepFor is how long secrets count as fresh.
	keepFor = 5 * time.Minute
	// useFor is how long secrets are used while the file cannot be read.
	useFor = 24 * time.Hour
	// alarmAfter is when an operator should hear that it cannot be read.
	alarmAfter = time.Hour
	// leastGap between two reads, whatever strangers send us.
	leastGap = 30 * time.Second
	// firstGap is the gap while there is no secret at all and every delivery is
	// refused.
	firstGap = 2 * time.Second
	// patience is how long a delivery that could be verified with what we have
	// waits for newer secrets.
	patience = time.Second
)

// Keyrings verifies with secrets from a file, a version of a secret in Secret
// Manager that Cloud Run mounts as a volume. It holds those of every platform,
// as a JSON object; a value is one secret, or a list of up to three while one is
// being rotated:
//
//	{"gabber": ["current…", "previous…"], "chatbase": "current…"}
//
// The keys of a ring are called "1", "2" and "3", in that order. A platform
// whose value cannot be used keeps the ring it had; one that is not in the
// secret has none.
//
// Each read of the file is a call to Secret Manager and gives the newest
// version, whatever the file's time of change says. So it is read once per cold
// start, then every five minutes when there is something to verify, and after a
// mismatch, for the secret may just have been rotated.
type Keyrings struct {
	read    func() ([]byte, error)
	schemes map[string]signature.Scheme // by provider
	now     func() time.Time
	log     *slog.Logger

	turn     chan struct{} // holds one token; whoever has it may touch what follows
	rings    map[string]ring
	asked    time.Time // when the file was last read
	answered time.Time // when that gave something usable
	failure  error     // why it did not, at asked
}

var _ webhook.Keyrings = (*Keyrings)(nil)

// NewKeyrings gives the keyrings of a file, which is not opened before it is
// needed. schemes says, by provider, how a platform signs.
func NewKeyrings(file string, schemes map[string]signature.Scheme, log *slog.Logger) *Keyrings {
	return newKeyrings(func() ([]byte, error) { return os.ReadFile(file) }, schemes, time.Now, log)
}

func newKeyrings(read func() ([]byte, error), schemes map[string]signature.Scheme, now func() time.Time, log *slog.Logger) *Keyrings {
	return &Keyrings{read: read, schemes: schemes, now: now, log: log, turn: make(chan struct{}, 1)}
}

// Keyring gives the verifier of a provider, from memory if it can.
func (k *Keyrings) Keyring(ctx context.Context, provider string) (webhook.Verifier, error) {
	if err := k.take(ctx); err != nil {
		return nil, err
	}
	defer k.give()
	if k.now().Sub(k.asked) >= k.gap() {
		k.ask(ctx)
	}
	if k.now().Sub(k.answered) > useFor {
		return nil, fmt.Errorf("webhook secrets: %w", k.failure)
	}
	r := k.rings[provider]
	if r.verifier == nil {
		return nil, fmt.Errorf("webhook secret of %s: %w", provider, cmp.Or(r.problem, errNoPlatform))
	}
	return r.verifier, nil
}

// Refresh reads the file again after a mismatch, unless it was read lately.
// Those who had to wait for somebody else's read profit from it.
func (k *Keyrings) Refresh(ctx context.Context, provider string) webhook.Verifier {
	called := k.now()
	if err := k.take(ctx); err != nil {
		return nil
	}
	defer k.give()
	old := k.rings[provider]
	switch {
	case k.asked.After(called):
		old = ring{}
	case called.Sub(k.asked) < leastGap:
		return nil
	default:
		k.ask(ctx)
	}
	if r := k.rings[provider]; r.verifier != nil && r.verifier != old.verifier {
		return r.verifier
	}
	return nil
}

func (k *Keyrings) take(ctx context.Context) error {
	select {
	case k.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *Keyrings) give() { <-k.turn }

// gap is how soon after the last read the next one may come by itself.
func (k *Keyrings) gap() time.Duration {
	switch {
	case k.failure == nil:
		return keepFor
	case k.answered.IsZero():
		return firstGap
	}
	return leastGap
}

// ask brings the rings up to date or notes why it could not.
func (k *Keyrings) ask(ctx context.Context) {
	k.asked = k.now()
	if !k.answered.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	values, err := k.fetch(ctx)
	if k.failure = err; err != nil {
		k.complain(ctx)
		return
	}
	k.answered = k.asked
	k.adopt(ctx, values)
}

// fetch does not wait longer than ctx: the file is a call over the network, and
// reading it knows no deadline.
func (k *Keyrings) fetch(ctx context.Context) (map[string]platformSecrets, error) {
	type content struct {
		text []byte
		err  error
	}
	done := make(chan content, 1)
	go func() {
		text, err := k.read()
		done <- content{text, err}
	}()
	select {
	case c := <-done:
		if c.err != nil {
			return nil, c.err
		}
		return parseSecrets(c.text)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// complain says that the file gave nothing usable. Without any secret it keeps
// quiet: then each refused delivery says so.
func (k *Keyrings) complain(ctx context.Context) {
	age := k.asked.Sub(k.answered)
	switch {
	case k.answered.IsZero():
	case age > alarmAfter:
		k.log.ErrorContext(ctx, "webhook secrets are old", "code", "SEC", "age", age.String(), "cause", k.failure.Error())
	default:
		k.log.WarnContext(ctx, "webhook secrets could not be refreshed", "cause", k.failure.Error())
	}
}

// adopt makes the new rings. Those whose secrets did not change stay.
func (k *Keyrings) adopt(ctx context.Context, values map[string]platformSecrets) {
	rings := make(map[string]ring, len(values))
	for provider, value := range values {
		name, _, _ := strings.Cut(provider, "/") // "chatbase/<bot>" is a tenant's
		scheme, known := k.schemes[name]
		if !known {
			continue
		}
		rings[provider] = k.rings[provider].next(scheme, value)
		if problem := rings[provider].problem; problem != nil {
			k.log.ErrorContext(ctx, "webhook secret cannot be used", "code", "SEC", "provider", provider, "cause", problem.Error())
		}
	}
	k.rings = rings
}
