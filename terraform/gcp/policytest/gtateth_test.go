package policytest

import (
	"testing"

	"github.com/webhook-functions/template/terraform/tftest"
)

// G-Tateth's scheme is changed by settings alone.
func TestSwitchedScheme(t *testing.T) {
	tftest.CheckSwitched(t, planOf(t, "options").getenv("ingest"))
}
