package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Fault is what happens to one call of a port.
type Fault int

// The faults. A port's row says which of them it can have.
const (
	None       Fault = iota
	Before           // not carried out, and the caller is told so: no connection, a 5xx
	Lost             // carried out, the answer is lost
	Late             // given up by the caller, carried out afterwards
	Slow             // carried out, the answer takes seconds
	Throttle         // refused: too many
	Denied           // refused: no permission
	Corrupt          // carried out, the answer is damaged
	Panic            // carried out, and the caller panics
	Conflict         // refused: another write of the same item is under way
	KillBefore       // the process dies before the call is carried out
	KillAfter        // the process dies after it
	Freeze           // the process stands still, longer than any time limit, and goes on
	faults
)

var faultNames = [...]string{"none", "before", "lost", "late", "slow", "throttle", "denied", "corrupt", "panic", "conflict", "kill before", "kill after", "freeze"}

func (f Fault) String() string { return faultNames[f] }

// told is the fault in a line of a story.
func (f Fault) told() string {
	if f == None {
		return ""
	}
	return ", FAULT " + f.String()
}

// Coverage counts how often each fault happened at each call site.
type Coverage map[string]*[faults]int

func (c Coverage) hit(site string, f Fault) {
	if c[site] == nil {
		c[site] = new([faults]int)
	}
	c[site][f]++
}

// Add adds the counts of another.
func (c Coverage) Add(other Coverage) {
	for site, counts := range other {
		for f, n := range counts {
			if c[site] == nil {
				c[site] = new([faults]int)
			}
			c[site][f] += n
		}
	}
}

// Faults counts them all.
func (c Coverage) Faults() (n int) {
	for _, counts := range c {
		for _, k := range counts[Before:] {
			n += k
		}
	}
	return n
}

// Missing lists the pairs of a call site and a fault it can have that never met.
func (c Coverage) Missing() (pairs []string) {
	for _, s := range sites {
		counts := c[s.name]
		if counts == nil {
			counts = new([faults]int)
		}
		for _, f := range append([]Fault{None}, s.faults...) {
			if counts[f] == 0 {
				pairs = append(pairs, fmt.Sprintf("%s × %s", s.name, f))
			}
		}
	}
	return pairs
}

// Unlisted gives the call sites that sites does not list.
func (c Coverage) Unlisted() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(c)), func(name string) bool { return faultsOf(name) != nil })
}

// String is a table: a line per call site, a column per fault.
func (c Coverage) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-46s", "call site")
	for _, name := range faultNames {
		fmt.Fprintf(&b, "%12s", name)
	}
	for _, site := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(&b, "\n%-46s", site)
		for f, n := range c[site] {
			switch {
			case n == 0 && f != 0 && !slices.Contains(faultsOf(site), Fault(f)):
				fmt.Fprintf(&b, "%12s", "-")
			default:
				fmt.Fprintf(&b, "%12d", n)
			}
		}
	}
	return b.String()
}

// site is a place in the product that calls a port.
type site struct {
	name   string // "<cloud> <function>: <operation>"
	faults []Fault
}

func faultsOf(name string) []Fault {
	if i := slices.IndexFunc(sites, func(s site) bool { return s.name == name }); i >= 0 {
		return sites[i].faults
	}
	return nil
}
