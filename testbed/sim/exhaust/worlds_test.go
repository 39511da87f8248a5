package exhaust

import (
	"flag"
	"testing"
	"time"
)

var full = flag.Bool("full", false, "explore with more faults, up to a minute and a half")

// explored is what became of a world.
type explored struct {
	Counts
	steps int
	err   error
}

// worlds are all there are. The least states of each, far below those of today, tell a
// world that stopped exploring.
var worlds = []struct {
	name         string
	explore      func(t *testing.T, faults int) explored
	faults, most int // most: with the flag full
	least        int // states, with the flag full
}{
	{"limits", limits, 1, 2, 100_000},
	{"strangers", strangers, 1, 2, 1_000},
	{"charges", charges, 0, 1, 100_000},
	{"grant", grants, 0, 1, 1_000},
	{"redrive", redrive, 0, 1, 100_000},
	{"rotation", rotation, 0, 1, 1_000},
}

func TestWorlds(t *testing.T) {
	if _, ok := routes["/gabber"]; !ok {
		t.Skip("the platform of the small worlds is Gabber")
	}
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			faults := w.faults
			if *full {
				faults = w.most
			}
			begun := time.Now()
			e := w.explore(t, faults)
			t.Logf("%s: %d states, %d transitions, %d at rest, %d processes' steps; faults: %d, %.1fs",
				w.name, e.States, e.Transitions, e.AtRest, e.steps, faults, time.Since(begun).Seconds())
			if e.err != nil {
				t.Fatal(e.err)
			}
			if e.AtRest == 0 || *full && e.States < w.least {
				t.Error("something is not being explored")
			}
		})
	}
}
