// Package ingest is the first function: it believes a delivery or refuses it.
//
//	Delivery → route → signature → event → queue confirmed it → Reply
//
// [Ingest.Handle] takes a value and returns a value; the fronts (net/http in
// package ingesthttp, the Lambda Function URL in clouds/aws) only translate.
// What must hold, in the order of the code:
//
//   - nothing is stored, and nothing read but a tenant's name and handshakes that are
//     not signed, before the signature is right;
//   - 200 is said only after the queue has confirmed the event;
//   - a verified body that cannot be used goes to the dead letters with its
//     reason and is answered 200 too: repeating would not help the platform;
//   - when the fault is ours the answer is 503, so that the platform tries again;
//   - every refusal of a platform is logged: see below.
//
// # The log
//
// Every answer is one line. "queued" and "dead letter" are acceptances, "handshake" is
// neither acceptance nor refusal, "refused" is the rest; each has the attribute
// provider, the last has status and cause.
// A refusal has the attribute missed, true, if it looks like the delivery of a
// platform in use: a POST to its route, any request with its signature header
// there, or one to a path that was meant for the route (other case, slashes,
// segments around it). Its signature header elsewhere is missed too, under the
// provider "unrouted". The rest are probes. Alarms compare, by provider, what
// is missed with what is accepted.
package ingest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// DefaultMaxBody in bytes: base64 and envelope then fit into the 256 KiB that
// every queue in use can be configured for.
const DefaultMaxBody = 180 << 10

// Budget is how long a front may let Handle take. The strictest platform
// (G-Tateth) gives up after 5 s; what is not confirmed by then is answered 503.
const Budget = 3 * time.Second

// Ingest verifies deliveries and queues them as events.
type Ingest struct {
	Providers   map[string]webhook.Provider // by path, see [Routes]
	Keyrings    webhook.Keyrings
	Events      webhook.Publisher
	DeadLetters webhook.Publisher
	MaxBody     int // bytes; 0 means DefaultMaxBody
	Now         func() time.Time
	Log         *slog.Logger

	drift drift
}

// Routes gives each provider its path, "/<name>". Nothing else is routed: the
// path picks the provider, never a header (two platforms share one).
func Routes(providers ...webhook.Provider) map[string]webhook.Provider {
	routes := make(map[string]webhook.Provider, len(providers))
	for _, p := range providers {
		routes["/"+p.Name] = p
	}
	return routes
}

// ParseMaxBody reads the value of MAX_BODY_BYTES; "" is the default cap.
func ParseMaxBody(text string) (int, error) {
	if text == "" {
		return DefaultMaxBody, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return 0, errors.New("MAX_BODY_BYTES is not a positive number")
	}
	return n, nil
}

// Limit is the body cap in bytes. A front reads one byte more at most and
// leaves the answer to Handle.
func (in *Ingest) Limit() int {
	if in.MaxBody > 0 {
		return in.MaxBody
	}
	return DefaultMaxBody
}

// Handle answers one delivery. It does not return before the event is stored,
// refused or ctx is done, and it never panics.
func (in *Ingest) Handle(ctx context.Context, d webhook.Delivery) (reply webhook.Reply) {
	defer func() {
		if recover() != nil { // the panic text may quote the body
			reply = in.Refuse(ctx, d, errPanic)
		}
	}()
	provider, ok := in.Route(d.Path)
	if !ok {
		return in.Refuse(ctx, d, ErrNoRoute)
	}
	if h, ok := asked(provider, d, unsigned); ok {
		return in.handshake(ctx, provider, d, h, believed{})
	}
	by, err := in.verify(ctx, provider, d)
	if err != nil {
		return in.Refuse(ctx, d, err)
	}
	if h, ok := asked(provider, d, signed); ok {
		return in.handshake(ctx, provider, d, h, by)
	}
	event, parsed := identify(provider, d.Body, in.Now(), by.Verified)
	queue := in.Events
	if event.Reason != "" {
		queue = in.DeadLetters
	}
	if err := queue.Publish(ctx, event); err != nil {
		return in.Refuse(ctx, d, &unavailableError{code: webhook.CodeQueue, err: err})
	}
	in.logDrift(ctx, event, parsed)
	in.logAccepted(ctx, d, event)
	return webhook.Reply{Status: 200, Body: "ok"}
}

// believed is what a signature proves, and the keyring that says so.
type believed struct {
	signature.Verified
	ring webhook.Verifier
}

// verify believes a delivery or says why not. It touches no queue, and the
// secret store only once everything else is right.
func (in *Ingest) verify(ctx context.Context, p webhook.Provider, d webhook.Delivery) (believed, error) {
	if err := cmp.Or(checkMethod(p, d), in.admit(d), checkHeader(p, d), checkBody(p, d)); err != nil {
		return believed{}, err
	}
	tenant := p.TenantOf(d.Body)
	whose, ring, err := Keyring(ctx, in.Keyrings, p, tenant)
	if err != nil {
		return believed{}, unavailable(err)
	}
	by, err := in.verifyWith(ring, d, func() webhook.Verifier { return in.newer(ctx, p, tenant, whose) })
	if errors.Is(err, signature.ErrMismatch) || errors.Is(err, signature.ErrMalformed) {
		err = mismatch(ring, d, err)
	}
	return by, err
}

// verifyWith verifies with a ring and, after a mismatch, with a newer one.
func (in *Ingest) verifyWith(ring webhook.Verifier, d webhook.Delivery, newer func() webhook.Verifier) (believed, error) {
	verified, err := ring.Verify(d.Signed(), in.Now())
	if errors.Is(err, signature.ErrMismatch) {
		if next := newer(); next != nil {
			ring = next
			verified, err = ring.Verify(d.Signed(), in.Now())
		}
	}
	return believed{verified, ring}, err
}

func checkMethod(p webhook.Provider, d webhook.Delivery) error {
	if d.Method == "POST" {
		return nil
	}
	if _, ok := asked(p, d, signed); ok {
		return nil
	}
	return errMethod
}

// admit refuses a body that is not looked at.
func (in *Ingest) admit(d webhook.Delivery) error {
	if isEncoded(d.Header) {
		return errEncoding // never decompressed: what is signed are the bytes as sent
	}
	if len(d.Body) > in.Limit() {
		return errTooLarge
	}
	return nil
}

// checkHeader: a probe costs no look at the secrets.
func checkHeader(p webhook.Provider, d webhook.Delivery) error {
	signatures := d.Header.Values(p.SignatureHeader)
	if p.SignatureHeader != "" && (len(signatures) == 0 || len(signatures) == 1 && strings.Trim(signatures[0], " \t") == "") {
		return signature.ErrMissing
	}
	if len(signatures) > 1 { // which one counts differs between fronts, so none does
		return &mismatchError{signature.ErrMismatch, "1 header", strconv.Itoa(len(signatures)) + " headers"}
	}
	return nil
}

// newer gives the verifier there may be after a mismatch: the secret was
// rotated, or a tenant has been given one of its own.
func (in *Ingest) newer(ctx context.Context, p webhook.Provider, tenant, whose string) webhook.Verifier {
	newer := in.Keyrings.Refresh(ctx, whose)
	if tenant != "" && whose == p.Name {
		if own, err := in.Keyrings.Keyring(ctx, p.Name+"/"+tenant); err == nil {
			return own
		}
	}
	return newer
}

// Keyring gives the verifier of a body and what it was asked for by: the tenant's
// own, else the provider's. What a body says of its tenant is a lookup key and
// nothing more: only the secret it leads to makes it true.
func Keyring(ctx context.Context, keyrings webhook.Keyrings, p webhook.Provider, tenant string) (whose string, ring webhook.Verifier, err error) {
	if tenant != "" {
		whose = p.Name + "/" + tenant
		if ring, err = keyrings.Keyring(ctx, whose); !errors.Is(err, webhook.ErrNotConfigured) {
			return whose, ring, err
		}
	}
	ring, err = keyrings.Keyring(ctx, p.Name)
	return p.Name, ring, err
}

// Refuse answers a delivery that a front could not even translate: err is one
// of the exported errors of this package, or any other for 500.
func (in *Ingest) Refuse(ctx context.Context, d webhook.Delivery, err error) webhook.Reply {
	route, _ := in.Route(d.Path)
	reply, code := replyFor(err, route)
	level := slog.LevelInfo
	switch {
	case code != "" && reply.Status >= 500:
		level = slog.LevelError
	case code != "":
		level = slog.LevelWarn
	}
	provider, missed := in.missed(d)
	missed = missed && !isOfHandshake(err)
	attrs := []slog.Attr{slog.String("request", d.ID), slog.String("provider", provider),
		slog.Int("status", reply.Status), slog.String("cause", err.Error())}
	if missed {
		attrs = append(attrs, slog.Bool("missed", true))
	}
	if code != "" {
		attrs = append(attrs, slog.String("code", code))
	}
	if m, ok := errors.AsType[*mismatchError](err); ok && m.got != "" {
		attrs = append(attrs, slog.String("expected", m.expected), slog.String("got", m.got))
	}
	in.Log.LogAttrs(ctx, level, "refused", attrs...)
	return reply
}

func (in *Ingest) logAccepted(ctx context.Context, d webhook.Delivery, e webhook.Event) {
	attrs := []slog.Attr{slog.String("request", d.ID), slog.String("provider", e.Provider()), slog.String("type", e.LogType()),
		slog.String("id", webhook.ShortID(e.ID)), slog.String("key", e.KeyID), slog.Int("bytes", len(d.Body))}
	if e.Reason != "" {
		attrs = append(attrs, slog.String("code", webhook.CodeDeadLetter), slog.String("reason", e.Reason))
		in.Log.LogAttrs(ctx, slog.LevelWarn, "dead letter", attrs...)
		return
	}
	in.Log.LogAttrs(ctx, slog.LevelInfo, "queued", attrs...)
}

// unavailableError: the fault is ours. The cause is for operators.
type unavailableError struct {
	code string
	err  error
}

func (e *unavailableError) Error() string { return e.err.Error() }

// unavailable is about a keyring that cannot be had. No secret is no fault: a fork need
// not use every platform.
func unavailable(err error) error {
	if errors.Is(err, webhook.ErrNotConfigured) || errors.Is(err, webhook.ErrNoTime) {
		return &unavailableError{err: err}
	}
	return &unavailableError{code: webhook.CodeSecret, err: err}
}

// mismatchError: the signature is not that of any secret. The shapes are for
// operators, who see no value.
type mismatchError struct {
	err           error
	expected, got string
}

func (e *mismatchError) Error() string { return e.err.Error() }

// mismatch asks the verifier what is wrong with a signature.
func mismatch(ring webhook.Verifier, d webhook.Delivery, err error) error {
	m := mismatchError{err: err}
	m.expected, m.got = ring.Explain(d.Signed())
	return &m
}

var (
	// ErrNoRoute: no provider has this path.
	ErrNoRoute = errors.New("no such route")
	// ErrSlow: the body did not arrive in time.
	ErrSlow = errors.New("body did not arrive in time")
	// ErrMalformed: the front could not make out a request: cut body, bad base64, foreign event.
	ErrMalformed = errors.New("request is malformed")

	errMethod   = errors.New("method is not allowed")
	errEncoding = errors.New("body is encoded")
	errTooLarge = errors.New("body is over the cap")
	errPanic    = errors.New("ingest panicked")
)
