package sim

import (
	"slices"
	"testing"
)

// What a violation needs is never left out, and most of the rest is.
func TestWithout(t *testing.T) {
	list := make([]int, 40)
	for i := range list {
		list[i] = i
	}
	for name, needed := range map[string][]int{"nothing is needed": nil, "one": {7}, "two far apart": {0, 39}, "neighbours": {19, 20, 21}} {
		out := without(list, func(skip []int) bool {
			return !slices.ContainsFunc(needed, func(n int) bool { return slices.Contains(skip, n) })
		})
		if kept := len(list) - len(out); kept != len(needed) {
			t.Errorf("%s: %d are kept, %d needed", name, kept, len(needed))
		}
	}
}
