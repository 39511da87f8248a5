package gcp

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/webhook-functions/template/shared/ledger"
)

// twin is what is known of the unsuppressed entries that share one DedupKey. Adding
// one depends on the guard being as it was read: whoever added another meanwhile
// has changed it, and the plan is made anew.
type twin struct {
	name    string
	guard   *document // nil if there is none yet
	version int64
	times   []int64 // of the anchors that may matter, Unix nanoseconds
	added   []int64 // by this plan
}

// readTwins reads the anchors around the entries that need them. The guards
// were read before: an anchor that was added in between makes the guard too old,
// not the list.
func (l *Ledger) readTwins(ctx context.Context, p *posting, documents map[string]*document) (map[string]*twin, error) {
	spans := make(map[string]ledger.Span)
	for _, e := range p.entries {
		if _, booked := p.found[e.ID]; e.DedupKey != "" && !booked {
			spans[e.DedupKey] = spans[e.DedupKey].Around(e)
		}
	}
	twins := make(map[string]*twin, len(spans))
	for name, span := range spans {
		t := &twin{name: name, guard: documents[l.guardName(name)]}
		if err := l.readTwin(ctx, t, span); err != nil {
			return nil, fmt.Errorf("read twins: %w", err)
		}
		twins[name] = t
	}
	return twins, nil
}

func (l *Ledger) readTwin(ctx context.Context, t *twin, s ledger.Span) error {
	if t.guard == nil {
		return nil
	}
	if err := t.guard.Fields.numbers(map[string]*int64{"version": &t.version}); err != nil {
		return err
	}
	anchors, err := l.query(ctx, query{
		From: []collection{{"twins"}},
		Where: both(
			where("__name__", "GREATER_THAN_OR_EQUAL", reference(l.anchorName(t.name, s.From))),
			where("__name__", "LESS_THAN_OR_EQUAL", reference(l.anchorName(t.name, s.To)))),
		OrderBy: []order{{field{"__name__"}, "ASCENDING"}},
	})
	if err != nil {
		return err
	}
	for _, a := range anchors {
		at, err := fromSortable(a.Name)
		if err != nil {
			return err
		}
		t.times = append(t.times, at)
	}
	return nil
}

// anchor adds the entry's time unless an anchor lies within its window.
func (t *twin) anchor(e ledger.Entry) bool {
	s := ledger.Span{}.Around(e)
	for _, at := range t.times {
		if s.From <= at && at <= s.To {
			return false
		}
	}
	at := e.Time.UnixNano()
	t.times, t.added = append(t.times, at), append(t.added, at)
	return true
}

// twinWrites: a suppressed entry adds no anchor and depends on none, for anchors
// never go away.
func (l *Ledger) twinWrites(t *twin) []write {
	if len(t.added) == 0 {
		return nil
	}
	guard := &document{Name: l.guardName(t.name), Fields: fields{"version": number(t.version + 1)}}
	writes := []write{{Update: guard, If: t.guard.unchanged()}}
	for _, at := range t.added {
		writes = append(writes, write{Update: &document{Name: l.anchorName(t.name, at)}})
	}
	return writes
}

// sortable writes a time so that texts sort as times do, before 1970 too.
func sortable(at int64) string { return fmt.Sprintf("%016x", uint64(at)^1<<63) }

// fromSortable reads the time at the end of an anchor's name.
func fromSortable(name string) (int64, error) {
	bits, err := strconv.ParseUint(name[strings.LastIndexByte(name, '~')+1:], 16, 64)
	if err != nil {
		return 0, errors.New("an anchor has no time")
	}
	return int64(bits ^ 1<<63), nil
}
