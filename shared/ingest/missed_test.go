package ingest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/webhook"
)

// request is what arrives at a path; headers are present with a value that
// verifies nothing.
func request(method, path string, headers ...string) webhook.Delivery {
	d := webhook.Delivery{Method: method, Path: path, Header: webhook.Header{}, ID: "r-1"}
	for _, name := range headers {
		d.Header[name] = []string{"canary"}
	}
	return d
}

// refusal handles a delivery that must be refused, and gives the line about it.
func refusal(t *testing.T, w *ingesttest.World, d webhook.Delivery) ingesttest.Refusal {
	t.Helper()
	before := len(w.Refused(t))
	reply := w.Ingest.Handle(t.Context(), d)
	lines := w.Refused(t)[before:]
	if len(lines) != 1 || lines[0].Status != reply.Status || reply.Status == 200 {
		t.Fatalf("%s %s: status %d, lines %+v, want one refusal", d.Method, d.Path, reply.Status, lines)
	}
	w.CheckSilence(t, "canary")
	return lines[0]
}

func platform(name, header string) webhook.Provider {
	p := ingesttest.MadeUp.Provider
	p.Name, p.SignatureHeader = name, header
	return p
}

// Of the platforms here be-ta shares the header of made-up, and idle is known not to be in
// use.
func TestHandle_missed(t *testing.T) {
	const madeUps, idles = "X-Made-Up-Signature", "X-Idle-Signature"
	for _, row := range []struct {
		name     string
		delivery webhook.Delivery
		provider string
		missed   bool
	}{
		{"no signature", request("POST", "/made-up"), "made-up", true},
		{"a wrong signature", request("POST", "/made-up", madeUps), "made-up", true},
		{"another method", request("GET", "/made-up"), "made-up", false},
		{"another method, signed", request("PUT", "/made-up", madeUps), "made-up", true},
		{"a slash behind the route", request("POST", "/made-up/"), "made-up", true},
		{"upper case", request("POST", "/MADE-UP"), "made-up", true},
		{"two slashes", request("POST", "//made-up"), "made-up", true},
		{"two slashes behind", request("POST", "/made-up//"), "made-up", true},
		{"a backslash", request("POST", `/made-up\`), "made-up", true},
		{"a segment before", request("POST", "/webhooks/made-up"), "made-up", true},
		{"a segment behind", request("POST", "/made-up/webhook"), "made-up", true},
		{"a stage, in another case", request("POST", "/prod/Made-Up/"), "made-up", true},
		{"a dot segment", request("POST", "/./made-up"), "made-up", true},
		{"percent-encoded", request("POST", "/%6dade-up"), "made-up", true},
		{"an encoded slash", request("POST", "/%2Fmade-up"), "made-up", true},
		{"encoded twice", request("POST", "/%256dade-up"), "made-up", true},
		{"a space behind", request("POST", "/made-up%20"), "made-up", true},
		{"a line break behind", request("POST", "/made-up%0D%0A"), "made-up", true},
		{"a zero-width space behind", request("POST", "/made-up%E2%80%8B"), "made-up", true},
		{"a byte that is not UTF-8 behind", request("POST", "/made-up%FF"), "made-up", true},
		{"a percent sign behind", request("POST", "/made-up%"), "made-up", true},
		{"an encoded query", request("POST", "/made-up%3Fx=y"), "made-up", true},
		{"a full stop behind", request("POST", "/made-up."), "made-up", true},
		{"quotes around", request("POST", "/%22made-up%22"), "made-up", true},
		{"a name with a hyphen", request("POST", "/hooks/BE-TA"), "be-ta", true},
		{"near, but another method", request("GET", "/MADE-UP"), "made-up", false},
		{"near and signed, another method", request("GET", "/MADE-UP", madeUps), "made-up", true},

		{"a probe", request("POST", "/nope"), "", false},
		{"a probe of a script", request("POST", "/made-up.php"), "", false},
		{"a probe of a file", request("GET", "/.env"), "", false},
		{"a probe of the root", request("POST", "/"), "", false},
		{"a longer word", request("POST", "/made-ups"), "", false},
		{"a long path", request("POST", "/"+strings.Repeat("a/", 1000)+"made-up"), "", false},
		{"no path", request("POST", ""), "", false},

		{"an unknown path, signed", request("POST", "/nope", madeUps), "unrouted", true},
		{"an unknown path, signed, header in another case", request("GET", "/", strings.ToLower(madeUps)), "unrouted", true},
		{"a long path, signed", request("POST", "/"+strings.Repeat("a/", 1000)+"made-up", madeUps), "unrouted", true},
		{"signed for a platform not in use", request("POST", "/nope", idles), "", false},
		{"another platform's header", request("POST", "/gamma", madeUps), "unrouted", true},

		{"a probe of a platform not in use", request("POST", "/idle"), "idle", false},
		{"a probe near a platform not in use", request("POST", "/IDLE"), "idle", false},
		{"a platform in use and not in the secret", request("POST", "/idle", idles), "idle", true},
		{"… at a path near its route", request("POST", "/idle//", idles), "idle", true},
		{"another platform's header where none is in use", request("POST", "/idle", madeUps), "unrouted", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := ingesttest.NewWorld(t, ingesttest.Unused("idle"))
			w.Ingest.Providers = ingest.Routes(platform("made-up", madeUps), platform("be-ta", madeUps), platform("gamma", "X-Gamma-Signature"), platform("idle", idles))
			line := refusal(t, w, row.delivery)
			if line.Provider != row.provider || line.Missed != row.missed {
				t.Errorf("provider %q, missed: %v, want %q and %v", line.Provider, line.Missed, row.provider, row.missed)
			}
		})
	}
}

// For each reason, a delivery to the route of a platform in use is missed.
func TestRefuse_missedForEachReason(t *testing.T) {
	w := ingesttest.NewWorld(t)
	unsigned := request("POST", "/made-up")
	for _, err := range []error{ingest.ErrSlow, ingest.ErrMalformed, errors.New("anything else")} {
		w.Ingest.Refuse(t.Context(), unsigned, err)
	}
	large, encoded := unsigned, request("POST", "/made-up", "Content-Encoding")
	large.Body = make([]byte, ingest.DefaultMaxBody+1)
	encoded.Header["Content-Encoding"] = []string{"gzip"}
	for _, d := range []webhook.Delivery{large, encoded} {
		w.Ingest.Handle(t.Context(), d)
	}
	for _, err := range []error{webhook.ErrNotConfigured, webhook.ErrNoTime, context.DeadlineExceeded} {
		w.Ingest.Keyrings = keyless{err}
		w.Ingest.Handle(t.Context(), delivery(usage))
	}
	w.Ingest.Keyrings = nil // a panic
	w.Ingest.Handle(t.Context(), delivery(usage))
	if n := len(w.Refused(t)); n != 9 {
		t.Errorf("%d refusals, want 9", n)
	}
	for _, line := range w.Refused(t) {
		if !line.Missed || line.Provider != "made-up" {
			t.Errorf("not missed at the made-up route: %+v", line)
		}
	}
}

func TestHandle_missedIsOnRefusalsAlone(t *testing.T) {
	w := ingesttest.NewWorld(t)
	w.Ingest.Handle(t.Context(), delivery(usage))
	w.Ingest.Handle(t.Context(), delivery("not json"))
	if strings.Contains(w.LogLines(), "missed") {
		t.Errorf("logged %s", w.LogLines())
	}
}

// A flood of probes must not be work.
func TestRefuse_missedCostsNoStoreAndLittleMemory(t *testing.T) {
	w := ingesttest.NewWorld(t)
	for _, path := range []string{"/nope", "/wp-login.php", "/" + strings.Repeat("a/", 1<<16), "/%67%61" + strings.Repeat("%2f", 100)} {
		d := request("POST", path, "X-Customer")
		before := testing.AllocsPerRun(100, func() { w.Ingest.Refuse(t.Context(), request("POST", "/made-up"), ingest.ErrSlow) })
		after := testing.AllocsPerRun(100, func() { w.Ingest.Refuse(t.Context(), d, ingest.ErrNoRoute) })
		if after > before+4 {
			t.Errorf("%.20s: %v allocations, a refusal at a route makes %v", path, after, before)
		}
	}
	if n := w.Keyrings.Lookups() + w.Keyrings.Refreshes(); n != 0 {
		t.Errorf("secrets were asked for %d times", n)
	}
}

// An operator learns from the line which mistake it is, and no value.
func TestHandle_mismatchSaysWhatWasExpected(t *testing.T) {
	for _, row := range []struct {
		name          string
		signatures    []string
		expected, got string
	}{
		{"another key", []string{strings.Repeat("0c", 32)}, "64 hex (SHA-256)", "the same shape: wrong key or changed bytes"},
		{"SHA-1", []string{strings.Repeat("0c", 20)}, "64 hex (SHA-256)", "40 hex (SHA-1)"},
		{"base64", []string{strings.Repeat("canary", 7) + "c="}, "64 hex (SHA-256)", "44 base64 (SHA-256)"},
		{"a prefix", []string{"sha256=" + strings.Repeat("0c", 32)}, "64 hex (SHA-256)", "sha256= before 64 hex (SHA-256)"},
		{"a word", []string{"abc"}, "64 hex (SHA-256)", "3 hex"},
		{"a list", []string{"canary, canary"}, "64 hex (SHA-256)", "list of 2, the first: 6 base64"},
		{"two headers", []string{"canary", "canary"}, "1 header", "2 headers"},
		{"three headers, one empty", []string{"canary", "", "canary"}, "1 header", "3 headers"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := request("POST", "/made-up")
			d.Header["X-Made-Up-Signature"] = row.signatures
			line := refusal(t, ingesttest.NewWorld(t), d)
			if line.Expected != row.expected || line.Got != row.got {
				t.Errorf("expected %q and got %q, want %q and %q", line.Expected, line.Got, row.expected, row.got)
			}
		})
	}
}
