package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/webhook"
)

// shownBy gives the lines of a terminal after some records.
func shownBy(t *testing.T, colour bool, records func(ctx context.Context, log *slog.Logger)) []string {
	t.Helper()
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		l := newLines(&out, slog.LevelInfo, colour)
		records(context.WithValue(t.Context(), beginning{}, time.Now()), slog.New(l))
		time.Sleep(time.Second)
		synctest.Wait()
		if len(l.replies) != 0 {
			t.Errorf("kept for ever: %v", l.replies)
		}
	})
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func queued(ctx context.Context, log *slog.Logger, id string) {
	log.InfoContext(ctx, "queued", "request", "7", "provider", "acme", "type", "acme.usage.tracked", "id", id, "key", "1", "bytes", 99)
}

func handled(log *slog.Logger, id, outcome string) {
	log.Info("handled", "type", "acme.usage.tracked", "id", id, "message", "3", "receives", 1, "outcome", outcome)
}

// A delivery is one line with all a person asks of it, whichever record comes first.
func TestLinesOnePerDelivery(t *testing.T) {
	for name, row := range map[string]struct {
		records func(ctx context.Context, log *slog.Logger)
		want    [][]string // words of each line
	}{
		"handled after the answer": {func(ctx context.Context, log *slog.Logger) { queued(ctx, log, "1a2b"); handled(log, "1a2b", "charged") },
			[][]string{{"acme", "usage.tracked", "200", "charged", "0.0 ms", "1a2b"}}},
		"handled before the answer is logged": {func(ctx context.Context, log *slog.Logger) { handled(log, "1a2b", "charged"); queued(ctx, log, "1a2b") },
			[][]string{{"200 charged", "0.0 ms"}}},
		"delivered twice": {func(ctx context.Context, log *slog.Logger) {
			queued(ctx, log, "1a2b")
			queued(ctx, log, "1a2b")
			handled(log, "1a2b", "charged")
			handled(log, "1a2b", "duplicate")
		}, [][]string{{"200 charged"}, {"200 duplicate"}}},
		"signed with an old secret": {func(ctx context.Context, log *slog.Logger) {
			log.InfoContext(ctx, "queued", "provider", "acme", "type", "acme.usage.tracked", "id", "1a2b", "key", "2")
			handled(log, "1a2b", "charged")
		}, [][]string{{"200 charged", "key 2"}}},
		"of a type that no handler knows": {func(ctx context.Context, log *slog.Logger) {
			log.InfoContext(ctx, "queued", "provider", "acme", "type", "unknown", "id", "1a2b", "key", "1")
			log.Info("handled", "type", "unknown", "id", "1a2b", "outcome", "ignored")
		}, [][]string{{"acme", "unknown", "200 ignored"}}},
		"queued by an earlier process": {func(_ context.Context, log *slog.Logger) { handled(log, "1a2b", "charged") }, [][]string{{"usage.tracked", "charged"}}},
		"refused": {func(ctx context.Context, log *slog.Logger) {
			log.WarnContext(ctx, "refused", "request", "7", "provider", "acme", "status", 403, "cause", "signature does not match",
				"missed", true, "expected", "64 hex digits", "got", "10 letters")
		}, [][]string{{"acme", "403 refused: signature does not match", "missed", "expected 64 hex digits", "got 10 letters", "0.0 ms"}}},
		"unusable": {func(ctx context.Context, log *slog.Logger) {
			log.WarnContext(ctx, "dead letter", "provider", "acme", "type", "unknown", "id", "1a2b", "reason", "payload is missing")
		}, [][]string{{"acme", "unknown", "200 dead letter: payload is missing"}}},
		"comes back": {func(ctx context.Context, log *slog.Logger) {
			queued(ctx, log, "1a2b")
			log.Warn("comes back", "type", "acme.usage.tracked", "id", "1a2b", "receives", 2, "outcome", "again", "reason", "ledger is away")
		}, [][]string{{"200 comes back: ledger is away", "receives 2"}}},
		"nothing of a delivery": {func(_ context.Context, log *slog.Logger) {
			log.Error("receive failed", "queue", "events", "error", "disk is full")
		},
			[][]string{{"receive failed: disk is full", "queue events"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := shownBy(t, false, row.records)
			if len(got) != len(row.want) {
				t.Fatalf("%d lines, want %d: %q", len(got), len(row.want), got)
			}
			for i, words := range row.want {
				at := got[i]
				if _, err := time.Parse("15:04:05Z07:00", strings.Fields(at)[0]); err != nil {
					t.Errorf("no time with a zone in %q", got[i])
				}
				for _, word := range words {
					before, after, ok := strings.Cut(at, word)
					if at = after; !ok {
						t.Errorf("no %q in its place after %q: %q", word, before, got[i])
					}
				}
			}
		})
	}
}

// What a log says comes from outside in part, and must not steer the terminal.
func TestLinesArePrintable(t *testing.T) {
	got := shownBy(t, false, func(_ context.Context, log *slog.Logger) { log.Warn("refused", "cause", "a\x1b[2Jb\nc\u202e") })
	if len(got) != 1 || strings.ContainsAny(got[0], "\x1b\u202e") {
		t.Errorf("shown %q", got)
	}
}

// An attribute with an empty value says nothing, and leaves no name without a value.
func TestLinesLeaveOutWhatIsEmpty(t *testing.T) {
	with := shownBy(t, false, func(_ context.Context, log *slog.Logger) { log.Warn("drift", "code", webhook.CodeDrift, "field", "") })
	without := shownBy(t, false, func(_ context.Context, log *slog.Logger) { log.Warn("drift", "code", webhook.CodeDrift) })
	if with[0] != without[0] {
		t.Errorf("shown %q, want %q", with, without)
	}
}

func TestLinesHaveColourOnlyWhereWanted(t *testing.T) {
	for _, colour := range []bool{true, false} {
		got := shownBy(t, colour, func(_ context.Context, log *slog.Logger) { log.Warn("w"); log.Error("e"); log.Info("i") })
		for i, line := range got {
			if want := colour && i < 2; strings.Contains(line, "\x1b") != want {
				t.Errorf("colour %t: %q", colour, line)
			}
		}
	}
}

// Where stderr is no terminal, programs read it.
func TestServeLogsJSONToPrograms(t *testing.T) {
	s := start(t, t.TempDir())
	some := eventstest.Samples(t)[0]
	postTo(t, s.url+"/"+some.Platform, some.Header, strings.Repeat("0", 64), []byte(`{}`))
	s.stop(t)
	for line := range strings.Lines(s.log.String()) {
		if !strings.HasPrefix(line, "{") {
			t.Errorf("not JSON: %s", line)
		}
	}
	if file, err := os.CreateTemp(t.TempDir(), ""); err != nil || terminal(file) {
		t.Errorf("a file is taken for a terminal (%v)", err)
	}
}
