package secrets

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

const (
	// keepFor is how long secrets count as fresh; up to a fifth less, so that
	// instances that started together do not fetch together.
	keepFor = 5 * time.Minute
	// useFor is how long secrets are used while newer ones cannot be had.
	useFor = 24 * time.Hour
	// alarmAfter is how long fetching may fail before an operator is alarmed, and
	// how long before the end of what is in use.
	alarmAfter = time.Hour
	// leastGap between two fetches bounds what mismatches and failures cost.
	leastGap = 30 * time.Second
	// firstGap is the gap while no secret may be used and every delivery is refused.
	firstGap = 2 * time.Second
	// patience is how long a delivery that could be verified with the secrets in
	// use waits for newer ones.
	patience = time.Second
)

// Cache verifies with the secrets of every platform from one JSON object; a value
// is one secret, or a list of up to three while one is being rotated:
//
//	{"acme": ["current…", "previous…"], "zenith": "current…"}
//
// The verify token of acme's handshakes is the member "acme:verify", likewise.
// The keys of a keyring are called "1", "2" and "3", in that order. A platform
// whose value cannot be used keeps the keyring it had; one that is not in the
// secret has none. The secret is fetched once per cold start, then every five
// minutes when there is something to verify, and after a mismatch, because it may
// just have been rotated. It is fetched in the caller's goroutine: between two
// deliveries a function is frozen, and its connections with it.
type Cache struct {
	fetch   Fetch
	schemes map[string]signature.Scheme // by provider
	now     func() time.Time
	random  func() float64 // in [0, 1)
	log     *slog.Logger

	turn chan struct{} // holds one token; its holder may fetch

	mu        sync.Mutex // never held while fetching
	keyrings  keyrings
	tried     time.Time     // when the last fetch that counted began
	succeeded time.Time     // when the last one that gave a usable text began
	keep      time.Duration // from then on
	failure   error         // of the last fetch that counted
	failing   time.Time     // when the first of the failures in a row began
}

var _ webhook.Keyrings = (*Cache)(nil)

// NewCache gives the keyrings of a secret, which is not fetched before it is
// needed. schemes says, by provider, how a platform signs.
func NewCache(fetch Fetch, schemes map[string]signature.Scheme, now func() time.Time, random func() float64, log *slog.Logger) *Cache {
	return &Cache{fetch: fetch, schemes: schemes, now: now, random: random, log: log, turn: make(chan struct{}, 1)}
}

// Keyring gives the verifier of a provider, from memory if it can.
func (c *Cache) Keyring(ctx context.Context, provider string) (webhook.Verifier, error) {
	c.update(ctx, false)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isEmpty() {
		return nil, fmt.Errorf("webhook secrets: %w", cmp.Or(c.failure, webhook.ErrNoTime))
	}
	return c.keyrings.verifier(provider)
}

// Refresh fetches the secret again after a mismatch, unless it was fetched lately.
// Callers that waited for the fetch of another get its result.
func (c *Cache) Refresh(ctx context.Context, provider string) webhook.Verifier {
	old := c.verifier(provider)
	c.update(ctx, true)
	if newer := c.verifier(provider); newer != old {
		return newer
	}
	return nil
}

// Unused says whether a provider is known to have no secret, from memory: a refusal
// must cost no fetch. Secrets that are no longer fresh are not known.
func (c *Cache) Unused(provider string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Sub(c.succeeded) < c.keep && c.keyrings.unused(provider)
}

// verifier gives nil where there is none.
func (c *Cache) verifier(provider string) webhook.Verifier {
	c.mu.Lock()
	defer c.mu.Unlock()
	verifier, _ := c.keyrings.verifier(provider)
	return verifier
}

// update fetches the secret if that is due, or waits for the fetch of another. A
// caller that has a secret to verify with waits for patience at most, and all wait
// at the same time.
func (c *Cache) update(ctx context.Context, mismatch bool) {
	due, empty := c.state(mismatch)
	if !due || ctx.Err() != nil { // select would choose at random
		return
	}
	least := patience
	if !empty {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
		least /= 2 // the turn may have come late
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return
	}
	if due, _ := c.state(mismatch); due {
		c.renew(ctx, least)
	}
}

func (c *Cache) state(mismatch bool) (due, empty bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Sub(c.tried) >= c.gap(mismatch), c.isEmpty()
}

// isEmpty: there is no secret that may be used.
func (c *Cache) isEmpty() bool { return c.now().Sub(c.succeeded) > useFor }

// gap is the least time from one fetch to the next.
func (c *Cache) gap(mismatch bool) time.Duration {
	switch {
	case c.failure == nil && !mismatch:
		return c.keep
	case c.isEmpty():
		return firstGap
	}
	return leastGap
}

// renew makes new keyrings or notes why it could not. A fetch that had less than the
// least time leaves no mark: that says nothing about the store.
func (c *Cache) renew(ctx context.Context, least time.Duration) {
	tried := c.now()
	text, begun, err := c.fetch(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && ctx.Err() != nil && c.now().Sub(tried) < least {
		return
	}
	next := c.keyrings
	if err == nil {
		next, err = c.keyrings.next(ctx, text, c.schemes, c.log)
	}
	if c.failure == nil {
		c.failing = tried
	}
	c.tried, c.failure = tried, err
	if err != nil {
		c.complain(ctx)
		return
	}
	if !begun.IsZero() {
		c.tried = begun
	}
	c.succeeded, c.keyrings = c.tried, next
	c.keep = keepFor - time.Duration(c.random()*float64(keepFor/5))
}

// complain logs that the store gave nothing usable. It is silent while no secret
// may be used: then each refused delivery says so.
func (c *Cache) complain(ctx context.Context) {
	age := c.tried.Sub(c.succeeded)
	switch {
	case c.isEmpty():
	case c.tried.Sub(c.failing) >= alarmAfter || age > useFor-alarmAfter:
		c.log.ErrorContext(ctx, "webhook secrets are old", "code", webhook.CodeSecret, "age", age.String(), "cause", c.failure.Error())
	default:
		c.log.WarnContext(ctx, "webhook secrets could not be refreshed", "cause", c.failure.Error())
	}
}
