package aws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/webhook-functions/template/shared/ledger"
)

// readDedup reads the dedup index where the entries need it, into found, and gives
// its versions by DedupKey. Most postings need none of it.
func (l *Ledger) readDedup(ctx context.Context, entries []ledger.Entry, found *ledger.Found) (map[string]int64, error) {
	spans := ledger.DedupSpans(entries, found.Entries)
	versions := make(map[string]int64, len(spans))
	found.Dedup = make(map[string][]int64, len(spans))
	for _, key := range slices.Sorted(maps.Keys(spans)) { // calls in one order: a simulation repeats them
		version, times, err := l.readDedupKey(ctx, key, spans[key])
		if err != nil {
			return nil, wrap("read dedup index", err)
		}
		versions[key], found.Dedup[key] = version, times
	}
	return versions, nil
}

// readDedupKey reads the version before the times: of a time that was added in
// between the version is too old.
func (l *Ledger) readDedupKey(ctx context.Context, dedupKey string, s ledger.Span) (version int64, times []int64, err error) {
	stored, err := l.client.get(ctx, l.table, versionKey(dedupKey))
	if err == nil {
		err = stored.numbers(map[string]*int64{"version": &version})
	}
	if err != nil || version == 0 {
		return 0, nil, err
	}
	times, err = queryAll(ctx, l.client, query{
		Table: l.table, Consistent: true, Forward: true,
		Condition: "pk = :twin AND sk BETWEEN :from AND :to",
		Values:    item{":twin": text("twin#" + dedupKey), ":from": text(timeSort(s.From)), ":to": text(timeSort(s.To))},
	}, indexTime)
	return version, times, err
}

// dedupWrites adds times to the dedup index of a key, unless another posting did
// so since its version was read.
func (l *Ledger) dedupWrites(dedupKey string, version int64, times []int64) []write {
	unchanged := condition{Expression: "version = :seen", Values: item{":seen": number(version), ":next": number(version + 1)}}
	if version == 0 {
		unchanged = condition{Expression: "attribute_not_exists(pk)", Values: item{":next": number(int64(1))}}
	}
	writes := []write{{Update: &update{l.table, versionKey(dedupKey), "SET version = :next", unchanged}}}
	for _, at := range times {
		writes = append(writes, write{Put: &put{Table: l.table, Item: key("twin#"+dedupKey, timeSort(at))}})
	}
	return writes
}

// timeSort writes a time so that texts sort as times do, before 1970 too.
func timeSort(at int64) string { return fmt.Sprintf("time#%016x", uint64(at)^1<<63) }

func indexTime(stored item) (int64, error) {
	bits, err := strconv.ParseUint(strings.TrimPrefix(stored.text("sk"), "time#"), 16, 64)
	if err != nil {
		return 0, errors.New("an item of the dedup index has no time")
	}
	return int64(bits ^ 1<<63), nil
}
