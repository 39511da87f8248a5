package field

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// candidate is a record as one arrival may have put it.
type candidate struct {
	put     *Put
	version int64
}

// compare orders records as they replace one another: by version, then a deletion,
// then by the hash of the content.
func (a candidate) compare(b candidate) int {
	if order := cmp.Compare(a.version, b.version); order != 0 {
		return order
	}
	if a.put.Deleted != b.put.Deleted {
		return cmp.Compare(strconv.FormatBool(a.put.Deleted), strconv.FormatBool(b.put.Deleted))
	}
	one, two := sha256.Sum256(a.put.Data), sha256.Sum256(b.put.Data)
	return bytes.Compare(one[:], two[:])
}

// records compares each record with what the arrivals may have put there: no later
// state is missing, and what is there was put. Which of its arrivals dates an event
// without a time of its own depends on the order of handling, so any may.
func (j *judgement) records() {
	puts := map[string][]candidate{}
	for i := range j.arrivals {
		a := &j.arrivals[i]
		for k := range a.of.event.Wants.Records {
			put := &a.of.event.Wants.Records[k]
			made := candidate{put, put.Version}
			if put.ByArrival {
				made.version += a.at.UnixMicro()
			}
			key := put.Kind + "\x00" + put.ID
			puts[key] = append(puts[key], made)
		}
	}
	j.overlays(puts)
	for _, key := range slices.Sorted(maps.Keys(puts)) {
		j.record(key, puts[key])
	}
	for _, key := range slices.Sorted(maps.Keys(j.Records)) {
		if puts[key] == nil && isState(key) {
			j.breaks("G5: record %s has no cause", kindOf(key))
		}
	}
}

// overlays adds the record of each session.
func (j *judgement) overlays(puts map[string][]candidate) {
	shots := map[string][]*Put{} // by session, one per stage and in their order
	for _, key := range slices.Sorted(maps.Keys(puts)) {
		if first := puts[key][0].put; first.session != nil {
			newest := slices.MaxFunc(puts[key], candidate.compare)
			shots[first.session.ID] = append(shots[first.session.ID], newest.put)
		}
	}
	for _, snapshots := range shots {
		record := overlay(snapshots)
		puts[record.Kind+"\x00"+record.ID] = []candidate{{&record, record.Version}}
	}
}

func (j *judgement) record(key string, puts []candidate) {
	is, found := j.Records[key]
	if !found {
		j.breaks("G5: record %s is missing", kindOf(key))
		return
	}
	stands := candidate{&Put{Deleted: is.Deleted, Data: is.Data}, is.Version}
	made := slices.ContainsFunc(puts, func(p candidate) bool {
		return p.version == stands.version && p.put.Deleted == is.Deleted && bytes.Equal(p.put.Data, is.Data)
	})
	if !made {
		j.breaks("G5: record %s is none that an event makes", kindOf(key))
		return
	}
	for _, p := range puts {
		if first(p, puts).compare(stands) > 0 {
			j.breaks("G5: record %s is not the newest", kindOf(key))
			return
		}
	}
}

// first gives the record by the earliest arrival of the same event.
func first(p candidate, puts []candidate) candidate {
	for _, other := range puts {
		if other.put == p.put && other.version < p.version {
			p = other
		}
	}
	return p
}

// isState reports whether the record is one of a platform's that an event must cause.
// Records about arrivals, speech and unknown events are not of one event alone.
func isState(key string) bool {
	kind := kindOf(key)
	of, rest, _ := strings.Cut(kind, ".")
	known := Sends(of)
	return known && !slices.Contains([]string{"arrival", "speech", "unknown", "debit"}, rest)
}

func kindOf(key string) string {
	kind, _, _ := strings.Cut(key, "\x00")
	return kind
}
