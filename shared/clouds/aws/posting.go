package aws

import (
	"context"
	"errors"
	"maps"
	"math"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

// posting is one Post under way: what is to be booked, and what is known to be
// booked already.
type posting struct {
	account string
	entries []ledger.Entry
	found   map[string]identity // stored entries, by ID
}

// identity is what tells a duplicate from a conflict.
type identity struct{ account, fingerprint string }

// plan is one try: what Post would say if the writes succeed, and the writes.
type plan struct {
	account  string
	outcomes []ledger.Outcome // one per entry of the posting
	created  []ledger.Entry
	twins    map[string]*twin
	balance  swing
}

// plan decides about every entry, in order.
func (l *Ledger) plan(ctx context.Context, p posting) (*plan, error) {
	twins, err := l.readTwins(ctx, p)
	if err != nil {
		return nil, err
	}
	next := &plan{account: p.account, outcomes: make([]ledger.Outcome, len(p.entries)), twins: twins}
	booked := make(map[string]identity, len(p.entries))
	maps.Copy(booked, p.found)
	for i, e := range p.entries {
		own := identity{p.account, e.Fingerprint}
		if there, ok := booked[e.ID]; ok {
			next.outcomes[i] = ledger.Conflict
			if there == own {
				next.outcomes[i] = ledger.Duplicate
			}
			continue
		}
		booked[e.ID] = own
		next.outcomes[i] = next.create(e)
	}
	return next, nil
}

func (p *plan) create(e ledger.Entry) ledger.Outcome {
	outcome := ledger.Recorded
	if e.DedupKey != "" && !p.twins[e.DedupKey].anchor(e) {
		outcome, e.Kind, e.Amount = ledger.WasSuppressed, ledger.Suppressed, 0
	}
	e.Account = p.account
	p.balance.add(e.Amount)
	p.created = append(p.created, e)
	return outcome
}

// writes lists the entries first, then the account, then the twins: learn finds
// its way by that order.
func (p *plan) writes(table string, now time.Time) []write {
	var writes []write
	for _, e := range p.created {
		e.Recorded = now
		writes = append(writes, write{Put: &put{table, writeEntry(e), condition{
			Expression: "attribute_not_exists(pk)", OnFailure: oldItem,
		}}})
	}
	writes = append(writes, write{Update: &update{table, accountKey(p.account), "ADD balance :sum, seq :entries", p.balance.condition(int64(len(p.created)))}})
	for _, t := range p.twins {
		writes = append(writes, t.writes(table)...)
	}
	return writes
}

// swing is how far the entries of one posting move a balance, and how far on the
// way: at no step may it lead beyond the bound. The entries of one transaction
// lead less far than the bound, so an account that does not exist yet fits.
type swing struct{ sum, low, high ledger.Micro }

func (s *swing) add(amount ledger.Micro) {
	s.sum += amount
	s.low, s.high = min(s.low, s.sum), max(s.high, s.sum)
}

// condition guards the balance without reading it: it must lie where the whole
// swing fits. What leads towards zero always fits.
func (s *swing) condition(entries int64) condition {
	least, most := ledger.Micro(math.MinInt64), ledger.Micro(math.MaxInt64)
	if s.low < 0 {
		least = -ledger.MaxBalance - s.low
	}
	if s.high > 0 {
		most = ledger.MaxBalance - s.high
	}
	return condition{Expression: "attribute_not_exists(pk) OR (balance >= :least AND balance <= :most)", Values: item{
		":sum": number(s.sum), ":entries": number(entries), ":least": number(least), ":most": number(most),
	}}
}

// lesson is what a refused transaction teaches.
type lesson int

const (
	final     lesson = iota // no other try can help, or the error is not about the plan
	planAnew                // some entries exist already: go on without them
	contended               // another transaction was in the way: wait, then go on
	overflows               // the balance would leave its bounds
)

// learn reads why a transaction was canceled and adds the entries that turned
// out to exist to found. Several reasons may come at once. An entry counts as
// existing only if it came back, and the balance as out of range only if nothing
// else was wrong: without a duplicate, or with a twin, the sum is another.
func (p *plan) learn(err error, found map[string]identity) lesson {
	refusal, ok := errors.AsType[*Error](err)
	if !ok || refusal.Code != "TransactionCanceledException" || invalid(err) {
		return final
	}
	known, failed := len(found), 0
	for i, reason := range refusal.canceled {
		if reason.Code != "None" {
			failed++
		}
		if i < len(p.created) && reason.Code == conditionFailed && reason.Item != nil {
			found[p.created[i].ID] = identity{reason.Item.text("account"), reason.Item.text("fingerprint")}
		}
	}
	switch at := len(p.created); {
	case len(found) > known:
		return planAnew
	case failed == 1 && at < len(refusal.canceled) && refusal.canceled[at].Code == conditionFailed:
		return overflows
	}
	return contended
}

const conditionFailed = "ConditionalCheckFailed"
