package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/providers"
)

// A platform's scheme is switched by one text, and `send` plays the platform by it.
func TestSend_everyKindOfScheme(t *testing.T) {
	sample := eventstest.Samples(t)[0]
	variable, secret := providers.EnvName(sample.Platform)+"_SIGNATURE=", local.SecretVariable(sample.Platform)+"="
	for _, c := range []struct {
		name, scheme string
		secret       string // in place of the test's own; "pair": a pair of keys
		covered      bool
	}{
		{"time and body in a list", `signed={timestamp}.{body}; header=X-Sig; list=","; field=v1; time=field:t s 300`, "", true},
		{"Standard Webhooks", `header=webhook-signature; encoding=base64; list=" "; assign=","; field=v1; key=whsec; signed={id}.{timestamp}.{body}; id=header:webhook-id; time=header:webhook-timestamp s`, "whsec_dGVzdC1rZXktdGhhdC1pcy1ub3QtcmVhbC0wMDE=", true},
		{"body and time", "header=X-Sig; signed={body}{timestamp}; time=header:X-Time rfc3339 60", "", true},
		{"token", "header=Authorization; algorithm=jwt-hs256; bodyhash=claim:sha256 base64; leeway=60; demand=exp", "", true},
		{"address and body", "header=X-Sig; encoding=base64; signed={url}{body}; url=https://hooks.example.com/made-up", "", true},
		{"Ed25519", "header=X-Sig; algorithm=ed25519; key=hex; signed={timestamp}{body}; time=header:X-Time s", "pair", true},
		{"ECDSA", "header=X-Sig; algorithm=ecdsa-sha256; key=spki; encoding=base64; signed={timestamp}{body}; time=header:X-Time s", "pair", true},
		{"static secret", "header=X-Secret; algorithm=static; covers=nothing", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			lines := variable + "'" + c.scheme + "'\n"
			write := func() {
				if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(lines), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write()
			switch c.secret {
			case "pair":
				pair, err := hooks(t, dir, "send", sample.Platform, "--new-pair")
				if err != nil {
					t.Fatal(err)
				}
				lines += pair
			case "":
			default:
				lines += secret + c.secret + "\n"
			}
			write()
			s := start(t, dir)
			if out, err := hooks(t, dir, "send", sample.Platform, sample.Event, "--url", s.url); err != nil || !strings.HasPrefix(out, "200 ok") {
				t.Errorf("%v: %s\n%s", err, out, s.log)
			}
			if _, err := hooks(t, dir, "send", sample.Platform, sample.Event, "--tamper", "--url", s.url); (err == nil) != c.covered {
				t.Errorf("a delivery with a changed body: %v", err)
			}
		})
	}
}

// A wrong text stops the start with one sentence that quotes none of it.
func TestServe_refusesAWrongScheme(t *testing.T) {
	dir := t.TempDir()
	sample := eventstest.Samples(t)[0]
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(providers.EnvName(sample.Platform)+"_SIGNATURE='signed={timestamp}.{C4NARY}'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := process(t, dir, "serve", "--addr", "127.0.0.1:0")
	if code == 0 || !strings.Contains(stderr, providers.EnvName(sample.Platform)+"_SIGNATURE") || strings.Contains(stderr, "C4NARY") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
