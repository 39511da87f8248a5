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

func TestGrants(t *testing.T) {
	books := ledger.NewMemory(atNine)
	var published int
	g := accounts.Grants{Ledger: books, Now: atNine,
		FollowUps: publisher(func(e webhook.Event) error {
			published++
			if e.Type != followups.BalanceChanged {
				t.Errorf("follow-up %s", e.Type)
			}
			return nil
		})}
	book := func(human, key string, amount ledger.Micro) ledger.Outcome {
		t.Helper()
		_, outcome, err := g.Book(t.Context(), ledger.Grant, accounts.BalanceOf("", human), key, amount, "")
		if err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	if got := book("u1", "k", 600*ledger.Credit); got != ledger.Recorded {
		t.Errorf("first: %s", got)
	}
	if got := book("u1", "k", 600*ledger.Credit); got != ledger.Duplicate {
		t.Errorf("same key again: %s", got)
	}
	if got := book("u1", "k", 601*ledger.Credit); got != ledger.Conflict {
		t.Errorf("same key, other amount: %s", got)
	}
	if got := book("u2", "k", 600*ledger.Credit); got != ledger.Conflict {
		t.Errorf("same key, other human: %s", got)
	}
	if _, outcome, err := g.Book(t.Context(), ledger.Adjust, accounts.BalanceOf("", "u3"), "k", 600*ledger.Credit, ""); outcome != ledger.Recorded || err != nil {
		t.Errorf("same key, as a correction: %s (%v)", outcome, err)
	}
	if balance(t, books) != "600" || published != 3 {
		t.Errorf("balance %s after %d follow-ups, want 600 after 3", balance(t, books), published)
	}
}

// A grant nobody is told of leaves the limit as it was: repeated, it is told.
func TestAGrantThatIsNotPublished(t *testing.T) {
	books := ledger.NewMemory(atNine)
	down, published := errors.New("queue is down"), 0
	g := accounts.Grants{Ledger: books, Now: atNine, FollowUps: publisher(func(webhook.Event) error {
		if published++; published == 1 {
			return down
		}
		return nil
	})}
	for i, want := range []error{down, nil} {
		if _, _, err := g.Book(t.Context(), ledger.Grant, accounts.BalanceOf("", "u1"), "k", 5*ledger.Credit, ""); !errors.Is(err, want) || published != i+1 {
			t.Errorf("try %d: %v after %d follow-ups", i+1, err, published)
		}
	}
	if balance(t, books) != "5" {
		t.Errorf("balance %s", balance(t, books))
	}
}

type publisher func(webhook.Event) error

func (p publisher) Publish(_ context.Context, e webhook.Event) error { return p(e) }

// atNine is a clock that stands still.
func atNine() time.Time { return time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC) }

func balance(t *testing.T, books ledger.Store) string {
	t.Helper()
	a, err := books.Account(t.Context(), "u1")
	if err != nil {
		t.Fatal(err)
	}
	return a.Balance.String()
}
