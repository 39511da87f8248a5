package ledger

import (
	"math"
	"slices"
	"time"
)

// Found is what a store holds of what a posting is about.
type Found struct {
	Entries map[string]Entry   // by ID; Account and Fingerprint suffice
	Dedup   map[string][]int64 // the dedup index by DedupKey: Unix nanoseconds within [DedupSpans]
	Account *Account           // nil if it was not read
}

// Decision is what a store writes for a posting, in one atomic unit, and what Post
// answers then.
type Decision struct {
	Outcomes []Outcome          // one per entry of the posting
	Entries  []Entry            // to create, whole
	Sum      Micro              // of their amounts, to add to the balance; their number is added to seq
	Dedup    map[string][]int64 // to add to the dedup index

	low, high Micro // how far the entries lead the balance, step by step
}

// Plan decides about every entry of a posting, in order. It fails with
// [ErrOverflow] if an amount is out of range, or the balance where the account was
// read; otherwise the store makes its write depend on [Decision.BalanceRange].
func Plan(account string, entries []Entry, found Found, now time.Time) (Decision, error) {
	if err := CheckAmounts(entries); err != nil {
		return Decision{}, err
	}
	d := Decision{Outcomes: make([]Outcome, len(entries)), Dedup: map[string][]int64{}}
	created := make(map[string]Entry, len(entries))
	for i, e := range entries {
		e.Account, e.Recorded = account, now
		old, exists := found.Entries[e.ID]
		if !exists {
			old, exists = created[e.ID]
		}
		switch {
		case !exists:
			created[e.ID] = e
			d.Outcomes[i] = d.create(e, found.Dedup[e.DedupKey])
		case old.Account == account && old.Fingerprint == e.Fingerprint:
			d.Outcomes[i] = Duplicate
		default:
			d.Outcomes[i] = Conflict
		}
	}
	if least, most := d.BalanceRange(); found.Account != nil && (found.Account.Balance < least || found.Account.Balance > most) {
		return Decision{}, ErrOverflow
	}
	return d, nil
}

// create adds one entry, suppressed if the dedup index has its key within its window.
func (d *Decision) create(e Entry, index []int64) Outcome {
	outcome := Recorded
	e.Time = time.Unix(0, e.Time.UnixNano()).UTC() // what every store keeps of it
	if e.DedupKey != "" {
		window := dedupSpan(e)
		if slices.ContainsFunc(index, window.contains) || slices.ContainsFunc(d.Dedup[e.DedupKey], window.contains) {
			outcome, e.Kind, e.Amount = WasSuppressed, Suppressed, 0
		} else {
			d.Dedup[e.DedupKey] = append(d.Dedup[e.DedupKey], e.Time.UnixNano())
		}
	}
	d.Entries = append(d.Entries, e)
	d.Sum += e.Amount
	d.low, d.high = min(d.low, d.Sum), max(d.high, d.Sum)
	return outcome
}

// BalanceRange gives the balances from which every step stays within
// [MaxBalance]. What leads towards zero fits from everywhere.
func (d Decision) BalanceRange() (least, most Micro) {
	least, most = math.MinInt64, math.MaxInt64
	if d.low < 0 {
		least = -MaxBalance - d.low
	}
	if d.high > 0 {
		most = MaxBalance - d.high
	}
	return least, most
}

// After gives the account once the entries are written.
func (d Decision) After(a Account) Account {
	a.Balance, a.Seq = a.Balance+d.Sum, a.Seq+int64(len(d.Entries))
	return a
}
