package exhaust

import (
	"fmt"
	"testing"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/webhook"
)

// limits: two bookings, the messages of each delivered twice and at once, two pushers,
// answers that are lost, puts that land late, processes that die. The limit is what the
// balance buys in the end.
func limits(_ *testing.T, faults int) explored {
	m := &money{opening: 5, sent: []webhook.Event{usage("a", 2), usage("b", 2)}, alike: true, workers: 2, pushers: 2,
		doubles: func(e webhook.Event) bool { return e.Type == followups.BalanceChanged }}
	return m.explore(faults, m.limitIsBalance)
}

func (m *money) limitIsBalance(s state) error {
	if want := max(0, m.balance(s)); s.limit != want {
		return fmt.Errorf("the limit is %d, the balance %d", s.limit, m.balance(s))
	}
	return nil
}

// strangers: the platform meets the human at any moment, and refuses limits of a human it
// has not met. Then an operator sweeps, once all else is done.
func strangers(_ *testing.T, faults int) explored {
	m := &money{opening: 5, sent: []webhook.Event{usage("a", 2), usage("b", 2)}, alike: true, unknown: true, workers: 2, pushers: 2,
		doubles: func(webhook.Event) bool { return false }}
	return m.explore(faults, m.limitIsBalance)
}
