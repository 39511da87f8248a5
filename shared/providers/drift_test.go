package providers_test

import (
	"slices"
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers"
)

// A member of a documented event that no Go type knows would be noted as drift
// although nothing has drifted.
func TestSamplesHoldNothingUnknown(t *testing.T) {
	for _, p := range providers.Table() {
		for _, name := range events.Names(p.Name) {
			body, err := events.Body(p.Name, name)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := p.Decode(body)
			if err != nil || len(parsed.Unknown) != 0 {
				t.Errorf("%s %s: unknown %q, error %v", p.Name, name, parsed.Unknown, err)
			}
			old := slices.Contains([]string{"usage.tracked.human_id", "usage.tracked.both"}, name)
			if old != slices.Equal(parsed.Deprecated, []string{"payload.human_id"}) {
				t.Errorf("%s %s: deprecated %q", p.Name, name, parsed.Deprecated)
			}
		}
	}
}
