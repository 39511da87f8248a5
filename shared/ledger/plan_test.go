package ledger_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/ledger"
)

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// planned is what a store would hold after a decision.
func planned(found ledger.Found, d ledger.Decision) ledger.Found {
	after := ledger.Found{Entries: maps.Clone(found.Entries), Dedup: map[string][]int64{}}
	for _, e := range d.Entries {
		after.Entries[e.ID] = e
	}
	for _, index := range []map[string][]int64{found.Dedup, d.Dedup} {
		for key, times := range index {
			after.Dedup[key] = append(after.Dedup[key], times...)
		}
	}
	if found.Account != nil {
		account := d.After(*found.Account)
		after.Account = &account
	}
	return after
}

// drawPosting draws a posting and what is stored of others. Few names make clashes
// the rule.
func drawPosting(t *rapid.T) (entries []ledger.Entry, found ledger.Found) {
	const most, bound = ledger.MaxAmount, ledger.MaxBalance
	entry := rapid.Custom(func(t *rapid.T) ledger.Entry {
		e := ledger.Entry{
			ID: fmt.Sprint(rapid.IntRange(1, 9).Draw(t, "id")), Kind: ledger.Charge, Usage: "u", Note: "n",
			Amount:      rapid.SampledFrom([]ledger.Micro{0, 1, -1, -7, 5, most, -most, most - 1}).Draw(t, "amount"),
			Fingerprint: rapid.SampledFrom([]string{"f", "f", "f", "g"}).Draw(t, "fingerprint"),
			Time:        now.Add(time.Duration(rapid.IntRange(-9, 9).Draw(t, "second")) * time.Second),
		}
		if rapid.Bool().Draw(t, "no id") {
			e.DedupKey = rapid.SampledFrom([]string{"k", "l"}).Draw(t, "key")
			e.DedupWindow = rapid.SampledFrom([]time.Duration{0, time.Second, 5 * time.Second, 1<<63 - 1}).Draw(t, "window")
		}
		return e
	})
	some := rapid.SliceOfN(entry, 0, 6)
	found = ledger.Found{Entries: map[string]ledger.Entry{}, Account: &ledger.Account{}}
	for _, account := range []string{"a", "b"} {
		d, err := ledger.Plan(account, some.Draw(t, "stored"), found, now)
		if err != nil {
			t.Fatal(err)
		}
		found = planned(found, d)
	}
	found.Account = &ledger.Account{ID: "a", Seq: 100, Balance: rapid.SampledFrom([]ledger.Micro{
		0, -40, bound, bound - 1, bound - most, bound - 2*most, -bound, 1 - bound, 5 - bound, most - bound,
	}).Draw(t, "balance")}
	return some.Draw(t, "posted"), found
}

// outcome judges one entry by a look at everything that is stored.
func outcome(e ledger.Entry, found ledger.Found) ledger.Outcome {
	if old, exists := found.Entries[e.ID]; exists && (old.Account != "a" || old.Fingerprint != e.Fingerprint) {
		return ledger.Conflict
	} else if exists {
		return ledger.Duplicate
	}
	for _, at := range found.Dedup[e.DedupKey] {
		if e.Time.Sub(time.Unix(0, at)).Abs() <= e.DedupWindow {
			return ledger.WasSuppressed
		}
	}
	return ledger.Recorded
}

// A posting is decided as if its entries came one by one, and overflows if one of
// them would.
func TestPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries, before := drawPosting(t)
		var want ledger.Decision
		state, fits := before, true
		for _, e := range entries {
			want.Outcomes = append(want.Outcomes, outcome(e, state))
			one, err := ledger.Plan("a", []ledger.Entry{e}, state, now)
			if fits = fits && err == nil; !fits {
				break
			}
			if one.Outcomes[0] != want.Outcomes[len(want.Outcomes)-1] {
				t.Fatalf("%+v is %s, want %s", e, one.Outcomes, want.Outcomes)
			}
			want.Entries, want.Sum = append(want.Entries, one.Entries...), want.Sum+one.Sum
			state = planned(state, one)
		}
		got, err := ledger.Plan("a", entries, before, now)
		if fits != (err == nil) || err != nil && !errors.Is(err, ledger.ErrOverflow) {
			t.Fatalf("error %v, one by one fits: %t", err, fits)
		}
		if err != nil {
			return
		}
		if !slices.Equal(got.Outcomes, want.Outcomes) || !slices.Equal(got.Entries, want.Entries) || got.Sum != want.Sum {
			t.Fatalf("%+v\nwant %+v", got, want)
		}
		if after := planned(before, got); !reflect.DeepEqual(after, state) {
			t.Fatalf("afterwards %+v\nwant %+v", after, state)
		}
	})
}

// What is written says what was given, under the account and at the time of the
// posting; what is suppressed moves nothing.
func TestPlan_writes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries, found := drawPosting(t)
		found.Account = nil
		d, err := ledger.Plan("a", entries, found, now)
		if err != nil {
			t.Fatal(err)
		}
		var want []ledger.Entry
		var sum ledger.Micro
		index := map[string][]int64{}
		for i, e := range entries {
			e.Account, e.Recorded = "a", now
			switch d.Outcomes[i] {
			case ledger.WasSuppressed:
				e.Kind, e.Amount = ledger.Suppressed, 0
				want = append(want, e)
			case ledger.Recorded:
				want, sum = append(want, e), sum+e.Amount
				if e.DedupKey != "" {
					index[e.DedupKey] = append(index[e.DedupKey], e.Time.UnixNano())
				}
			}
		}
		if !slices.Equal(d.Entries, want) || d.Sum != sum || !reflect.DeepEqual(d.Dedup, index) {
			t.Fatalf("%+v\nwant %+v, sum %d, index %v", d, want, sum, index)
		}
	})
}

// A store that reads less decides the same: no account, if it makes the write
// depend on the balance range; of the dedup index, the spans alone.
func TestPlan_readsLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries, found := drawPosting(t)
		whole, overflow := ledger.Plan("a", entries, found, now)
		less := ledger.Found{Entries: found.Entries, Dedup: map[string][]int64{}}
		for key, span := range ledger.DedupSpans(entries, found.Entries) {
			for _, at := range found.Dedup[key] {
				if span.From <= at && at <= span.To {
					less.Dedup[key] = append(less.Dedup[key], at)
				}
			}
		}
		blind, err := ledger.Plan("a", entries, less, now)
		if err != nil {
			t.Fatal(err)
		}
		least, most := blind.BalanceRange()
		if fits := least <= found.Account.Balance && found.Account.Balance <= most; fits != (overflow == nil) {
			t.Fatalf("from %d to %d: accepts %d %t, %v", least, most, found.Account.Balance, fits, overflow)
		}
		if overflow == nil && !reflect.DeepEqual(blind, whole) {
			t.Fatalf("%+v\nwant %+v", blind, whole)
		}
	})
}

// Posting again is always right, at any age: nothing is written.
func TestPlan_again(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries, found := drawPosting(t)
		first, err := ledger.Plan("a", entries, found, now)
		if err != nil {
			return
		}
		for i := range entries {
			entries[i].Time = entries[i].Time.AddDate(3, 0, 0)
		}
		again, err := ledger.Plan("a", entries, planned(found, first), now)
		if err != nil || len(again.Entries) != 0 || again.Sum != 0 || len(again.Dedup) != 0 {
			t.Fatalf("%+v, %v", again, err)
		}
		for i, o := range again.Outcomes {
			if o != ledger.Duplicate && (o != ledger.Conflict || first.Outcomes[i] != ledger.Conflict) {
				t.Fatalf("%s, then %s", first.Outcomes[i], o)
			}
		}
	})
}

// A posting that leaves the balance where it was may still leave the range on its way.
func TestPlan_everyStepStaysInRange(t *testing.T) {
	for _, sign := range []ledger.Micro{1, -1} {
		entries := []ledger.Entry{{ID: "1", Amount: sign}, {ID: "2", Amount: -sign}}
		found := ledger.Found{Account: &ledger.Account{ID: "a", Balance: sign * ledger.MaxBalance}}
		if _, err := ledger.Plan("a", entries, found, now); !errors.Is(err, ledger.ErrOverflow) {
			t.Errorf("%d first: %v", sign, err)
		}
	}
}
