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
	seen map[[3]string]bool
}

// maxDrift bounds what is remembered, and so the number of lines.
const maxDrift = 200

// first says whether something is noted for the first time.
func (d *drift) first(what [3]string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen[what] || len(d.seen) == maxDrift {
		return false
	}
	if d.seen == nil {
		d.seen = make(map[[3]string]bool)
	}
	d.seen[what] = true
	return true
}

// logDrift notes an event type or a member nobody knows, and members that are
// deprecated. The name of an unknown type is a stranger's word and stays out.
//
// What is deprecated is read as well, so it is counted under a code of its own,
// which rings nowhere.
func (in *Ingest) logDrift(ctx context.Context, e webhook.Event, parsed webhook.Parsed) {
	note := func(code, what, eventType, field string) {
		if !in.drift.first([3]string{what, eventType, field}) {
			return
		}
		in.Log.LogAttrs(ctx, slog.LevelWarn, what, slog.String("code", code), slog.String("provider", e.Provider()),
			slog.String("type", eventType), slog.String("field", field))
	}
	if !parsed.Known && e.Reason == "" {
		note("DRIFT", "unknown event type", e.Provider()+".unknown", "")
		return
	}
	for _, field := range parsed.Unknown {
		note("DRIFT", "undocumented member", e.Type, field)
	}
	for _, field := range parsed.Deprecated {
		note("OLD", "deprecated member", e.Type, field)
	}
}
