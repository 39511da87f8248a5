//go:build race

package sim

// slower is how much fewer histories the race detector has time for.
const slower = 10
