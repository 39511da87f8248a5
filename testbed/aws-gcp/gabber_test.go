package parity_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/webhook-functions/template/events/eventstest"
)

func gabberWithoutID(t *testing.T, dice *rand.Rand) (eventstest.Sample, bool) {
	if dice.IntN(3) > 0 {
		return eventstest.Sample{}, false
	}
	return eventstest.Signed(t, "gabber", "no id", fmt.Appendf(nil,
		`{"type":"usage.tracked","payload":{"type":"conversational_seconds","value":%d.25,"human":"u%d"}}`, 1+dice.IntN(3), dice.IntN(4))), true
}
