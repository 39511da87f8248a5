package gcp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

const (
	// keepFor is how long secrets count as fresh.
	keepFor = 5 * time.Minute
	// useFor is how long secrets are used while the file cannot be read.
	useFor = 24 * time.Hour
	// alarmAfter is how long it may fail to be read before an operator should hear
	// of it, and how long before what is in use ends he must.
	alarmAfter = time.Hour
	// leastGap between two reads, whatever strangers send us.
	leastGap = 30 * time.Second
	// firstGap is the gap while there is no secret that may be used and every
	// delivery is refused.
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

	mu       sync.Mutex
	rings    secrets.Rings
	reading  *reading  // the one under way, nil if none is
	begun    time.Time // when it was
	asked    time.Time // when the last one that counted was begun
	answered time.Time // when the last one that gave something usable was
	failure  error     // why the last one that counted gave nothing
	failing  time.Time // when the first of those in a row that gave nothing was begun
}

var _ webhook.Keyrings = (*Keyrings)(nil)

// NewKeyrings gives the keyrings of a file, which is not opened before it is
// needed. schemes says, by provider, how a platform signs.
func NewKeyrings(file string, schemes map[string]signature.Scheme, log *slog.Logger) *Keyrings {
	return newKeyrings(func() ([]byte, error) { return os.ReadFile(file) }, schemes, time.Now, log)
}

func newKeyrings(read func() ([]byte, error), schemes map[string]signature.Scheme, now func() time.Time, log *slog.Logger) *Keyrings {
	return &Keyrings{read: read, schemes: schemes, now: now, log: log}
}

// Keyring gives the verifier of a provider, from memory if it can.
func (k *Keyrings) Keyring(ctx context.Context, provider string) (webhook.Verifier, error) {
	k.catchUp(ctx, false)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.isEmpty() {
		return nil, fmt.Errorf("webhook secrets: %w", cmp.Or(k.failure, webhook.ErrNoTime))
	}
	return k.rings.Verifier(provider)
}

// Refresh reads the file again after a mismatch, unless it was read lately.
// Those who had to wait for somebody else's read profit from it.
func (k *Keyrings) Refresh(ctx context.Context, provider string) webhook.Verifier {
	old := k.verifier(provider)
	k.catchUp(ctx, true)
	if newer := k.verifier(provider); newer != old {
		return newer
	}
	return nil
}

// Unused says whether a provider is known to have no secret, from memory: a refusal
// must cost no read. What is no longer fresh is not known.
func (k *Keyrings) Unused(provider string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now().Sub(k.answered) < keepFor && k.rings.Unused(provider)
}

// verifier gives nil where there is none.
func (k *Keyrings) verifier(provider string) webhook.Verifier {
	k.mu.Lock()
	defer k.mu.Unlock()
	verifier, _ := k.rings.Verifier(provider)
	return verifier
}

// catchUp waits for the read under way, which it begins if it is time. All wait
// at once, and each as long as it can. A read hangs if its time is over and
// somebody has waited for it in vain: between two requests the process may be
// frozen, and the read with it. One that leaves early leaves no mark: how much
// time a stranger left us says nothing about the file.
func (k *Keyrings) catchUp(ctx context.Context, mismatch bool) {
	reading, most := k.underWay(ctx, mismatch)
	if reading == nil {
		return
	}
	reading.wait(ctx, most)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settle(ctx)
	if k.reading != nil && k.reading.left() <= 0 && ctx.Err() == nil && !k.hangs() {
		k.note(ctx, k.now(), nil, errHangs)
	}
}

// underWay gives the read to wait for, and for how long at most. There is none
// to wait for while the last one is young enough, and while there is a secret
// that may be used and one hangs.
func (k *Keyrings) underWay(ctx context.Context, mismatch bool) (*reading, time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settle(ctx)
	if now := k.now(); k.reading == nil && now.Sub(k.asked) >= k.gap(mismatch) {
		k.reading, k.begun = beginReading(k.read), now
	}
	switch {
	case k.reading == nil || k.hangs() && !k.isEmpty():
		return nil, 0
	case k.isEmpty():
		return k.reading, max(k.reading.left(), patience)
	}
	return k.reading, patience
}

// hangs: the read under way was lately found to hang. It still may end.
func (k *Keyrings) hangs() bool {
	return errors.Is(k.failure, errHangs) && k.now().Sub(k.asked) < leastGap
}

// isEmpty: there is no secret that may be used.
func (k *Keyrings) isEmpty() bool { return k.now().Sub(k.answered) > useFor }

// gap is how soon after the last read the next one may come.
func (k *Keyrings) gap(mismatch bool) time.Duration {
	switch {
	case k.failure == nil && !mismatch:
		return keepFor
	case k.isEmpty():
		return firstGap
	}
	return leastGap
}

// settle takes note of the end of the read under way. What a late one gives is
// as old as its beginning.
func (k *Keyrings) settle(ctx context.Context) {
	if k.reading == nil || !k.reading.ended() {
		return
	}
	rings, err := k.rings, k.reading.err
	if err == nil {
		rings, err = rings.Next(ctx, k.reading.text, k.schemes, k.log)
	}
	k.note(ctx, k.begun, rings, err)
	k.reading = nil
}

// note brings the rings up to date or remembers why it could not.
func (k *Keyrings) note(ctx context.Context, asked time.Time, rings secrets.Rings, err error) {
	if k.failure == nil {
		k.failing = asked
	}
	k.asked, k.failure = asked, err
	if err != nil {
		k.complain(ctx)
		return
	}
	k.answered, k.rings = asked, rings
}

// complain says that the file gave nothing usable. Without a secret that may be
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
