package e2e_test

import (
	"fmt"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/ledger"
)

// gabberNoID is usage without an id, and a retry of it, which is suppressed: its own
// first try must not look like one.
var gabberNoID = extra{
	deliver: func(s *system, e *expectation, n int) {
		body := fmt.Appendf(nil, `{"type":"usage.tracked","payload":{"type":"conversational_seconds","value":%d,"human":"nameless"}}`, 1000+n)
		sample := eventstest.Signed(s, "gabber", "no id", body)
		e.deliver(s, sample, "nameless")
		e.deliver(s, sample, "nameless")
	},
	check: func(s *system, rounds int) {
		sum := 0
		for n := range rounds {
			sum += 1000 + n
		}
		s.balance("nameless", -ledger.Micro(sum), 0) // how many retries were suppressed depends on the kills
	},
}
