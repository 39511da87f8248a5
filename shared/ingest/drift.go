package ingest

import (
	"context"
	"log/slog"
	"sync"

	"github.com/webhook-functions/template/shared/webhook"
)

// drift remembers what was noted about platforms that no longer send quite what
// they document. A renamed field should be noticed before money is missed, and
// one line per process is enough to notice it.
type drift struct {
	mu   sync.Mutex
	seen map[string]map[string]bool // by what is said
}

// maxDrift bounds how much is remembered of each kind, and so the number of lines:
// types that hold ids must not hide a renamed member.
const maxDrift = 200

// first says whether something is noted for the first time.
func (d *drift) first(what, where string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := d.seen[what]
	if seen[where] || len(seen) == maxDrift {
		return false
	}
	if d.seen == nil {
		d.seen = make(map[string]map[string]bool)
	}
	if seen == nil {
		seen = make(map[string]bool)
		d.seen[what] = seen
	}
	seen[where] = true
	return true
}

// logDrift notes an event type without a Go type, members that are not as
// documented, and members that are deprecated.
//
// What is deprecated is read as well, so it is counted under a code of its own,
// which raises no alarm.
func (in *Ingest) logDrift(ctx context.Context, e webhook.Event, parsed webhook.Parsed) {
	note := func(code, what, eventType, field string) {
		if !in.drift.first(what, eventType+" "+field) {
			return
		}
		in.Log.LogAttrs(ctx, slog.LevelWarn, what, slog.String("code", code), slog.String("provider", e.Provider()),
			slog.String("type", eventType), slog.String("field", field))
	}
	if !parsed.Known && e.Reason == "" {
		note(webhook.CodeDrift, "unknown event type", e.LogType(), "")
		return
	}
	for _, field := range parsed.Unknown {
		note(webhook.CodeDrift, "undocumented member", e.Type, field)
	}
	for _, field := range parsed.Deprecated {
		note(webhook.CodeDeprecated, "deprecated member", e.Type, field)
	}
}
