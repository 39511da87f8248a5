package ingesttest

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// handshaking are platforms with handshakes, by name, as a fork would write their rows.
// Discord has two addresses.
var handshaking = map[string]envelope.Platform{
	"meta": handshakes("header=X-Hub-Signature-256; prefix=sha256=", 403, webhook.Handshake{
		Method: "GET", When: "query:hub.mode=subscribe", Token: "query:hub.verify_token", Challenge: "query:hub.challenge",
		Status: 200, ContentType: "text/plain", Body: "{challenge}",
	}),
	"slack": handshakes("signed=v0:{timestamp}:{body}; header=X-Slack-Signature; prefix=v0=; time=header:X-Slack-Request-Timestamp s", 403, webhook.Handshake{
		Method: "POST", When: "json:type=url_verification", Challenge: "json:challenge", Signed: true,
		Status: 200, ContentType: "text/plain", Body: "{challenge}",
	}),
	"zoom": handshakes("signed=v0:{timestamp}:{body}; header=x-zm-signature; prefix=v0=; time=header:x-zm-request-timestamp s", 401, webhook.Handshake{
		Method: "POST", When: "json:event=endpoint.url_validation", Challenge: "json:payload.plainToken", Signed: true,
		Status: 200, ContentType: "application/json", Body: `{"plainToken":"{challenge}","encryptedToken":"{hmac}"}`, HMAC: signature.Hex,
	}),
	"x": handshakes("header=x-twitter-webhooks-signature; encoding=base64; prefix=sha256=", 403, webhook.Handshake{
		Method: "GET", Challenge: "query:crc_token",
		Status: 200, ContentType: "application/json", Body: `{"response_token":"sha256={hmac}"}`, HMAC: signature.Base64,
	}),
	"graph": handshakes("from=json:clientState; algorithm=static; covers=nothing", 401, webhook.Handshake{
		Method: "POST", Challenge: "query:validationToken", Extra: " :.",
		Status: 200, ContentType: "text/plain", Body: "{challenge}",
	}),
	"discord":              handshakes(discord, 401, webhook.Handshake{Method: "POST", When: "json:type=0", Signed: true, Status: 204, ContentType: "application/json"}),
	"discord-interactions": handshakes(discord, 401, webhook.Handshake{Method: "POST", When: "json:type=1", Signed: true, Status: 200, ContentType: "application/json", Body: `{"type":1}`}),
}

const discord = "signed={timestamp}{body}; header=X-Signature-Ed25519; algorithm=ed25519; time=header:X-Signature-Timestamp s; key=hex"

func handshakes(scheme string, mismatch int, h webhook.Handshake) envelope.Platform {
	parsed, err := signature.ParseScheme(scheme)
	if err != nil {
		panic(err)
	}
	return envelope.Platform{Scheme: parsed, Provider: webhook.Provider{
		SignatureHeader: parsed.Header, MissingStatus: 401, MismatchStatus: mismatch, Decode: decodeAny, Handshakes: []webhook.Handshake{h},
	}}
}

// handshakeTime is when the samples of handshakes arrive.
var handshakeTime = time.Unix(1764320400, 0)

// secretOf is a platform's in the samples.
func secretOf(name string) string {
	if handshaking[name].Scheme.Algorithm == signature.Ed25519 {
		return "042211c012bd9129c1d8d8628204574f08c0da25ec3059cc75fae9103a42a285"
	}
	return name + "-test-secret-not-real"
}

// tokenOf is a platform's verify token in the samples.
func tokenOf(name string) string { return name + "-verify-token-not-real" }

// ringsOf are a platform's in a world, by name.
func ringsOf(t testing.TB, name string) map[string]*signature.Keyring {
	t.Helper()
	p, rings := handshaking[name], map[string]*signature.Keyring{}
	add := func(name string, scheme signature.Scheme, secret string) {
		ring, err := signature.NewKeyring(scheme, signature.Secret{ID: "1", Value: secret})
		if err != nil {
			t.Fatal(err)
		}
		rings[name] = ring
	}
	add(name, p.Scheme, secretOf(name))
	for _, h := range p.Handshakes {
		if err := h.Check(p.Scheme); err != nil {
			t.Fatal(err)
		}
		if h.Token != "" {
			add(webhook.VerifyToken(name), h.TokenScheme(), tokenOf(name))
		}
	}
	return rings
}

// NewHandshakeWorld is a world with all platforms that have handshakes, at the time of
// the samples.
func NewHandshakeWorld(t testing.TB) *World {
	t.Helper()
	w := NewWorld(t)
	for name := range handshaking {
		w.shakes(t, name, name)
	}
	return w
}

// shakes gives a platform the route "/<as>".
func (w *World) shakes(t testing.TB, name, as string) {
	t.Helper()
	p := handshaking[name].Provider
	p.Name = name
	w.Ingest.Providers["/"+as] = p
	maps.Copy(w.Keyrings.rings, ringsOf(t, name))
	w.Ingest.Now = func() time.Time { return handshakeTime }
	w.Ingest.Keyrings = withClientState{w.Keyrings}
}

// Handshaking are the names of the platforms of such a world.
func Handshaking() []string { return slices.Sorted(maps.Keys(handshaking)) }

// Sign adds the signature of one of these platforms to a request. Public keys sign
// nothing.
func Sign(t testing.TB, name string, r Request) Request {
	t.Helper()
	q := signature.Request{Method: r.Method, Body: r.Body}
	if err := ringsOf(t, name)[name].Sign(&q, handshakeTime, ""); err != nil {
		return r
	}
	return Request{Method: r.Method, Target: r.Target, Header: append(slices.Clone(r.Header), requestOf("", q).Header...), Body: r.Body}
}

// withClientState are keyrings in which graph has a verifier of its own, as a platform
// may that no scheme describes: each item of a body has the secret.
type withClientState struct{ *Keyrings }

func (k withClientState) Keyring(ctx context.Context, provider string) (webhook.Verifier, error) {
	if provider == "graph" {
		return clientState(secretOf(provider)), nil
	}
	return k.Keyrings.Keyring(ctx, provider)
}

type clientState string

func (c clientState) Verify(q signature.Request, _ time.Time) (signature.Verified, error) {
	var body struct {
		Value []struct{ ClientState string }
	}
	if json.Unmarshal(q.Body, &body) != nil || len(body.Value) == 0 {
		return signature.Verified{}, signature.ErrMissing
	}
	for _, item := range body.Value {
		if subtle.ConstantTimeCompare([]byte(item.ClientState), []byte(c)) != 1 {
			return signature.Verified{}, signature.ErrMismatch
		}
	}
	return signature.Verified{KeyID: "1", Covers: signature.CoversNothing}, nil
}

func (c clientState) Explain(signature.Request) (expected, got string) {
	return "clientState", "another"
}
