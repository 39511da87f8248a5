package exhaust

import (
	"errors"
	"testing"

	"github.com/webhook-functions/template/shared/webhook"
)

// grant: a charge exhausts an account while an operator grants credits. The balance
// crosses zero twice or never, and what is told last is that the account is restored.
func grant(pushers int) func(*testing.T, int) explored {
	return func(_ *testing.T, faults int) explored {
		granting := webhook.Event{ID: "a grant", Source: "/functions/operator", Type: granted}
		m := &money{opening: 3, sent: []webhook.Event{usage("a", 4), granting}, workers: 1, pushers: pushers, crossings: 2,
			doubles: func(webhook.Event) bool { return false }}
		return m.explore(faults, func(s state) error {
			return errors.Join(m.limitIsBalance(s), m.charged(s, 4, -5), m.allTold(s))
		})
	}
}
