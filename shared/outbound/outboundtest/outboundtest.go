// Package outboundtest says what the platforms must have been told in the end, on
// every cloud: tests of a whole deployment call it when all queues are empty.
package outboundtest

import (
	"testing"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

// samples say what must have been told once every sample arrived twice.
var samples = []func(*testing.T, *fakeapi.API){
	CheckGabber,
	CheckLeads,
	CheckCalls,
}

// CheckSamples: every sample arrived twice.
func CheckSamples(t *testing.T, fake *fakeapi.API) {
	t.Helper()
	for _, check := range samples {
		check(t, fake)
	}
}

// CheckCalls: no call was one that the platforms do not document.
func CheckCalls(t *testing.T, fake *fakeapi.API) {
	t.Helper()
	if wrong := fake.State().Wrong; len(wrong) != 0 {
		t.Errorf("wrong calls: %q", wrong)
	}
}
