package ingesttest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Recorder is a queue that keeps what it is given in the form in which a real
// one would. See Refuse.
type Recorder struct {
	mu       sync.Mutex
	messages [][]byte
	calls    int
	refusing bool
}

var _ webhook.Publisher = (*Recorder)(nil)

// Refuse makes every later Publish fail, or no longer.
func (r *Recorder) Refuse(refuse bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusing = refuse
}

// Publish keeps the encoded event.
func (r *Recorder) Publish(ctx context.Context, e webhook.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.refusing {
		return errors.New("the queue refuses")
	}
	r.messages = append(r.messages, e.Encode())
	return nil
}

// Messages gives what was stored, in the order of arrival.
func (r *Recorder) Messages() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.messages)
}

// Stored decodes what was stored.
func (r *Recorder) Stored(t testing.TB) []webhook.Event {
	t.Helper()
	var events []webhook.Event
	for _, message := range r.Messages() {
		e, err := webhook.DecodeEvent(message)
		if err != nil {
			t.Fatalf("what was stored cannot be read: %v", err)
		}
		events = append(events, e)
	}
	return events
}

// Calls counts Publish, refused ones included.
func (r *Recorder) Calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

// Secret is a platform's secret in a new world: hex digits, so that tests can
// also try what a careless receiver would make of them.
func Secret(provider string) string { return secretNamed("current " + provider) }

func secretNamed(name string) string {
	sum := sha256.Sum256([]byte("ingesttest " + name))
	return hex.EncodeToString(sum[:20])
}

// Keyrings is a secret store that counts how often it is asked. No tenant has
// secrets of its own here.
type Keyrings struct {
	mu                 sync.Mutex
	rings, newer       map[string]*signature.Keyring
	errs               map[string]error
	lookups, refreshes atomic.Int64
}

var _ webhook.Keyrings = (*Keyrings)(nil)

func newKeyrings() *Keyrings {
	k := &Keyrings{rings: map[string]*signature.Keyring{}, newer: map[string]*signature.Keyring{}, errs: map[string]error{}}
	for _, p := range platforms {
		k.Set(p.Name, Secret(p.Name))
	}
	return k
}

// Set replaces the secrets of a platform, the current one first.
func (k *Keyrings) Set(provider string, values ...string) {
	ring, err := newRing(provider, values)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rings[provider], k.errs[provider] = ring, err
}

// Rotate changes the secrets in the store only: they are found by Refresh.
func (k *Keyrings) Rotate(t testing.TB, provider string, values ...string) {
	t.Helper()
	ring, err := newRing(provider, values)
	if err != nil {
		t.Fatal(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.newer[provider] = ring
}

// newRing has the scheme of the made-up platform for one that a test makes up.
func newRing(provider string, values []string) (*signature.Keyring, error) {
	scheme := MadeUp.Scheme
	if p, ok := providers.Table().Named(provider); ok {
		scheme = p.Scheme
	}
	var secrets []signature.Secret
	for i, value := range values {
		secrets = append(secrets, signature.Secret{ID: fmt.Sprint(i + 1), Value: value})
	}
	return signature.NewKeyring(scheme, secrets...)
}

// Keyring gives the secrets as they were set.
func (k *Keyrings) Keyring(_ context.Context, provider string) (webhook.Verifier, error) {
	k.lookups.Add(1)
	k.mu.Lock()
	defer k.mu.Unlock()
	provider, _, _ = strings.Cut(provider, "/")
	if err := k.errs[provider]; err != nil {
		return nil, err
	}
	return k.rings[provider], nil
}

// Unused says whether a platform was taken out with [Unused].
func (k *Keyrings) Unused(provider string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return errors.Is(k.errs[provider], webhook.ErrNotConfigured)
}

// Refresh gives what Rotate left, again and again.
func (k *Keyrings) Refresh(_ context.Context, provider string) webhook.Verifier {
	k.refreshes.Add(1)
	k.mu.Lock()
	defer k.mu.Unlock()
	provider, _, _ = strings.Cut(provider, "/")
	if ring, ok := k.newer[provider]; ok {
		return ring
	}
	return nil
}

// Lookups counts Keyring.
func (k *Keyrings) Lookups() int { return int(k.lookups.Load()) }

// Refreshes counts Refresh.
func (k *Keyrings) Refreshes() int { return int(k.refreshes.Load()) }

// trap is an address that appears in bodies. No program may ever go there.
type trap struct {
	listener net.Listener
	calls    atomic.Int64
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	trap := &trap{listener: listener}
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			trap.calls.Add(1)
			_ = conn.Close()
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		accepting.Wait()
	})
	return trap
}

func (t *trap) URL() string { return "http://" + t.listener.Addr().String() + "/latest" }

func (t *trap) Calls() int64 { return t.calls.Load() }
