package handlers_test

import (
	"testing"

	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestStoredEntriesAreFoundAgain_gabber(t *testing.T) {
	foundAgain(t, []storedRow{
		{"usage with an id", "u1", deducted(seconds("1", "u1", "30.0")),
			"8190dcb5e0322df2ac358ce46761c1ca779f233f801ee168e0f4cb70bd52eb54", "926c20defea5f3e96dce5c4ea9914eb4ff0941db9588ec8d586b4bd2a4621fe6"},
		{"usage without an id", "u1", deducted(`{"type":"conversational_seconds","value":4,"human_id":"u1"}`),
			"644bc30c8f98e11bc8e3cfbdc21628f916b00fe1561701a642e3b41e3ea0e395@2026-11-21T09:00:00Z", "c3c00dffb2db782251dfe3e0d812aabc42ddab5e149eb870cc2b4f818d50de48"},
		{"usage of nobody we know", "suspense\x1fgabber\x1fp", deducted(seconds("1", "", "30")),
			"8190dcb5e0322df2ac358ce46761c1ca779f233f801ee168e0f4cb70bd52eb54", "998e622e495852236dac44c4b06a30a74cfae7cdecb0c91ff9e63395284fc833"},
	})
}

func deducted(payload string) func(*testing.T, *books) {
	return func(t *testing.T, b *books) {
		b.Decode = gabber.Decode
		b.Deduct(t.Context(), []webhook.Event{gabberUsage(t, payload, 0)})
	}
}
