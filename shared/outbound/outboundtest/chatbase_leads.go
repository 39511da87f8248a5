package outboundtest

import (
	"testing"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

// CheckLeads: each sample of a lead was forwarded once.
func CheckLeads(t *testing.T, fake *fakeapi.API) {
	t.Helper()
	if n := len(fake.State().Leads); n != 3 {
		t.Errorf("%d leads were forwarded, want 3", n)
	}
}
