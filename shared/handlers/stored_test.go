package handlers_test

import (
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// What was booked is found again by its id and known by its fingerprint, after
// years and whatever release wrote it: with another derivation a redelivery would
// be charged again, or be a conflict.
func TestStoredEntriesAreFoundAgain(t *testing.T) {
	for _, row := range []struct {
		name, account   string
		book            func(t *testing.T, b *books)
		id, fingerprint string
	}{
		{"usage with an id", "u1", deducted(seconds("1", "u1", "30.0")),
			"8190dcb5e0322df2ac358ce46761c1ca779f233f801ee168e0f4cb70bd52eb54", "926c20defea5f3e96dce5c4ea9914eb4ff0941db9588ec8d586b4bd2a4621fe6"},
		{"usage without an id", "u1", deducted(`{"type":"conversational_seconds","value":4,"human_id":"u1"}`),
			"644bc30c8f98e11bc8e3cfbdc21628f916b00fe1561701a642e3b41e3ea0e395@2026-11-21T09:00:00Z", "c3c00dffb2db782251dfe3e0d812aabc42ddab5e149eb870cc2b4f818d50de48"},
		{"usage of nobody we know", "suspense\x1fgabber\x1fp", deducted(seconds("1", "", "30")),
			"8190dcb5e0322df2ac358ce46761c1ca779f233f801ee168e0f4cb70bd52eb54", "998e622e495852236dac44c4b06a30a74cfae7cdecb0c91ff9e63395284fc833"},
		{"a call", "c1", called(`"callId":"k1","customerId":"c1","duration":90`),
			"619d2621365c78f94869f33875f28b057275bd42fe85baf26e37511a35256582", "0b31e324c6d673ce8ba4946bdf0bd941fd18d968f370dbea399f70ac706aba33"},
		{"a grant", "u1", func(t *testing.T, b *books) {
			grants := accounts.Grants{Ledger: b.Ledger, FollowUps: &queue{}, Now: func() time.Time { return nine }}
			if _, _, err := grants.Book(t.Context(), ledger.Grant, accounts.BalanceOf("", "u1"), "k1", 5*ledger.Credit, ""); err != nil {
				t.Fatal(err)
			}
		}, "cbf2ce0890ecd95ad4fd446f0e79dadcb09c4a1e577ce2934b8801c3468dbd34", "ebc3e94b7df94b3803986540ededb17ca7455f8269a0c3702d0bff7ed915c0b3"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBooks(t, map[string]string{"TARIFF": "conversational_seconds=1,call_seconds=1"})
			row.book(t, b)
			entries, _, err := b.Ledger.Statement(t.Context(), row.account, "", 10)
			if err != nil || len(entries) != 1 {
				t.Fatalf("%d entries, %v", len(entries), err)
			}
			if e := entries[0]; e.ID != row.id || e.Fingerprint != row.fingerprint {
				t.Errorf("id %s, fingerprint %s; stored are %s, %s", e.ID, e.Fingerprint, row.id, row.fingerprint)
			}
		})
	}
}

func deducted(payload string) func(*testing.T, *books) {
	return func(t *testing.T, b *books) { b.Deduct(t.Context(), []webhook.Event{usage(t, payload, 0)}) }
}

func called(members string) func(*testing.T, *books) {
	return func(t *testing.T, b *books) {
		e := received(t, "g-tateth", callCompleted("2026-11-21T09:00:00Z", members), 0)
		handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, records.NewMemory(), atNine, b.Log)[e.Type](t.Context(), []webhook.Event{e})
	}
}
