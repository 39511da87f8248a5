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

// Oblic is not in use here, and known not to be. G-Tateth shares Gabber's header.
func TestMissedIsWhatAPlatformInUseHasLost(t *testing.T) {
	const gabbers, oblics = "X-Webhook-Signature", "X-Oblic-Signature"
	for _, row := range []struct {
		name     string
		delivery webhook.Delivery
		provider string
		missed   bool
	}{
		{"no signature", request("POST", "/gabber"), "gabber", true},
		{"a wrong signature", request("POST", "/gabber", gabbers), "gabber", true},
		{"another method", request("GET", "/gabber"), "gabber", false},
		{"another method, signed", request("PUT", "/gabber", gabbers), "gabber", true},
		{"a slash behind the route", request("POST", "/gabber/"), "gabber", true},
		{"upper case", request("POST", "/GABBER"), "gabber", true},
		{"two slashes", request("POST", "//gabber"), "gabber", true},
		{"two slashes behind", request("POST", "/gabber//"), "gabber", true},
		{"a backslash", request("POST", `/gabber\`), "gabber", true},
		{"a segment before", request("POST", "/webhooks/gabber"), "gabber", true},
		{"a segment behind", request("POST", "/gabber/webhook"), "gabber", true},
		{"a stage, in another case", request("POST", "/prod/Gabber/"), "gabber", true},
		{"a dot segment", request("POST", "/./gabber"), "gabber", true},
		{"percent-encoded", request("POST", "/%67abber"), "gabber", true},
		{"an encoded slash", request("POST", "/%2Fgabber"), "gabber", true},
		{"encoded twice", request("POST", "/%2567abber"), "gabber", true},
		{"a space behind", request("POST", "/gabber%20"), "gabber", true},
		{"a line break behind", request("POST", "/gabber%0D%0A"), "gabber", true},
		{"a zero-width space behind", request("POST", "/gabber%E2%80%8B"), "gabber", true},
		{"a byte that is not UTF-8 behind", request("POST", "/gabber%FF"), "gabber", true},
		{"a percent sign behind", request("POST", "/gabber%"), "gabber", true},
		{"an encoded query", request("POST", "/gabber%3Fx=y"), "gabber", true},
		{"a full stop behind", request("POST", "/gabber."), "gabber", true},
		{"quotes around", request("POST", "/%22gabber%22"), "gabber", true},
		{"a name with a hyphen", request("POST", "/hooks/G-TATETH"), "g-tateth", true},
		{"near, but another method", request("GET", "/GABBER"), "gabber", false},
		{"near and signed, another method", request("GET", "/GABBER", gabbers), "gabber", true},

		{"a probe", request("POST", "/nope"), "", false},
		{"a probe of a script", request("POST", "/gabber.php"), "", false},
		{"a probe of a file", request("GET", "/.env"), "", false},
		{"a probe of the root", request("POST", "/"), "", false},
		{"a longer word", request("POST", "/gabbers"), "", false},
		{"a long path", request("POST", "/"+strings.Repeat("a/", 1000)+"gabber"), "", false},
		{"no path", request("POST", ""), "", false},

		{"an unknown path, signed", request("POST", "/nope", gabbers), "unrouted", true},
		{"an unknown path, signed, header in another case", request("GET", "/", strings.ToLower(gabbers)), "unrouted", true},
		{"a long path, signed", request("POST", "/"+strings.Repeat("a/", 1000)+"gabber", gabbers), "unrouted", true},
		{"signed for a platform not in use", request("POST", "/nope", oblics), "", false},
		{"another platform's header", request("POST", "/cribbly", gabbers), "unrouted", true},

		{"a probe of a platform not in use", request("POST", "/oblic"), "oblic", false},
		{"a probe near a platform not in use", request("POST", "/OBLIC"), "oblic", false},
		{"a platform in use and not in the secret", request("POST", "/oblic", oblics), "oblic", true},
		{"… at a path near its route", request("POST", "/oblic//", oblics), "oblic", true},
		{"another platform's header where none is in use", request("POST", "/oblic", gabbers), "unrouted", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := ingesttest.NewWorld(t, ingesttest.Unused("oblic"))
			line := refusal(t, w, row.delivery)
			if line.Provider != row.provider || line.Missed != row.missed {
				t.Errorf("provider %q, missed: %v, want %q and %v", line.Provider, line.Missed, row.provider, row.missed)
			}
		})
	}
}

// For each reason, a delivery to the route of a platform in use is missed.
func TestMissedWhateverTheReason(t *testing.T) {
	w := ingesttest.NewWorld(t)
	unsigned := request("POST", "/gabber")
	for _, err := range []error{ingest.ErrSlow, ingest.ErrMalformed, errors.New("anything else")} {
		w.Ingest.Refuse(t.Context(), unsigned, err)
	}
	large, encoded := unsigned, request("POST", "/gabber", "Content-Encoding")
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
		if !line.Missed || line.Provider != "gabber" {
			t.Errorf("not missed at Gabber's route: %+v", line)
		}
	}
}

// What is accepted carries no mark.
func TestMissedIsOnRefusalsAlone(t *testing.T) {
	w := ingesttest.NewWorld(t)
	w.Ingest.Handle(t.Context(), delivery(usage))
	w.Ingest.Handle(t.Context(), delivery("not json"))
	if strings.Contains(w.LogLines(), "missed") {
		t.Errorf("logged %s", w.LogLines())
	}
}

// A flood of probes must not be work.
func TestMissedCostsNoStoreAndLittleMemory(t *testing.T) {
	w := ingesttest.NewWorld(t)
	for _, path := range []string{"/nope", "/wp-login.php", "/" + strings.Repeat("a/", 1<<16), "/%67%61" + strings.Repeat("%2f", 100)} {
		d := request("POST", path, "X-Customer")
		before := testing.AllocsPerRun(100, func() { w.Ingest.Refuse(t.Context(), request("POST", "/gabber"), ingest.ErrSlow) })
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
func TestAMismatchSaysWhatWasExpected(t *testing.T) {
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
			d := request("POST", "/gabber")
			d.Header["X-Webhook-Signature"] = row.signatures
			line := refusal(t, ingesttest.NewWorld(t), d)
			if line.Expected != row.expected || line.Got != row.got {
				t.Errorf("expected %q and got %q, want %q and %q", line.Expected, line.Got, row.expected, row.got)
			}
		})
	}
}

// mute is a verifier that explains nothing.
type mute struct{}

func (mute) Verify(string, []byte) (string, bool)                      { return "", false }
func (mute) Keyring(context.Context, string) (webhook.Verifier, error) { return mute{}, nil }
func (mute) Refresh(context.Context, string) webhook.Verifier          { return nil }

func TestAMismatchOfAnotherVerifierIsALineAsWell(t *testing.T) {
	w := ingesttest.NewWorld(t)
	w.Ingest.Keyrings = mute{}
	if line := refusal(t, w, delivery(usage)); line.Status != 403 || !line.Missed || strings.Contains(w.LogLines(), "expected") {
		t.Errorf("logged %s", w.LogLines())
	}
}
