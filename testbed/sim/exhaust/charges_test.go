package exhaust

import (
	"errors"
	"fmt"
	"testing"

	"github.com/webhook-functions/template/shared/webhook"
)

// charges: two charges of one account that exhaust it, each message delivered up to twice
// and at once, two workers, two pushers, answers that are lost, processes that die. In
// the end each is charged once, the limit is nothing, and that the account is exhausted
// has been told.
func charges(_ *testing.T, faults int) explored {
	m := &money{opening: 3, sent: []webhook.Event{usage("a", 2), usage("b", 2)}, alike: true, workers: 2, pushers: 2, crossings: 1,
		doubles: func(e webhook.Event) bool { return e.Provider() != "" }}
	return m.explore(faults, func(s state) error {
		return errors.Join(m.limitIsBalance(s), m.charged(s, 2, 2), m.allTold(s))
	})
}

// charged says whether these credits were charged, each once.
func (m *money) charged(s state, credits ...int) error {
	var entries, sum int
	for _, e := range s.entries {
		if e != 0 {
			entries++
			sum -= int(m.entries.all[e].Amount / 1_000_000)
		}
	}
	want := 0
	for _, c := range credits {
		want += c
	}
	if entries != len(credits) || sum != want {
		return fmt.Errorf("%d entries take %d credits away", entries, sum)
	}
	return nil
}

// allTold says whether the crossings told are those of an account that is exhausted now,
// or is not, and none is left out.
func (m *money) allTold(s state) error {
	if exhausted := m.balance(s) <= 0; exhausted != (s.crossing%2 == 1) {
		return fmt.Errorf("the last crossing on record is number %d", s.crossing)
	}
	for n := range s.crossing {
		if s.told&(2<<n) == 0 {
			return fmt.Errorf("crossing %d is not told", n+1)
		}
	}
	return nil
}
