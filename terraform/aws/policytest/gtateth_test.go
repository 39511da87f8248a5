package policytest

import (
	"testing"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/terraform/tftest"
)

func init() {
	variants[1].parameters["Schemes"] = eventstest.TimedScheme
}

// G-Tateth's scheme is changed by settings alone.
func TestSwitchedScheme(t *testing.T) {
	for where, s := range variants[1].systems(t) {
		t.Run(where, func(t *testing.T) { tftest.CheckSwitched(t, s.getenv("ingest")) })
	}
}
