package gcp

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

// readDedup reads the spans of the dedup index. The versions were read before: of
// a time that was added in between the version is too old.
func (l *Ledger) readDedup(ctx context.Context, spans map[string]ledger.Span, stored map[string]*document) (map[string][]int64, error) {
	index := make(map[string][]int64, len(spans))
	for _, key := range slices.Sorted(maps.Keys(spans)) { // calls in one order: a simulation repeats them
		s := spans[key]
		if stored[l.versionName(key)] == nil {
			continue
		}
		times, err := queryAll(ctx, l.database, query{
			From: []collection{{"twins"}},
			Where: both(
				where("__name__", "GREATER_THAN_OR_EQUAL", reference(l.timeName(key, s.From))),
				where("__name__", "LESS_THAN_OR_EQUAL", reference(l.timeName(key, s.To)))),
			OrderBy: []order{{field{"__name__"}, "ASCENDING"}},
		}, indexTime)
		if err != nil {
			return nil, wrap("read dedup index", err)
		}
		index[key] = times
	}
	return index, nil
}

// dedupWrites adds times to the dedup index of a key, unless another posting did
// so since its version was read.
func (l *Ledger) dedupWrites(key string, times []int64, stored *document) []write {
	var version int64
	if stored != nil {
		_ = stored.Fields.numbers(map[string]*int64{"version": &version}) // all it has to do is change
	}
	next := &document{Name: l.versionName(key), Fields: fields{"version": number(version + 1)}}
	writes := []write{{Update: next, If: stored.unchanged()}}
	for _, at := range times {
		writes = append(writes, write{Update: &document{Name: l.timeName(key, at)}})
	}
	return writes
}

// sortable writes a time so that texts sort as times do, before 1970 too.
func sortable(at int64) string { return fmt.Sprintf("%016x", uint64(at)^1<<63) }

// indexTime reads the time at the end of a document's name.
func indexTime(d *document) (int64, error) {
	bits, err := strconv.ParseUint(d.Name[strings.LastIndexByte(d.Name, '~')+1:], 16, 64)
	if err != nil {
		return 0, errors.New("a document of the dedup index has no time")
	}
	return int64(bits ^ 1<<63), nil
}
