// Package signature verifies the signatures of webhooks over exact bytes.
//
// A [Scheme] is data: where the signature is, how it is made, the template of what is
// signed, the time that it covers. [ParseScheme] reads one from a line of text, and
// [Scheme.Check] finds its mistakes. A [Keyring] is a scheme with one to three secrets.
// Only a keyring verifies, and none can be made of a secret that is empty, short, blank
// or a placeholder ([CheckSecret]): no configuration accepts a forged delivery.
//
//	ring, err := signature.NewKeyring(scheme, signature.Secret{ID: "1", Value: secret})
//	verified, err := ring.Verify(signature.Request{Method: "POST", Header: header, Body: body}, now)
//
// The exact bytes of a delivery are hashed, never parsed, trimmed or re-encoded. How
// platforms sign is told by docs/schemes.md.
package signature

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Request is what of a delivery a signature may cover. Header, Body and Query are as
// they were sent; Query is without its "?".
type Request struct {
	Method string
	Query  string
	Header Header
	Body   []byte
}

// Verified is what a signature proves.
type Verified struct {
	KeyID  string    // the key that signed
	ID     string    // the signed id of the delivery, "" where the scheme names none
	Time   time.Time // the signed time, zero where the scheme names none
	Covers Coverage  // what of the body only the key's owner can have written
}

// String shows neither headers nor body.
func (q Request) String() string { return "[request]" }

// GoString is String.
func (q Request) GoString() string { return q.String() }

// LogValue is String.
func (q Request) LogValue() slog.Value { return slog.StringValue(q.String()) }

// String shows no id.
func (v Verified) String() string { return "[verified]" }

// GoString is String.
func (v Verified) GoString() string { return v.String() }

// LogValue is String.
func (v Verified) LogValue() slog.Value { return slog.StringValue(v.String()) }

// A refusal is one of these. What is signed may be told by its name, never its value.
var (
	ErrMissing   = errors.New("signature is missing")                            // or a value that it covers is
	ErrMalformed = errors.New("signature is malformed")                          // or a value that it covers is
	ErrMismatch  = errors.New("signature does not match")                        // no secret made it
	ErrStale     = errors.New("signature is right and its time is too far away") // a repeat, or a wrong clock
)

// Keyring verifies with any of its secrets. It is safe for concurrent use.
type Keyring struct {
	scheme   Scheme
	method   *method
	signed   template
	header   field
	time     part     // where the time is
	urls     []string // the public address with and without its port; one empty text for none
	needsURL bool
	isPlain  bool // one digest of the body alone
	covers   Coverage
	size     int // bytes in a digest
	keys     []key
}

type key struct {
	id      string
	text    func() string // of the secret; a function cannot be printed
	macs    *sync.Pool    // of *mac: reusing one saves hashing the padded key twice per delivery
	public  func(message, signature []byte) bool
	private func(message []byte) (signature []byte, err error) // of a signer
}

// NewKeyring makes a keyring of one to three secrets. One invalid secret refuses the
// whole ring, so that the operator sees the mistake.
func NewKeyring(scheme Scheme, secrets ...Secret) (*Keyring, error) {
	if err := scheme.Check(); err != nil {
		return nil, err
	}
	if len(secrets) == 0 || len(secrets) > MaxSecrets {
		return nil, fmt.Errorf("a keyring holds 1 to %d secrets, not %d", MaxSecrets, len(secrets))
	}
	for _, s := range secrets {
		if err := scheme.checkKey(s.Value); err != nil {
			return nil, fmt.Errorf("secret %s: %w", s.ID, err)
		}
	}
	return newKeyring(scheme, secrets)
}

// newKeyring checks neither the scheme's coverage nor the strength of a secret.
func newKeyring(scheme Scheme, secrets []Secret) (*Keyring, error) {
	signed, err := scheme.parse()
	if err != nil {
		return nil, err
	}
	ring := &Keyring{scheme: scheme, method: methods[scheme.Algorithm], signed: signed, header: newField(scheme.Header),
		urls: variants(scheme.URL), needsURL: signed.needsURL(), covers: scheme.coverage(signed)}
	ring.size = ring.method.size
	ring.isPlain = len(signed) == 1 && signed[0].from == bodySource && scheme.List == "" && scheme.Time.From == ""
	ring.time, _ = parseSource(scheme.Time.From)
	if scheme.Covers != CoversBody {
		ring.covers = scheme.Covers
	}
	for _, s := range secrets {
		k, err := ring.method.newKey(scheme, s)
		if err != nil {
			return nil, fmt.Errorf("secret %s: %w", s.ID, err)
		}
		k.id, k.text = s.ID, func() string { return s.Value }
		ring.keys = append(ring.keys, k)
	}
	return ring, ring.selfTest()
}

// selfTest turns a panic of a FIPS-only build (SHA-1, short key) into an error at
// start, which disables one platform's route only.
func (r *Keyring) selfTest() (err error) {
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("this build cannot compute %s", r.scheme.Algorithm)
		}
	}()
	for _, k := range r.keys {
		if k.macs != nil {
			m := k.macs.Get().(*mac)
			m.hash.Reset()
			m.hash.Sum(m.sum[:0])
			k.macs.Put(m)
		}
	}
	return nil
}

// Header is the name of the header the signature is expected in, "" if it is elsewhere.
func (r *Keyring) Header() string { return r.scheme.Header }
