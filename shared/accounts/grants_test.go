package accounts_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/webhook"
)

func atNine() time.Time { return time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC) }

// queue keeps what is published; it is down for the first down events.
type queue struct {
	down   int
	events []webhook.Event
}

var errDown = errors.New("queue is down")

func (q *queue) Publish(_ context.Context, e webhook.Event) error {
	if q.events = append(q.events, e); len(q.events) <= q.down {
		return errDown
	}
	return nil
}

// A grant that is not published leaves the limit as it was: repeated, it is.
func TestGrantsBook(t *testing.T) {
	books, published := ledger.NewMemory(atNine), &queue{down: 1}
	g := accounts.Grants{Ledger: books, Now: atNine, FollowUps: published}
	suspense := followups.Balance{Account: accounts.Suspense("acme", "p")}
	for i, row := range []struct {
		kind    ledger.Kind
		of      followups.Balance
		key     string
		amount  ledger.Micro
		outcome ledger.Outcome
		err     error
		events  int // published so far
	}{
		{ledger.Grant, accounts.BalanceOf("", "u1"), "k1", 5, ledger.Recorded, errDown, 1},
		{ledger.Grant, accounts.BalanceOf("", "u1"), "k1", 5, ledger.Duplicate, nil, 2},
		{ledger.Grant, accounts.BalanceOf("", "u1"), "k1", 6, ledger.Conflict, nil, 2},
		{ledger.Grant, accounts.BalanceOf("", "u2"), "k1", 5, ledger.Conflict, nil, 2},
		{ledger.Adjust, accounts.BalanceOf("", "u3"), "k1", 5, ledger.Recorded, nil, 3},
		{ledger.Adjust, accounts.BalanceOf("p", "u1"), "k2", -5, ledger.Recorded, nil, 4},
		{ledger.Adjust, suspense, "k3", 5, ledger.Recorded, nil, 4},
		{ledger.Grant, accounts.BalanceOf("", "u1"), "k4", ledger.MaxBalance / ledger.Credit, "", ledger.ErrOverflow, 4},
	} {
		_, outcome, err := g.Book(t.Context(), row.kind, row.of, row.key, row.amount*ledger.Credit, "")
		if outcome != row.outcome || !errors.Is(err, row.err) || len(published.events) != row.events {
			t.Errorf("%d: %q (%v), %d events", i, outcome, err, len(published.events))
		}
	}
	for _, e := range published.events {
		if e.Type != followups.BalanceChanged || !accounts.ByOperator(e) {
			t.Errorf("published %v", e)
		}
	}
	// A key that is repeated after years must find its entry.
	entries, _, err := books.Statement(t.Context(), "u1", "", 10)
	if err != nil || len(entries) != 1 || entries[0].ID != "cbf2ce0890ecd95ad4fd446f0e79dadcb09c4a1e577ce2934b8801c3468dbd34" ||
		entries[0].Fingerprint != "ebc3e94b7df94b3803986540ededb17ca7455f8269a0c3702d0bff7ed915c0b3" {
		t.Errorf("booked %+v (%v)", entries, err)
	}
}
