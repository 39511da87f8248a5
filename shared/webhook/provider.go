package webhook

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/webhook-functions/template/shared/signature"
)

// Provider is what ingest needs to know of one platform. It is data plus a
// decoder; the signature scheme behind SignatureHeader lives with the platform
// in shared/providers.
type Provider struct {
	Name            string // route "/<name>", source "/webhooks/<name>", prefix of every event type
	SignatureHeader string // empty: the signature is in no header
	MissingStatus   int    // reply when the signature header is absent or blank
	MismatchStatus  int    // reply when no valid secret made the signature
	Decode          Decoder
	Handshakes      []Handshake // requests that are answered and not queued
	// Tenant reads from a body that is not yet verified whose secret to try, for
	// platforms with more than one: [A-Za-z0-9_-]{1,64}, or "" for the platform's
	// own. Nil: there is only one.
	Tenant func(body []byte) string
	// Events holds the zero payload of each event type that has a Go type: what a
	// type reports ([UsageReporter], [StateReporter]) is asked without a body.
	Events map[string]any
	// Conversation reads from a message, as [State.Data] holds it, which conversation
	// it belongs to; "" if it names none. Nil: no messages are kept as latest state.
	Conversation func(message []byte) string
}

// TenantOf is [Provider.Tenant], or "" where there is none.
func (p Provider) TenantOf(body []byte) string {
	if p.Tenant == nil {
		return ""
	}
	return p.Tenant(body)
}

// Decoder decodes the exact bytes of a verified body. An unknown event type is not an
// error. With an error, Parsed.Type is filled if it could be decoded.
type Decoder func(body []byte) (Parsed, error)

// Parsed is what a platform's decoder found in a body.
type Parsed struct {
	Type     string   // the platform's own name of the event, "usage.tracked"
	Known    bool     // the type has a Go type; false: it passes through raw
	Payload  any      // the typed event, nil when unknown
	Identity []string // signed values that tell this event from every other of its type; none: only the body does
	Group    string   // whose event it is (account, conversation), for fair queues; may be empty

	// Of a known type, for the log and fit for it: where the body has a member
	// that is unknown or of another type than documented, without harm to what is
	// read, and which deprecated members it still uses.
	Unknown    []string
	Deprecated []string
}

// String shows what a log may: the type of an event that is known.
func (p Parsed) String() string {
	if !p.Known {
		return "an unknown event"
	}
	return "a parsed " + p.Type
}

// GoString is String.
func (p Parsed) GoString() string { return p.String() }

// LogValue is String.
func (p Parsed) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Verifier checks signatures with the secrets of one provider; see [signature.Keyring].
type Verifier interface {
	Verify(q signature.Request, now time.Time) (signature.Verified, error)
	// Explain gives the shape of the signature that was expected and the shape that
	// came, fit for a log.
	Explain(q signature.Request) (expected, got string)
}

// ErrNotConfigured: the provider has no secret. The reply is 503 without an alarm: a fork
// need not use every platform.
var ErrNotConfigured = errors.New("provider is not configured")

// ErrNoTime: the request's time ended before the secret was found, without a failure. The
// reply is 503 without an alarm: any client may hang up or send slowly.
var ErrNoTime = errors.New("the caller's time is over")

// Keyrings finds the verifier of a provider, "acme", or of one of its tenants,
// "acme/<tenant>". A tenant without a secret of its own is ErrNotConfigured; ingest then
// asks for the provider's. A tenant's name is not verified: an unknown one must cost
// nothing. An error means that ingest cannot verify now (no secret, an invalid one, a
// store out of reach, ErrNoTime): the reply is 503.
type Keyrings interface {
	Keyring(ctx context.Context, provider string) (Verifier, error)
	// Refresh gives a newer verifier after a mismatch: the secret may have been
	// rotated. It bounds its own rate and gives nil when it has nothing newer.
	Refresh(ctx context.Context, provider string) Verifier
}
