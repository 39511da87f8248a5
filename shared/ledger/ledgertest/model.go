package ledgertest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/ledger"
)

// model is the ledger at its most naive: one list, searched from the front.
type model []ledger.Entry

// post gives what a store should answer. refused says that an amount is beyond
// the bound. Too few entries are drawn to fill an account.
func (m model) post(account string, entries []ledger.Entry) (after model, outcomes []ledger.Outcome, refused bool) {
	after = slices.Clone(m)
	for _, e := range entries {
		refused = refused || e.Amount > ledger.MaxAmount || e.Amount < -ledger.MaxAmount
		outcome := after.outcome(account, e)
		outcomes = append(outcomes, outcome)
		if outcome == ledger.WasSuppressed {
			e.Kind, e.Amount = ledger.Suppressed, 0
		}
		if outcome == ledger.Recorded || outcome == ledger.WasSuppressed {
			e.Account = account
			after = append(after, e)
		}
	}
	return after, outcomes, refused
}

func (m model) outcome(account string, e ledger.Entry) ledger.Outcome {
	for _, old := range m {
		if old.ID == e.ID && old.Fingerprint == e.Fingerprint && old.Account == account {
			return ledger.Duplicate
		}
		if old.ID == e.ID {
			return ledger.Conflict
		}
	}
	for _, old := range m {
		if e.DedupKey == "" || e.DedupKey != old.DedupKey || old.Kind == ledger.Suppressed {
			continue
		}
		if old.Time.Sub(e.Time).Abs() <= e.DedupWindow {
			return ledger.WasSuppressed
		}
	}
	return ledger.Recorded
}

func (m model) of(account string) (own []ledger.Entry) {
	for _, e := range m {
		if e.Account == account {
			own = append(own, e)
		}
	}
	return own
}

func (m model) balance(account string) *big.Int {
	sum := new(big.Int)
	for _, e := range m.of(account) {
		sum.Add(sum, big.NewInt(int64(e.Amount)))
	}
	return sum
}

// naiveModelAgrees draws short histories over very few names, so that clashes
// are the rule, and compares store and model call by call.
func naiveModelAgrees(d *desk) {
	histories := 0
	rapid.Check(d.T, func(t *rapid.T) {
		histories++
		prefix := d.name("%d/", histories)
		world := model{}
		for range rapid.IntRange(1, 6).Draw(t, "calls") {
			account := prefix + rapid.SampledFrom([]string{"a", "A"}).Draw(t, "account")
			entries := rapid.SliceOfN(entry(prefix), 1, 4).Draw(t, "entries")
			world = world.compare(t, d.store, account, entries)
		}
		world.compareStatements(t, d.store, prefix+"a", prefix+"A")
	})
}

func entry(prefix string) *rapid.Generator[ledger.Entry] {
	const most = ledger.MaxAmount
	amounts := []ledger.Micro{-1, -7, -ledger.Credit, 0, 5, most, -most, most + 1, -most - 1, math.MaxInt64, math.MinInt64}
	return rapid.Custom(func(t *rapid.T) ledger.Entry {
		e := ledger.Entry{
			ID:          fmt.Sprintf("%s%d", prefix, rapid.IntRange(1, 9).Draw(t, "id")),
			Kind:        rapid.SampledFrom([]ledger.Kind{ledger.Charge, ledger.Unpriced, ledger.Grant, ledger.Adjust}).Draw(t, "kind"),
			Amount:      rapid.SampledFrom(amounts).Draw(t, "amount"),
			Fingerprint: rapid.SampledFrom([]string{"f", "f", "f", "g"}).Draw(t, "fingerprint"),
			Time:        start.Add(time.Duration(rapid.IntRange(-20, 20).Draw(t, "minute")) * time.Minute),
		}
		if rapid.Bool().Draw(t, "without an id") {
			e.DedupKey = prefix + rapid.SampledFrom([]string{"t", "u"}).Draw(t, "dedup key")
			e.DedupWindow = time.Duration(rapid.IntRange(0, 15).Draw(t, "window")) * time.Minute
		}
		return e
	})
}

// compare posts to both and gives the model's next state.
func (m model) compare(t *rapid.T, store ledger.Store, account string, entries []ledger.Entry) model {
	after, want, refused := m.post(account, entries)
	balance := after.balance(account)
	got, err := store.Post(t.Context(), account, entries)
	a, readErr := store.Account(t.Context(), account)
	switch {
	case refused && !errors.Is(err, ledger.ErrOverflow):
		t.Fatalf("account %q: error %v, want %v", account, err, ledger.ErrOverflow)
	case refused:
		return m
	case err != nil || readErr != nil:
		t.Fatalf("account %q: %v, %v", account, err, readErr)
	case !slices.Equal(got, want):
		t.Fatalf("account %q: outcomes %v, want %v", account, got, want)
	case int64(a.Balance) != balance.Int64() || a.Seq != int64(len(after.of(account))):
		t.Fatalf("account %q: balance %d at seq %d, want %s at %d", account, a.Balance, a.Seq, balance, len(after.of(account)))
	}
	return after
}

// compareStatements compares what is stored, entry by entry.
func (m model) compareStatements(t *rapid.T, store ledger.Store, accounts ...string) {
	CheckLedger(t, store, accounts...)
	for _, account := range accounts {
		all, err := statement(store, account, 7)
		if err != nil {
			t.Fatalf("account %q: %v", account, err)
		}
		got, want := facts(all), facts(m.of(account))
		if !maps.Equal(got, want) {
			t.Fatalf("account %q: entries %v, want %v", account, got, want)
		}
	}
}

func facts(entries []ledger.Entry) map[string]string {
	facts := map[string]string{}
	for _, e := range entries {
		facts[e.ID] = fmt.Sprintf("%s %d %s %s", e.Kind, e.Amount, e.Fingerprint, e.Time.UTC().Format(time.RFC3339Nano))
	}
	return facts
}
