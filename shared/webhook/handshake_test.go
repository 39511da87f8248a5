package webhook_test

import (
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestHandshakeCheck(t *testing.T) {
	overBody := signature.Scheme{Header: "X-Sig", Algorithm: signature.SHA256, Encoding: signature.Hex}
	type change = func(h *webhook.Handshake, s *signature.Scheme)
	hmac := func(h *webhook.Handshake) { h.Body, h.HMAC = "{hmac}", signature.Hex }
	for _, row := range []struct {
		name   string
		change change
		wrong  bool
	}{
		{"an echo", func(*webhook.Handshake, *signature.Scheme) {}, false},
		{"a condition", func(h *webhook.Handshake, _ *signature.Scheme) { h.When = "query:mode=subscribe" }, false},
		{"a condition alone", func(h *webhook.Handshake, _ *signature.Scheme) {
			h.Method, h.When, h.Challenge, h.Body = "POST", "json:type=1", "", `{"type":1}`
		}, false},
		{"no method", func(h *webhook.Handshake, _ *signature.Scheme) { h.Method = "" }, true},
		{"a method that is not for it", func(h *webhook.Handshake, _ *signature.Scheme) { h.Method = "HEAD" }, true},
		{"neither condition nor challenge", func(h *webhook.Handshake, _ *signature.Scheme) { h.Challenge, h.Body = "", "" }, true},
		{"a condition without a place", func(h *webhook.Handshake, _ *signature.Scheme) { h.When = "mode=subscribe" }, true},
		{"a header as a place", func(h *webhook.Handshake, _ *signature.Scheme) { h.Challenge = "header:X-Challenge" }, true},
		{"a form as a place", func(h *webhook.Handshake, _ *signature.Scheme) { h.Method, h.Challenge = "POST", "form:a" }, true},
		{"a place without a name", func(h *webhook.Handshake, _ *signature.Scheme) { h.Challenge = "query:" }, true},
		{"a member of the body of a GET", func(h *webhook.Handshake, _ *signature.Scheme) { h.Challenge = "json:a" }, true},
		{"a verify token without a place", func(h *webhook.Handshake, _ *signature.Scheme) { h.Token = "token" }, true},
		{"a verify token beside a signature", func(h *webhook.Handshake, _ *signature.Scheme) { h.Token, h.Signed = "query:token", true }, true},
		{"characters of a sentence", func(h *webhook.Handshake, _ *signature.Scheme) { h.Extra = " :.,;()" }, false},
		{"no success", func(h *webhook.Handshake, _ *signature.Scheme) { h.Status = 302 }, true},
		{"no status", func(h *webhook.Handshake, _ *signature.Scheme) { h.Status = 0 }, true},
		{"HTML", func(h *webhook.Handshake, _ *signature.Scheme) { h.ContentType = "text/html" }, true},
		{"no content type", func(h *webhook.Handshake, _ *signature.Scheme) { h.ContentType = "" }, true},
		{"an answer with a challenge that is nowhere", func(h *webhook.Handshake, _ *signature.Scheme) { h.When, h.Challenge = "query:a=b", "" }, true},

		{"an HMAC", func(h *webhook.Handshake, _ *signature.Scheme) { hmac(h) }, false},
		{"an HMAC of a signed handshake", func(h *webhook.Handshake, s *signature.Scheme) {
			hmac(h)
			h.Signed, s.Signed = true, "v0:{header:x}:{body}"
		}, false},
		{"an HMAC without encoding", func(h *webhook.Handshake, _ *signature.Scheme) { h.Body = "{hmac}" }, true},
		{"an HMAC in an unknown encoding", func(h *webhook.Handshake, _ *signature.Scheme) { h.Body, h.HMAC = "{hmac}", "base32" }, true},
		{"an encoding without HMAC", func(h *webhook.Handshake, _ *signature.Scheme) { h.HMAC = signature.Hex }, true},
		{"an HMAC of no challenge", func(h *webhook.Handshake, _ *signature.Scheme) { hmac(h); h.When, h.Challenge = "query:a=b", "" }, true},
		{"an HMAC of a blank", func(h *webhook.Handshake, _ *signature.Scheme) { hmac(h); h.Extra = " " }, true},
		{"an HMAC with a public key", func(h *webhook.Handshake, s *signature.Scheme) { hmac(h); s.Algorithm = signature.Ed25519 }, true},
		{"an HMAC with a static secret", func(h *webhook.Handshake, s *signature.Scheme) { hmac(h); s.Algorithm = signature.Static }, true},
		{"an HMAC with a token's key", func(h *webhook.Handshake, s *signature.Scheme) { hmac(h); s.Algorithm = signature.JWTHS256 }, true},
		{"an HMAC where a hash of the body is signed", func(h *webhook.Handshake, s *signature.Scheme) { hmac(h); s.Signed = "{header:x}{body-sha256}" }, true},
		{"an HMAC where names and values of a form are signed", func(h *webhook.Handshake, s *signature.Scheme) { hmac(h); s.Signed = "{params}" }, true},
		{"an HMAC where the body is not signed", func(h *webhook.Handshake, s *signature.Scheme) { hmac(h); s.Signed = "{header:x}"; h.Signed = true }, true},
	} {
		h := webhook.Handshake{Method: "GET", Challenge: "query:challenge", Status: 200, ContentType: "text/plain", Body: "{challenge}"}
		scheme := overBody
		row.change(&h, &scheme)
		if err := h.Check(scheme); (err != nil) != row.wrong {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// What a challenge may hold beside its alphabet is nothing that ends a text or begins markup.
func TestHandshakeCheck_extra(t *testing.T) {
	for r := range rune(0x180) {
		h := webhook.Handshake{Method: "GET", Challenge: "query:a", Status: 200, ContentType: "application/json", Body: `{"a":"{challenge}"}`, Extra: ".:" + string(r)}
		isWrong := r < ' ' || r > '~' || strings.ContainsRune("<>&\"'`\\", r)
		if err := h.Check(signature.Scheme{}); (err != nil) != isWrong {
			t.Errorf("%q: %v", r, err)
		}
	}
}

// A tenant's name is [A-Za-z0-9_-]{1,64} behind a slash.
func TestVerifyToken(t *testing.T) {
	name := webhook.VerifyToken("acme")
	if provider, ok := webhook.CutVerifyToken(name); provider != "acme" || !ok || strings.Contains(name, "/") || !strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-", r)
	}) {
		t.Errorf("%q could be a platform's or a tenant's", name)
	}
	for _, other := range []string{"acme", "acme/verify", "acme-verify"} {
		if _, ok := webhook.CutVerifyToken(other); ok {
			t.Errorf("%q is taken for a verify token's name", other)
		}
	}
}
