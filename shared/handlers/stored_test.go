package handlers_test

import (
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/ledger"
)

// What was booked is found again by its id and known by its fingerprint, after
// years and whatever release wrote it: with another derivation a redelivery would
// be charged again, or be a conflict.
func TestStoredEntriesAreFoundAgain(t *testing.T) {
	foundAgain(t, []storedRow{
		{"a grant", "u1", func(t *testing.T, b *books) {
			grants := accounts.Grants{Ledger: b.Ledger, FollowUps: &queue{}, Now: func() time.Time { return nine }}
			if _, _, err := grants.Book(t.Context(), ledger.Grant, accounts.BalanceOf("", "u1"), "k1", 5*ledger.Credit, ""); err != nil {
				t.Fatal(err)
			}
		}, "cbf2ce0890ecd95ad4fd446f0e79dadcb09c4a1e577ce2934b8801c3468dbd34", "ebc3e94b7df94b3803986540ededb17ca7455f8269a0c3702d0bff7ed915c0b3"},
	})
}

// storedRow is one entry as it is stored.
type storedRow struct {
	name, account   string
	book            func(t *testing.T, b *books)
	id, fingerprint string
}

func foundAgain(t *testing.T, rows []storedRow) {
	t.Helper()
	for _, row := range rows {
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
