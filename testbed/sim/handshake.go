package sim

import (
	"context"
	"math/rand/v2"
	"net/url"
	"strings"

	"github.com/webhook-functions/template/shared/webhook"
)

// subscribe is a handshake that every simulated platform has.
var subscribe = webhook.Handshake{
	Method: "GET", When: "query:mode=subscribe", Token: "query:token", Challenge: "query:challenge", Status: 200, ContentType: "text/plain", Body: "{challenge}",
}

// tokenOf is a platform's verify token.
func tokenOf(platform string) string { return "test-token-" + platform + "-0123456789abcdef" }

// asks has a platform ask whether an address is ours, or a stranger who has to guess.
// Nothing of it may be stored, which is checked with each message.
func asks(random *rand.Rand, d *drawn) func(*world) {
	platform := pick(random, d.platforms...)
	challenge, token, want := pick(random, "1158201444", "a+b/c=", strings.Repeat("a", 128)), tokenOf(platform), 200
	form := random.IntN(6)
	switch form {
	case 0:
		challenge, want = pick(random, "", "<b>", `{"a":1}`, "a b", strings.Repeat("a", 129)), 400
	case 1:
		token, want = pick(random, "", "guess", platform, token+"0"), 403
	case 2:
		want = 405
	}
	return func(w *world) {
		query := url.Values{"mode": {"subscribe"}, "challenge": {challenge}, "token": {token}}
		if form == 2 {
			query.Del("mode")
		}
		w.canary(tokenOf(platform))
		w.ask(platform, request{method: "GET", path: "/" + platform, query: query.Encode()}, want, challenge)
	}
}

func (w *world) ask(platform string, r request, want int, challenge string) {
	p := w.process("ingest")
	if p == nil {
		return
	}
	status, body := 502, ""
	w.note("a handshake of /%s, to be answered %d", platform, want)
	w.invoke(p, "handshake of /"+platform, func(ctx context.Context) { status, body = p.front(ctx, r) }, func(t *task) {
		switch {
		case t.killed || status >= 500:
		case status != want:
			w.violate("G4: a handshake of /%s is answered %d, want %d", platform, status, want)
		case status == 200 && body != challenge || status != 200 && challenge != "" && strings.Contains(body, challenge):
			w.violate("G4: a handshake of /%s is answered %d with %q", platform, status, body)
		}
	})
}
