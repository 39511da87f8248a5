package ingest_test

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestHandle_handshakeLogLine(t *testing.T) {
	w := ingesttest.NewHandshakeWorld(t)
	d := webhook.Delivery{Method: "GET", Path: "/x", Query: "crc_token=canary-challenge", ID: "r-1"}
	reply := w.Ingest.Handle(t.Context(), d)
	want := map[string]any{"level": "INFO", "msg": "handshake", "request": "r-1", "provider": "x", "status": float64(200)}
	if got := logged(t, w); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	w.CheckSilence(t, "canary", reply.Body)
}

// rotating are keyrings whose secret is changed in the store: Refresh finds the new one.
type rotating struct {
	old, new  *signature.Keyring
	token     *signature.Keyring // of the verify token, if that is another than old
	refreshed string
	err       error
}

func (k *rotating) Keyring(_ context.Context, name string) (webhook.Verifier, error) {
	if _, ok := webhook.CutVerifyToken(name); ok && k.token != nil {
		return k.token, nil
	}
	if k.old == nil {
		return nil, k.err
	}
	return k.old, nil
}

func (k *rotating) Refresh(_ context.Context, name string) webhook.Verifier {
	k.refreshed = name
	if k.new == nil {
		return nil
	}
	return k.new
}

const newSecret = "zoom-new-test-secret-not-real"

func ringOf(t *testing.T, scheme signature.Scheme, values ...string) *signature.Keyring {
	t.Helper()
	var secrets []signature.Secret
	for i, value := range values {
		secrets = append(secrets, signature.Secret{ID: string(rune('1' + i)), Value: value})
	}
	ring, err := signature.NewKeyring(scheme, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestHandle_handshakeAfterARotation(t *testing.T) {
	scheme := ingesttest.MadeUp.Scheme
	challenge := webhook.Handshake{Method: "POST", When: "json:type=ask", Challenge: "json:plain", Signed: true,
		Status: 200, ContentType: "text/plain", Body: "{hmac}", HMAC: signature.Hex}
	subscribe := webhook.Handshake{Method: "GET", Challenge: "query:challenge", Token: "query:token", Status: 200, ContentType: "text/plain", Body: "{challenge}"}
	p := ingesttest.MadeUp.Provider
	p.Handshakes = []webhook.Handshake{challenge, subscribe}
	asking := webhook.Delivery{Method: "POST", Path: "/made-up", Body: []byte(`{"type":"ask","plain":"abc"}`)}
	asking.Header = ringOf(t, scheme, newSecret).Headers(asking.Body, ingesttest.NewWorld(t).Now())
	for _, row := range []struct {
		name      string
		keyrings  *rotating
		delivery  webhook.Delivery
		body      string
		refreshed string
	}{
		{"the key that verified answers", &rotating{old: ringOf(t, scheme, "an old secret of some length", newSecret)}, asking, ringOf(t, scheme, newSecret).Answer("", "abc", signature.Hex), ""},
		{"a newer keyring answers", &rotating{old: ringOf(t, scheme, "an old secret of some length"), new: ringOf(t, scheme, "the newest secret of all", newSecret)}, asking,
			ringOf(t, scheme, newSecret).Answer("", "abc", signature.Hex), "made-up"},
		{"a newer verify token", &rotating{old: ringOf(t, subscribe.TokenScheme(), "an old token of some length"), new: ringOf(t, subscribe.TokenScheme(), newSecret)},
			webhook.Delivery{Method: "GET", Path: "/made-up", Query: "challenge=abc&token=" + newSecret}, "abc", "made-up:verify"},
	} {
		w := ingesttest.NewWorld(t)
		w.Ingest.Providers, w.Ingest.Keyrings = ingest.Routes(p), row.keyrings
		if reply := w.Ingest.Handle(t.Context(), row.delivery); reply.Status != 200 || reply.Body != row.body || row.keyrings.refreshed != row.refreshed {
			t.Errorf("%s: %d %q, refreshed %q", row.name, reply.Status, reply.Body, row.keyrings.refreshed)
		}
	}
}

// A wrong verify token gets no HMAC.
func TestHandle_handshakeByHMACAfterAVerifyToken(t *testing.T) {
	h := webhook.Handshake{Method: "GET", Challenge: "query:challenge", Token: "query:token", Status: 200, ContentType: "text/plain", Body: "{hmac}", HMAC: signature.Hex}
	w := withHandshake(t, h, &rotating{old: ringOf(t, ingesttest.MadeUp.Scheme, newSecret), token: ringOf(t, h.TokenScheme(), newSecret)})
	for token, status := range map[string]int{newSecret: 200, "guess": 403, "": 403} {
		if reply := w.Ingest.Handle(t.Context(), webhook.Delivery{Method: "GET", Path: "/made-up", Query: "challenge=abc&token=" + token}); reply.Status != status {
			t.Errorf("%q: status %d, want %d", token, reply.Status, status)
		}
	}
}

// A platform may sign what it asks by GET.
func TestHandle_handshakeSignedByGET(t *testing.T) {
	h := webhook.Handshake{Method: "GET", Challenge: "query:echostr", Signed: true, Status: 200, ContentType: "text/plain", Body: "{challenge}"}
	ring := ringOf(t, ingesttest.MadeUp.Scheme, newSecret)
	w := withHandshake(t, h, &rotating{old: ring})
	signature := ring.Headers(nil, w.Now())
	for _, row := range []struct {
		name     string
		delivery webhook.Delivery
		status   int
	}{
		{"signed", webhook.Delivery{Query: "echostr=abc", Header: signature}, 200},
		{"unsigned", webhook.Delivery{Query: "echostr=abc"}, ingesttest.MadeUp.MissingStatus},
		{"signed wrongly", webhook.Delivery{Query: "echostr=abc", Header: signature, Body: []byte("x")}, ingesttest.MadeUp.MismatchStatus},
		{"no handshake", webhook.Delivery{Query: "a=b", Header: signature}, 405},
	} {
		row.delivery.Method, row.delivery.Path = "GET", "/made-up"
		if reply := w.Ingest.Handle(t.Context(), row.delivery); reply.Status != row.status || w.Events.Calls()+w.DeadLetters.Calls() != 0 {
			t.Errorf("%s: status %d, want %d", row.name, reply.Status, row.status)
		}
	}
}

func withHandshake(t *testing.T, h webhook.Handshake, keyrings webhook.Keyrings) *ingesttest.World {
	t.Helper()
	p, w := ingesttest.MadeUp.Provider, ingesttest.NewWorld(t)
	p.Handshakes = []webhook.Handshake{h}
	if err := h.Check(ingesttest.MadeUp.Scheme); err != nil {
		t.Fatal(err)
	}
	w.Ingest.Providers, w.Ingest.Keyrings = ingest.Routes(p), keyrings
	return w
}

// Without its secret a handshake is answered later.
func TestHandle_handshakeWithoutASecret(t *testing.T) {
	for query, path := range map[string]string{"crc_token=abc": "/x", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=guess": "/meta"} {
		for err, code := range map[error]any{webhook.ErrNotConfigured: nil, errors.New("permission denied"): webhook.CodeSecret} {
			w := ingesttest.NewHandshakeWorld(t)
			w.Ingest.Keyrings = &rotating{err: err}
			reply := w.Ingest.Handle(t.Context(), webhook.Delivery{Method: "GET", Path: path, Query: query})
			if line := logged(t, w); reply.Status != 503 || line["code"] != code {
				t.Errorf("%s, %v: status %d, code %v", path, err, reply.Status, line["code"])
			}
		}
	}
}

// A challenge that is refused costs no look at the secrets.
func TestHandle_handshakeOutOfBounds(t *testing.T) {
	w := ingesttest.NewHandshakeWorld(t)
	for path, query := range map[string]string{"/x": "crc_token=%7B%7D", "/meta": "hub.mode=subscribe&hub.challenge=%3C&hub.verify_token=guess"} {
		if reply := w.Ingest.Handle(t.Context(), webhook.Delivery{Method: "GET", Path: path, Query: query}); reply.Status != 400 {
			t.Errorf("%s: status %d", path, reply.Status)
		}
	}
	if n := w.Keyrings.Lookups() + w.Keyrings.Refreshes(); n != 0 {
		t.Errorf("secrets were asked for %d times", n)
	}
}

// What is not looked at is not answered either.
func TestHandle_handshakeWithABody(t *testing.T) {
	w := ingesttest.NewHandshakeWorld(t)
	d := webhook.Delivery{Method: "GET", Path: "/x", Query: "crc_token=abc", Body: make([]byte, ingest.DefaultMaxBody+1)}
	if reply := w.Ingest.Handle(t.Context(), d); reply.Status != 413 {
		t.Errorf("over the cap: status %d", reply.Status)
	}
	d.Body, d.Header = nil, webhook.Header{"Content-Encoding": {"gzip"}}
	if reply := w.Ingest.Handle(t.Context(), d); reply.Status != 415 {
		t.Errorf("encoded: status %d", reply.Status)
	}
}

// answers are all that platforms with handshakes read beside constants. The first group
// is the challenge, the second its HMAC.
var answers = map[string]*regexp.Regexp{
	"meta": regexp.MustCompile(`^([A-Za-z0-9+/=_-]{1,128})()$`), "slack": regexp.MustCompile(`^([A-Za-z0-9+/=_-]{1,128})()$`),
	"graph": regexp.MustCompile(`^([A-Za-z0-9+/=_ :.-]{1,128})()$`),
	"zoom":  regexp.MustCompile(`^\{"plainToken":"([A-Za-z0-9+/=_-]{1,128})","encryptedToken":"([0-9a-f]{64})"\}$`),
	"x":     regexp.MustCompile(`^\{"response_token":"()sha256=([A-Za-z0-9+/]{43}=)"\}$`), "discord": regexp.MustCompile(`^()()$`),
	"discord-interactions": regexp.MustCompile(`^\{"type":1\}()()$`),
}

// An answer is a constant, or holds one bounded
// challenge of the request and nothing else of it; and no answer is the signature of an
// event.
func FuzzHandshake(f *testing.F) {
	for _, seed := range [][4]string{
		{"GET", "meta", "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meta-verify-token-not-real", ""},
		{"POST", "graph", "validationToken=Validation%3A+Testing+0c9e", ""},
		{"GET", "x", "crc_token=123", ""}, {"GET", "x", "crc_token=%7B%22a%22%3A1%7D", ""}, {"POST", "x", "crc_token=a", "123"},
		{"POST", "slack", "", `{"challenge":"3eZb","type":"url_verification"}`}, {"POST", "slack", "", `{"challenge":"<b>\u0022","type":"url_verification"}`},
		{"POST", "zoom", "", `{"payload":{"plainToken":"qgg8"},"event":"endpoint.url_validation"}`},
		{"POST", "discord", "", `{"type":0}`}, {"POST", "discord-interactions", "", `{"type":1}`},
	} {
		for _, signed := range []bool{true, false} {
			f.Add(seed[0], seed[1], seed[2], seed[3], signed)
		}
	}
	f.Fuzz(func(t *testing.T, method, name, query, body string, signed bool) {
		if !slices.Contains(ingesttest.Handshaking(), name) {
			t.Skip("no such platform")
		}
		w := ingesttest.NewHandshakeWorld(t)
		r := ingesttest.Request{Method: method, Target: "/" + name + "?" + query, Body: []byte(body)}
		if signed {
			r = ingesttest.Sign(t, name, r)
		}
		reply := w.Ingest.Handle(t.Context(), deliveryOf(r))
		if !strings.Contains(w.LogLines(), `"msg":"handshake"`) {
			ingesttest.CheckAnswer(t, r, withoutAllow(answerOf(reply)))
			return
		}
		found := answers[name].FindStringSubmatch(reply.Body)
		if found == nil || strings.ContainsAny(reply.Body, "<>&'") {
			t.Fatalf("%s was answered %q", name, reply.Body)
		}
		if n := w.Events.Calls() + w.DeadLetters.Calls(); n != 0 {
			t.Errorf("a handshake was queued")
		}
		if query, _ := url.ParseQuery(query); name == "x" {
			forge(t, w, query.Get("crc_token"), found[2])
		}
	})
}

// forge delivers a challenge as a body, with the HMAC that was the answer to it.
func forge(t *testing.T, w *ingesttest.World, challenge, hmac string) {
	t.Helper()
	if strings.ContainsAny(challenge, "{}[]\",: ") {
		t.Errorf("the HMAC of %q was answered", challenge)
	}
	forged := webhook.Delivery{Method: "POST", Path: "/x", Header: webhook.Header{"X-Twitter-Webhooks-Signature": {"sha256=" + hmac}}, Body: []byte(challenge)}
	if reply := w.Ingest.Handle(t.Context(), forged); reply.Status == 200 {
		t.Errorf("the answer to a challenge was the signature of %q", challenge)
	}
}

// withoutAllow leaves out what [ingesttest.CheckAnswer] knows for routes without GET.
func withoutAllow(a ingesttest.Answer) ingesttest.Answer {
	if a.Header.Get("Allow") == "GET, POST" {
		a.Header.Set("Allow", "POST")
	}
	return a
}
