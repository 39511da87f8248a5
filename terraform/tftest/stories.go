package tftest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// story is one delivery, and what is counted then. In what is counted * stands for
// the platform.
type story struct {
	name    string
	option  func(platform string) ingesttest.Option
	change  func(d *webhook.Delivery, s signer)
	counted string
}

var stories = []story{
	{"accepted", nil, nil, "accepted *"},
	{"slash behind the path", nil, func(d *webhook.Delivery, _ signer) { d.Path += "/" }, "accepted *"},
	{"body that cannot be used", nil, func(d *webhook.Delivery, s signer) { s.sign(d, "[]") }, "accepted *, codes QUA"},
	{"undocumented member", nil, func(d *webhook.Delivery, s signer) {
		s.sign(d, strings.Replace(string(d.Body), "{", `{"shoe_size": 1, `, 1))
	}, "accepted *, codes DRIFT"},
	{"no signature", nil, func(d *webhook.Delivery, _ signer) { clear(d.Header) }, "missed *"},
	{"other signature", nil, func(d *webhook.Delivery, s signer) { d.Header[s.ring.Header()] = []string{"00"} }, "codes SIG, missed *"},
	{"time of another hour", timed, func(d *webhook.Delivery, s signer) {
		d.Header = timedRing(s.ring.Header()).Headers(d.Body, time.Unix(1e9, 0))
	}, "codes STALE, missed *"},
	{"too large", func(string) ingesttest.Option { return ingesttest.MaxBody(10) }, nil, "missed *"},
	{"compressed", nil, func(d *webhook.Delivery, _ signer) { d.Header["Content-Encoding"] = []string{"gzip"} }, "missed *"},
	{"other method", nil, func(d *webhook.Delivery, _ signer) { d.Method = http.MethodPut }, "missed *"},
	{"path in other case", nil, func(d *webhook.Delivery, _ signer) { d.Path = strings.ToUpper(d.Path) }, "missed *"},
	{"path below another", nil, func(d *webhook.Delivery, _ signer) { d.Path = "/webhooks" + d.Path }, "missed *"},
	{"unknown path with a signature", nil, func(d *webhook.Delivery, _ signer) { d.Path = "/hook" }, "missed unrouted"},
	{"stranger's probe", nil, func(d *webhook.Delivery, _ signer) { d.Path = "/wp-login.php"; clear(d.Header) }, ""},
	{"stranger's look at a route", nil, func(d *webhook.Delivery, _ signer) { d.Method, d.Body = http.MethodGet, nil; clear(d.Header) }, ""},
	{"queue down", func(string) ingesttest.Option { return ingesttest.QueueDown }, nil, "codes ENQ, missed *"},
	{"no secret", ingesttest.Unused, nil, "missed *"},
	{"secret that cannot be used", func(platform string) ingesttest.Option { return ingesttest.Secrets(platform, "") }, nil, "codes SEC, missed *"},
	{"panic", func(string) ingesttest.Option { return func(w *ingesttest.World) { w.Ingest.Events = nil } }, nil, "codes 5XX, missed *"},
}

type signer struct{ ring *signature.Keyring }

func (s signer) sign(d *webhook.Delivery, body string) {
	d.Body = []byte(body)
	d.Header = s.ring.Headers(d.Body, time.Now())
}

// timed gives a platform a scheme with a signed time.
func timed(platform string) ingesttest.Option {
	p, _ := providers.Table().Named(platform)
	return func(w *ingesttest.World) { w.Ingest.Keyrings = one{timedRing(p.SignatureHeader)} }
}

func timedRing(header string) *signature.Keyring {
	scheme, err := signature.ParsePlatform("signed={timestamp}.{body}; time=header:X-Time s", header)
	if err != nil {
		panic(err)
	}
	ring, err := signature.NewKeyring(scheme, signature.Secret{ID: "1", Value: ingesttest.Secret("timed")})
	if err != nil {
		panic(err)
	}
	return ring
}

// one is a keyring for all platforms.
type one struct{ ring *signature.Keyring }

func (o one) Keyring(context.Context, string) (webhook.Verifier, error) { return o.ring, nil }
func (one) Refresh(context.Context, string) webhook.Verifier            { return nil }

// Stories has ingest tell each story of each platform, with a cloud's log, and
// compares what the cloud counts of its lines: "metric label", sorted.
func Stories(t *testing.T, log func(io.Writer) *slog.Logger, count func(lines []byte, status int) []string) {
	for _, p := range providers.Table() {
		for _, s := range stories {
			lines, status := s.told(t, p, log)
			got := count(lines, status)
			slices.Sort(got)
			if want := strings.ReplaceAll(s.counted, "*", p.Name); strings.Join(got, ", ") != want {
				t.Errorf("%s, %s: counted %q, want %q", p.Name, s.name, got, want)
			}
		}
	}
}

// Lines are those that ingest logs in a story of the first platform.
func Lines(t *testing.T, name string, log func(io.Writer) *slog.Logger) (platform string, lines []byte) {
	t.Helper()
	i := slices.IndexFunc(stories, func(s story) bool { return s.name == name })
	p := providers.Table()[0]
	lines, _ = stories[i].told(t, p, log)
	return p.Name, lines
}

func (s story) told(t *testing.T, p providers.Entry, log func(io.Writer) *slog.Logger) (lines []byte, status int) {
	t.Helper()
	ring, err := signature.NewKeyring(p.Scheme, signature.Secret{ID: "1", Value: ingesttest.Secret(p.Name)})
	if err != nil {
		t.Fatal(err)
	}
	body, err := events.Body(p.Name, events.Names(p.Name)[0])
	if err != nil {
		t.Fatal(err)
	}
	d := webhook.Delivery{Method: http.MethodPost, Path: "/" + p.Name, ID: "r-1"}
	signer{ring}.sign(&d, string(body))
	if s.change != nil {
		s.change(&d, signer{ring})
	}
	var options []ingesttest.Option
	if s.option != nil {
		options = append(options, s.option(p.Name))
	}
	var written bytes.Buffer
	w := ingesttest.NewWorld(t, options...)
	w.Ingest.Log = log(&written)
	status = w.Ingest.Handle(t.Context(), d).Status
	return written.Bytes(), status
}

// Platforms are the names of all, sorted.
func Platforms() (names []string) {
	for _, p := range providers.Table() {
		names = append(names, p.Name)
	}
	return slices.Sorted(slices.Values(names))
}

// CheckPlatforms: each listed platform is in the table. One that is not listed has no
// alarm of its own, which the log says.
func CheckPlatforms(t testing.TB, listed []string) {
	t.Helper()
	for _, name := range listed {
		if !slices.Contains(Platforms(), name) {
			t.Errorf("no platform %s in the table: %q", name, Platforms())
		}
	}
	for _, name := range Platforms() {
		if !slices.Contains(listed, name) {
			t.Logf("%s has no alarm of its own", name)
		}
	}
}

// Codes are those of log lines that have an alarm of their own. Refusals are counted
// by platform, and a deprecated member is no alarm.
var Codes = []string{
	webhook.CodeAPI, webhook.CodeAmbiguous, webhook.CodeConfig, webhook.CodeConflict, webhook.CodeDeadLetter, webhook.CodeDrift,
	webhook.CodeInternal, webhook.CodeLedger, webhook.CodeNegative, webhook.CodeQueue, webhook.CodeSecret, webhook.CodeSignature,
	webhook.CodeStale, webhook.CodeSuspense,
}

// Unset are the settings that a function has where a module says nothing: "" but for
// those that the modules spell out.
func Unset(name string) string { return unset[name] }

var unset = map[string]string{}
