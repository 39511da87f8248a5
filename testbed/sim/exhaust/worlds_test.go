package exhaust

import (
	"flag"
	"testing"
	"time"
)

var full = flag.Bool("full", false, "explore with more faults, for a minute or so")

// explored is what became of a world.
type explored struct {
	Counts
	steps int // of processes, each found by running production code
	err   error
}

// size of an exploration.
type size struct {
	faults int
	least  int // states, far below those of today: fewer tell a world that stopped exploring
}

// worlds are all there are.
var worlds = []struct {
	name        string
	explore     func(t *testing.T, faults int) explored
	quick, full size // full: with the flag
}{
	{"limits", limits, size{1, 50_000}, size{2, 400_000}},
	{"strangers", strangers, size{2, 50_000}, size{2, 50_000}},
	{"charges", charges, size{0, 50_000}, size{1, 1_000_000}},
	{"grant", grant(2), size{0, 5_000}, size{1, 100_000}},
	{"grant, one pusher", grant(1), size{2, 100_000}, size{2, 100_000}},
	{"redrive", redrive, size{0, 10_000}, size{1, 100_000}},
	{"rotation", rotation(3), size{0, 1_000}, size{1, 10_000}},
	{"outages", rotation(2), size{1, 2_000}, size{3, 10_000}},
}

func TestWorlds(t *testing.T) {
	if _, ok := routes["/gabber"]; !ok {
		t.Skip("the platform of the small worlds is Gabber")
	}
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			size := w.quick
			if *full {
				size = w.full
			}
			begun := time.Now()
			e := w.explore(t, size.faults)
			t.Logf("%s: %d states, %d transitions, %d at rest, %d processes' steps; faults: %d, %.1f s",
				w.name, e.States, e.Transitions, e.AtRest, e.steps, size.faults, time.Since(begun).Seconds())
			if e.err != nil {
				t.Fatal(e.err)
			}
			if e.AtRest == 0 || e.States < size.least {
				t.Error("something is not being explored")
			}
		})
	}
}
