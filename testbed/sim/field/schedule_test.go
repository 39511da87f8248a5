package field

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestSchedule(t *testing.T) {
	for _, p := range platforms {
		for seed := range uint64(100) {
			last := time.Duration(0)
			waits := Schedule(p.name, rand.New(rand.NewPCG(seed, 0)))
			for _, wait := range waits {
				if wait < last {
					t.Errorf("%s: %v does not grow", p.name, waits)
				}
				last = wait * 9 / 10 // jitter
			}
			if p == gabber && len(waits) != 3 {
				t.Errorf("%d retries, Gabber documents 3", len(waits))
			}
		}
	}
}

// TestSchedule_GTateth: the sums that follow from the documented strategies, in seconds.
func TestSchedule_GTateth(t *testing.T) {
	documented := map[time.Duration]bool{0: true, 14: true, 30: true, 275: true, 2046: true}
	for _, waits := range retries["g-tateth"] {
		sum := time.Duration(0)
		for _, wait := range waits {
			sum += wait
		}
		if !documented[sum/time.Second] {
			t.Errorf("%v add up to %v", waits, sum)
		}
	}
}
