package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
)

// refusedFor is how long a platform is refused, and nothing of it accepted, before
// a line says so.
const refusedFor = 5 * time.Minute

// refusals is a log handler before another that knows what ingest says of each
// delivery. Where a platform has missed three within refusedFor and none was
// accepted, it says so once, with code REF, until one is accepted or none comes
// any more. In the clouds an alarm does that.
type refusals struct {
	slog.Handler
	platforms *platforms
}

// platforms has an entry per provider of a line: those of the table, and "unrouted".
type platforms struct {
	mu sync.Mutex
	by map[string]*refused
}

// refused is what is known of one.
type refused struct {
	missed   [3]time.Time // the latest since the last acceptance
	accepted time.Time    // the last acceptance
	told     bool
}

func listen(next slog.Handler) slog.Handler {
	return refusals{next, &platforms{by: map[string]*refused{}}}
}

// Enabled wants what ingest says, even where it is not shown.
func (h refusals) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (h refusals) WithAttrs(attrs []slog.Attr) slog.Handler {
	return refusals{h.Handler.WithAttrs(attrs), h.platforms}
}

func (h refusals) WithGroup(name string) slog.Handler {
	return refusals{h.Handler.WithGroup(name), h.platforms}
}

// Handle notes a line and passes it on.
func (h refusals) Handle(ctx context.Context, line slog.Record) error {
	h.note(line)
	if h.Handler.Enabled(ctx, line.Level) {
		return h.Handler.Handle(ctx, line)
	}
	return nil
}

func (h refusals) note(line slog.Record) {
	said := map[string]slog.Value{}
	line.Attrs(func(a slog.Attr) bool { said[a.Key] = a.Value; return true })
	h.platforms.mu.Lock()
	defer h.platforms.mu.Unlock()
	p := h.platforms.of(said["provider"].String())
	switch _, missed := said["missed"]; {
	case line.Message == "queued" || line.Message == "dead letter":
		*p = refused{accepted: line.Time}
	case missed && p.miss(line.Time):
		accepted, wait := p.accepted, p.accepted.Add(refusedFor).Sub(line.Time)
		time.AfterFunc(max(wait, 0), func() { h.tell(said, p, accepted) })
	}
}

func (ps *platforms) of(provider string) *refused {
	if ps.by[provider] == nil {
		ps.by[provider] = &refused{}
	}
	return ps.by[provider]
}

// miss notes a refusal, and says whether it is the one that completes a row.
func (p *refused) miss(at time.Time) bool {
	if at.Sub(p.missed[2]) >= refusedFor {
		*p = refused{accepted: p.accepted}
	}
	p.missed = [3]time.Time{p.missed[1], p.missed[2], at}
	if p.told || at.Sub(p.missed[0]) >= refusedFor {
		return false
	}
	p.told = true
	return true
}

// tell says so, unless a delivery was accepted meanwhile.
func (h refusals) tell(last map[string]slog.Value, p *refused, accepted time.Time) {
	h.platforms.mu.Lock()
	defer h.platforms.mu.Unlock()
	if p.accepted.Equal(accepted) {
		slog.New(h.Handler).Warn("deliveries of a platform are refused and none is accepted",
			"code", webhook.CodeRefused, "provider", last["provider"], "status", last["status"], "cause", last["cause"])
	}
}
