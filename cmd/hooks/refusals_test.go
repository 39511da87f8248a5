package main

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
)

// letters is what ingest may say, by a letter of a test's script: m is a delivery
// that was missed, p a probe, a one that was accepted, d a dead letter, and o and u
// one that was missed by another platform and without a route.
var letters = map[rune]func(*slog.Logger){
	'm': func(log *slog.Logger) {
		log.Info("refused", "provider", "acme", "status", 415, "cause", "body is encoded", "missed", true)
	},
	'p': func(log *slog.Logger) {
		log.Info("refused", "provider", "acme", "status", 405, "cause", "method is not POST")
	},
	'o': func(log *slog.Logger) { log.Info("refused", "provider", "other", "status", 401, "missed", true) },
	'u': func(log *slog.Logger) { log.Info("refused", "provider", "unrouted", "status", 404, "missed", true) },
	'a': func(log *slog.Logger) { log.Info("queued", "provider", "acme") },
	'd': func(log *slog.Logger) { log.Warn("dead letter", "provider", "acme") },
	'.': func(*slog.Logger) {},
}

// Each letter of a script is followed by a minute.
func TestListen_ringsOncePerEpisode(t *testing.T) {
	for _, row := range []struct {
		name, script string
		rings        []string // the platforms, in order
	}{
		{"three missed", "mmm", []string{"acme"}},
		{"two missed", "mm", nil},
		{"a whole night", strings.Repeat("m", 500), []string{"acme"}},
		{"probes", "pppppp", nil},
		{"three missed and a probe", "mpmpm", []string{"acme"}},
		{"three missed in more than five minutes", "mmp..m", nil},
		{"most are accepted", "mamamamama", nil},
		{"a dead letter is accepted", "mmdmmd", nil},
		{"one accepted and then none", "ammm....", []string{"acme"}},
		{"one accepted, three missed, one accepted", "ammma......", nil},
		{"accepted again and again, and three missed each time", "ammmammmammmam", nil},
		{"… and at last none", "ammmammmmm", []string{"acme"}},
		{"two episodes with an acceptance between", "mmmammm...", []string{"acme", "acme"}},
		{"two episodes with quiet between", "mmm......mmm", []string{"acme", "acme"}},
		{"two platforms", "momomo", []string{"acme", "other"}},
		{"another's acceptances hide nothing", "oaoaoa", []string{"other"}},
		{"without a route", "uauaua", []string{"unrouted"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var lines bytes.Buffer
				log := slog.New(listen(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelWarn})))
				for _, letter := range row.script {
					letters[letter](log)
					time.Sleep(time.Minute)
				}
				synctest.Wait()
				checkRings(t, lines.String(), row.rings)
			})
		})
	}
}

// checkRings compares the lines with code REF with the platforms they must name.
func checkRings(t *testing.T, lines string, want []string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(lines) {
		if !strings.Contains(line, "code=REF") {
			continue
		}
		_, rest, _ := strings.Cut(line, "provider=")
		provider, _, _ := strings.Cut(rest, " ")
		if got = append(got, provider); !strings.Contains(line, "level=WARN") || !strings.Contains(line, "status=4") {
			t.Errorf("%s is no warning that says how deliveries were refused", line)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("rang for %q, want %q:\n%s", got, want, lines)
	}
}

// What is shown depends on the handler behind, as it did.
func TestListen_passesLinesOn(t *testing.T) {
	var lines bytes.Buffer
	log := slog.New(listen(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelWarn}))).With("a", 1).WithGroup("g")
	log.Info("not shown")
	log.Warn("shown", "b", 2)
	if got := lines.String(); strings.Contains(got, "not shown") || !strings.Contains(got, "msg=shown a=1 g.b=2") {
		t.Errorf("lines %q", got)
	}
}

// A platform that signs otherwise than expected is heard of on the laptop, too.
func TestServe_saysThatAPlatformIsRefused(t *testing.T) {
	s := start(t, t.TempDir())
	some := eventstest.Platform(t, eventstest.Samples(t)[0].Platform)
	for range 3 {
		if status := postTo(t, s.url+"/"+some.Name, "X-Another-Signature", "abc", []byte("{}")); status != some.MissingStatus {
			t.Fatalf("status %d, want %d", status, some.MissingStatus)
		}
	}
	eventually(t, "a line with code REF", func() bool { return strings.Contains(s.log.String(), `"code":"REF"`) })
}
