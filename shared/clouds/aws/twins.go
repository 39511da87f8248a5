package aws

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/webhook-functions/template/shared/ledger"
)

// twin is what is known of the unsuppressed entries that share one DedupKey. Adding
// one depends on the guard's version: whoever added another meanwhile has
// changed it, and the plan is made anew.
type twin struct {
	name    string
	version int64   // of the guard, 0 if there is none yet
	times   []int64 // of the anchors that may matter, Unix nanoseconds
	added   []int64 // by this plan
}

// readTwins reads the guards and the anchors around the entries that need them.
// Most postings have none and read nothing.
func (l *Ledger) readTwins(ctx context.Context, p posting) (map[string]*twin, error) {
	spans := make(map[string]ledger.Span)
	for _, e := range p.entries {
		if _, booked := p.found[e.ID]; e.DedupKey != "" && !booked {
			spans[e.DedupKey] = spans[e.DedupKey].Around(e)
		}
	}
	twins := make(map[string]*twin, len(spans))
	for name, span := range spans {
		var err error
		if twins[name], err = l.readTwin(ctx, name, span); err != nil {
			return nil, fmt.Errorf("read twins: %w", err)
		}
	}
	return twins, nil
}

// readTwin reads the guard before the anchors: an anchor that was added in
// between makes the version too old, not the list.
func (l *Ledger) readTwin(ctx context.Context, name string, s ledger.Span) (*twin, error) {
	guard, err := l.client.get(ctx, l.table, guardKey(name))
	if err != nil {
		return nil, err
	}
	t := &twin{name: name}
	if err := guard.numbers(map[string]*int64{"version": &t.version}); err != nil {
		return nil, err
	}
	if t.version == 0 {
		return t, nil
	}
	anchors, err := l.client.query(ctx, query{
		Table: l.table, Consistent: true, Forward: true,
		Condition: "pk = :twin AND sk BETWEEN :from AND :to",
		Values:    item{":twin": text("twin#" + name), ":from": text(anchorSort(s.From)), ":to": text(anchorSort(s.To))},
	})
	if err != nil {
		return nil, err
	}
	for _, a := range anchors {
		at, err := readAnchor(a)
		if err != nil {
			return nil, err
		}
		t.times = append(t.times, at)
	}
	return t, nil
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

func (t *twin) writes(table string) []write {
	if len(t.added) == 0 {
		return nil
	}
	unchanged := condition{Expression: "version = :seen", Values: item{":seen": number(t.version), ":next": number(t.version + 1)}}
	if t.version == 0 {
		unchanged = condition{Expression: "attribute_not_exists(pk)", Values: item{":next": number(int64(1))}}
	}
	writes := []write{{Update: &update{table, guardKey(t.name), "SET version = :next", unchanged}}}
	for _, at := range t.added {
		writes = append(writes, write{Put: &put{Table: table, Item: key("twin#"+t.name, anchorSort(at))}})
	}
	return writes
}

func guardKey(twin string) item { return key("twin#"+twin, "guard") }

// anchorSort writes a time so that texts sort as times do, before 1970 too.
func anchorSort(at int64) string { return fmt.Sprintf("time#%016x", uint64(at)^1<<63) }

func readAnchor(stored item) (int64, error) {
	bits, err := strconv.ParseUint(strings.TrimPrefix(stored.text("sk"), "time#"), 16, 64)
	if err != nil {
		return 0, fmt.Errorf("anchor has no time")
	}
	return int64(bits ^ 1<<63), nil
}
