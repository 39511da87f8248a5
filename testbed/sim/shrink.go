package sim

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Shrink leaves out of a history what its violation does not need: acts, then faults.
// It runs up to most histories, and no new one after some minutes: a history that does
// not come to rest is a long one.
func Shrink(t *testing.T, h History, most int) History {
	h.Story = nil
	begin := Run(t, h)
	broken, end := promise(begin), time.Now().Add(3*time.Minute)
	fails := func(h History) (Report, bool) {
		if most--; most < 0 || time.Now().After(end) {
			return Report{}, false
		}
		r := Run(t, h)
		return r, promise(r) == broken
	}
	acts := make([]int, begin.Acts)
	for i := range acts {
		acts[i] = i
	}
	h.Skip = without(acts, func(skip []int) bool { _, still := fails(History{Seed: h.Seed, Skip: skip}); return still })
	for { // what a fault is not needed for changes the calls that follow
		r, still := fails(h)
		if !still {
			return h
		}
		calm := without(r.Faulty, func(calm []int) bool {
			_, still := fails(History{Seed: h.Seed, Skip: h.Skip, Calm: slices.Concat(h.Calm, calm)})
			return still
		})
		if len(calm) == 0 {
			return h
		}
		h.Calm = slices.Concat(h.Calm, calm)
	}
}

// promise names what is broken: "G2", "" for nothing.
func promise(r Report) string {
	if len(r.Violations) == 0 {
		return ""
	}
	name, _, _ := strings.Cut(r.Violations[0], ":")
	return name
}

// without finds much of a list that can be left out together: halves first, then
// smaller parts.
func without(list []int, still func([]int) bool) (out []int) {
	for size := (len(list) + 1) / 2; size > 0; size /= 2 {
		for part := range slices.Chunk(list, size) {
			if more := slices.DeleteFunc(slices.Clone(part), func(i int) bool { return slices.Contains(out, i) }); len(more) > 0 {
				if with := slices.Concat(out, more); still(with) {
					out = with
				}
			}
		}
	}
	return out
}
