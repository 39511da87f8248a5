package gcp

import (
	"context"
	"maps"
	"slices"

	"github.com/webhook-functions/template/shared/ledger"
)

// blindMost is the largest amount that is added without looking at the balance: a
// session of 7 days, the longest that is booked, at one credit a second. A dearer
// tariff costs a look per event. From [ledger.MaxBalance] it takes more than 13
// million amounts of blindMost to get to the end of 64 bits, where Firestore's
// increment does not fail but sticks; all that time the account is not sane.
const blindMost = 604_800 * ledger.Credit

// posting is one Post under way: what is to be booked and, once that was needed,
// what a look at the database showed.
type posting struct {
	account string
	entries []ledger.Entry

	looked bool
	found  map[string]identity // stored entries, by ID
	stored *document           // the account
	twins  map[string]*twin
}

// identity is what tells a duplicate from a conflict.
type identity struct{ account, fingerprint string }

// needsALook says whether a blind write could be wrong.
func (p *posting) needsALook() bool {
	return slices.ContainsFunc(p.entries, func(e ledger.Entry) bool { return e.DedupKey != "" || isLarge(e) })
}

func isLarge(e ledger.Entry) bool { return e.Amount > blindMost || e.Amount < -blindMost }

// look reads everything the posting touches, as of one moment.
func (l *Ledger) look(ctx context.Context, p *posting) error {
	names := []string{l.accountName(p.account)}
	for _, e := range p.entries {
		names = append(names, l.entryName(e.ID))
		if e.DedupKey != "" {
			names = append(names, l.guardName(e.DedupKey))
		}
	}
	documents, err := l.get(ctx, names...)
	if err != nil {
		return err
	}
	p.looked, p.found = true, make(map[string]identity)
	p.stored = documents[l.accountName(p.account)]
	for _, e := range p.entries {
		if there := documents[l.entryName(e.ID)]; there != nil {
			p.found[e.ID] = identity{there.Fields.text("account"), there.Fields.text("fingerprint")}
		}
	}
	p.twins, err = l.readTwins(ctx, p, documents)
	return err
}

// plan is one try: what Post would say if the commit succeeds, and the commit.
type plan struct {
	outcomes []ledger.Outcome // one per entry of the posting
	created  []ledger.Entry
	writes   []write
}

// plan decides about every entry, in order. It fails with ErrOverflow, or if the
// stored account holds something that is no number.
func (l *Ledger) plan(p *posting) (*plan, error) {
	next := &plan{outcomes: make([]ledger.Outcome, len(p.entries))}
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
		next.outcomes[i] = next.create(p, e)
	}
	for _, e := range next.created {
		e.Recorded = l.client.now()
		next.writes = append(next.writes, write{Update: &document{Name: l.entryName(e.ID), Fields: writeEntry(e)}, If: absent})
	}
	for _, t := range p.twins {
		next.writes = append(next.writes, l.twinWrites(t)...)
	}
	return next, l.book(p, next)
}

func (n *plan) create(p *posting, e ledger.Entry) ledger.Outcome {
	outcome := ledger.Recorded
	if e.DedupKey != "" && !p.twins[e.DedupKey].anchor(e) {
		outcome, e.Kind, e.Amount = ledger.WasSuppressed, ledger.Suppressed, 0
	}
	e.Account = p.account
	n.created = append(n.created, e)
	return outcome
}

// book adds the write that changes the account: an increment, which needs the
// account to exist, or after a look that found none the account itself. What was
// looked at must stay within the bounds. Large amounts at the same moment may
// still pass them together, by a handful; it takes hundreds to leave 64 bits.
func (l *Ledger) book(p *posting, next *plan) error {
	if len(next.created) == 0 {
		return nil
	}
	before, err := readAccount(p.account, p.stored)
	if err != nil {
		return err
	}
	after := before
	for _, e := range next.created {
		var fits bool
		if after.Balance, fits = after.Balance.Add(e.Amount); !fits {
			return ledger.ErrOverflow
		}
		after.Seq++
	}
	if p.looked && p.stored == nil {
		next.writes = append(next.writes, write{Update: &document{Name: l.accountName(p.account), Fields: writeAccount(after)}, If: absent})
		return nil
	}
	next.writes = append(next.writes, write{
		Update:     &document{Name: l.accountName(p.account), Fields: fields{"account": text(p.account)}},
		Mask:       &mask{[]string{"account"}},
		Transforms: []transform{increment("balance", after.Balance-before.Balance), increment("seq", after.Seq-before.Seq)},
		If:         present,
	})
	return nil
}
