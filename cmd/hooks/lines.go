package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/webhook-functions/template/shared/operator"
)

// newLog logs to stderr from a level on: lines for a person at a terminal, else JSON.
func newLog(level slog.Leveler) *slog.Logger {
	if terminal(os.Stderr) {
		return slog.New(newLines(os.Stderr, level, os.Getenv("NO_COLOR") == ""))
	}
	return slog.New(inJSON(os.Stderr, level))
}

func inJSON(out io.Writer, level slog.Leveler) slog.Handler {
	return slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level})
}

// terminal says whether a file is a device that shows characters.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// lines is a [slog.Handler] with a line per delivery: what ingest says of one that
// is queued waits for what the worker says of its event.
//
//	11:27:03Z  gabber    usage.tracked          200 charged  2.1 ms  1a2b3c4d
//	11:27:09Z  gabber                           403 refused: signature does not match  code SIG  0.2 ms
//
// It shows what JSON would, and no more.
type lines struct {
	slog.Handler // of the level; a logger with attributes of its own, of which there is none, would write JSON
	out          io.Writer
	colour       bool

	mu      sync.Mutex
	replies map[string][]facts // by event id: deliveries that wait for the worker
}

func newLines(out io.Writer, level slog.Leveler, colour bool) *lines {
	return &lines{Handler: inJSON(out, level), out: out, colour: colour, replies: map[string][]facts{}}
}

// pairing is how long the worker's record waits for ingest's of the same event,
// which is written after the event is in the queue.
const pairing = 100 * time.Millisecond

// Handle writes a line, or keeps what is known of a delivery for the line of its event.
func (l *lines) Handle(ctx context.Context, r slog.Record) error {
	f := factsOf(ctx, r)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case r.Message == "queued":
		l.replies[f.of["id"]] = append(l.replies[f.of["id"]], f)
	case f.of["outcome"] == "" || l.pair(&f):
		l.print(f)
	default:
		time.AfterFunc(pairing, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.pair(&f)
			l.print(f)
		})
	}
	return nil
}

// pair adds what is known of the delivery of an event, if anything is.
func (l *lines) pair(f *facts) bool {
	id := f.of["id"]
	replies := l.replies[id]
	if len(replies) == 0 {
		return false
	}
	f.took, f.of["status"], f.of["provider"], f.of["type"] = replies[0].took, "200", replies[0].of["provider"], replies[0].of["type"]
	if l.replies[id] = replies[1:]; len(replies) == 1 {
		delete(l.replies, id)
	}
	return true
}

func (l *lines) print(f facts) {
	provider, event := f.of["provider"], f.of["type"]
	if provider == "" {
		provider, _, _ = strings.Cut(event, ".")
	}
	event = strings.TrimPrefix(event, provider+".")
	said := f.Message
	if f.Level < slog.LevelWarn {
		said = cmp.Or(f.of["outcome"], said)
	}
	if why := cmp.Or(f.of["reason"], f.of["cause"], f.of["error"]); why != "" {
		said += ": " + why
	}
	line := fmt.Sprintf("%s  %-8s  %-21s  %s", f.Time.Local().Format("15:04:05Z07:00"), provider, event,
		strings.Join(slices.DeleteFunc([]string{strings.TrimSpace(f.of["status"] + " " + said), f.more, f.took, f.of["id"]},
			func(part string) bool { return part == "" }), "  "))
	fmt.Fprintln(l.out, l.paint(f.Level, operator.Printable(line)))
}

// facts are a record, taken apart.
type facts struct {
	slog.Record
	of         map[string]string // values by key
	more, took string            // attributes without a place of their own; how long a delivery took
}

// placed attributes have a place of their own in a line, or none.
var placed = []string{"provider", "type", "status", "cause", "reason", "error", "outcome", "id", "request", "message", "key", "bytes"}

func factsOf(ctx context.Context, r slog.Record) facts {
	f, more := facts{Record: r, of: map[string]string{}}, []string{}
	r.Attrs(func(a slog.Attr) bool {
		f.of[a.Key] = a.Value.String()
		if f.of[a.Key] != "" && !slices.Contains(placed, a.Key) && (a.Key != "receives" || f.of[a.Key] != "1") {
			more = append(more, strings.TrimSuffix(a.Key+" "+a.Value.String(), " true"))
		}
		return true
	})
	if r.Message == "dead letter" && f.of["outcome"] == "" {
		f.of["status"] = "200" // ingest's own: it keeps what it cannot use
	}
	if began, ok := ctx.Value(beginning{}).(time.Time); ok && (f.of["status"] != "" || r.Message == "queued") {
		f.took = fmt.Sprintf("%.1f ms", float64(time.Since(began).Microseconds())/1000)
	}
	if key := f.of["key"]; key != "" && key != "1" { // an old secret is still in use
		f.took += "  key " + key
	}
	f.more = strings.Join(more, ", ")
	return f
}

// paint makes warnings yellow and errors red.
func (l *lines) paint(level slog.Level, text string) string {
	switch {
	case !l.colour || level < slog.LevelWarn:
		return text
	case level < slog.LevelError:
		return "\x1b[33m" + text + "\x1b[0m"
	}
	return "\x1b[31m" + text + "\x1b[0m"
}

// beginning is the context key of when a delivery began to be handled.
type beginning struct{}

// timed notes when each request began, for the log.
func timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), beginning{}, time.Now())))
	})
}
