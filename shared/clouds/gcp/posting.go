package gcp

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/webhook-functions/template/shared/ledger"
)

const (
	// blindMost is the largest amount that is added without looking at the
	// balance: a session of 7 days, the longest that is booked, at one credit a
	// second. A dearer tariff costs a look per event.
	blindMost = 604_800 * ledger.Credit
	// fenceAt is where an account is moved behind the fence, about 10^12 credits.
	// From there it takes more than 13 million amounts of blindMost to get to the
	// end of 64 bits.
	fenceAt ledger.Micro = 1 << 60
)

// posting is one Post under way: what is to be booked and, once that was needed,
// what a look at the database showed.
type posting struct {
	account string
	entries []ledger.Entry

	looked         bool
	found          map[string]identity // stored entries, by ID
	stored, fenced *document           // the account
	twins          map[string]*twin
}

// identity is what tells a duplicate from a conflict.
type identity struct{ account, fingerprint string }

// needsALook says whether a blind write could be wrong.
func (p *posting) needsALook() bool {
	return slices.ContainsFunc(p.entries, func(e ledger.Entry) bool { return e.Twin != "" || isLarge(e) })
}

func isLarge(e ledger.Entry) bool { return e.Amount > blindMost || e.Amount < -blindMost }

// look reads everything the posting touches, as of one moment.
func (l *Ledger) look(ctx context.Context, p *posting) error {
	names := []string{l.accountName(p.account), l.fenceName(p.account)}
	for _, e := range p.entries {
		names = append(names, l.entryName(e.ID))
		if e.Twin != "" {
			names = append(names, l.guardName(e.Twin))
		}
	}
	documents, err := l.get(ctx, names...)
	if err != nil {
		return err
	}
	p.looked, p.found = true, make(map[string]identity)
	p.stored, p.fenced = documents[l.accountName(p.account)], documents[l.fenceName(p.account)]
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
	if e.Twin != "" && !p.twins[e.Twin].anchor(e) {
		outcome, e.Kind, e.Amount = ledger.WasSuppressed, ledger.Suppressed, 0
	}
	e.Account = p.account
	n.created = append(n.created, e)
	return outcome
}

// book adds the writes that change the account.
func (l *Ledger) book(p *posting, next *plan) error {
	if len(next.created) == 0 {
		return nil
	}
	if !p.looked || p.stored != nil && !slices.ContainsFunc(next.created, isLarge) {
		next.writes = append(next.writes, l.blindWrite(p.account, next.created))
		return nil
	}
	state, err := readAccount(p.account, cmp.Or(p.stored, p.fenced))
	if err != nil {
		return err
	}
	for _, e := range next.created {
		var fits bool
		if state.Balance, fits = state.Balance.Add(e.Amount); !fits {
			return ledger.ErrOverflow
		}
		state.Seq++
	}
	next.writes = append(next.writes, l.carefulWrites(p, state)...)
	return nil
}

// blindWrite adds to an account that exists.
func (l *Ledger) blindWrite(account string, created []ledger.Entry) write {
	var sum ledger.Micro // of small amounts: it takes millions to overflow
	for _, e := range created {
		sum += e.Amount
	}
	return write{
		Update:     &document{Name: l.accountName(account), Fields: fields{"account": text(account)}},
		Mask:       &mask{[]string{"account"}},
		Transforms: []transform{increment("balance", sum), increment("seq", int64(len(created)))},
		If:         present,
	}
}

// carefulWrites set an account that was looked at, on condition that it did not
// change since.
func (l *Ledger) carefulWrites(p *posting, state ledger.Account) []write {
	account := &document{Name: l.accountName(p.account), Fields: writeAccount(state)}
	fence := &document{Name: l.fenceName(p.account), Fields: writeAccount(state)}
	marker := &document{Name: fence.Name, Fields: fields{"account": text(p.account)}}
	near := -fenceAt < state.Balance && state.Balance < fenceAt
	switch {
	case p.fenced == nil && near: // open it
		return []write{{Update: account, If: absent}, {Update: marker, If: absent}}
	case p.fenced == nil: // open it behind the fence
		return []write{{Update: fence, If: absent}}
	case p.stored == nil: // it is behind the fence, and stays there
		return []write{{Update: fence, If: p.fenced.unchanged()}}
	case near:
		return []write{{Update: account, If: p.stored.unchanged()}}
	}
	return []write{{Delete: account.Name, If: p.stored.unchanged()}, {Update: fence, If: p.fenced.unchanged()}}
}
