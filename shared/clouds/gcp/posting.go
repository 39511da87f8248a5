package gcp

import (
	"context"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/webhook"
)

// blindMost is the largest amount that is added without reading the balance: a
// session of 7 days, the longest that is charged, at one credit a second. A dearer
// tariff costs a read per event. From [ledger.MaxBalance] it takes more than 13
// million amounts of blindMost to get to the end of 64 bits, where Firestore's
// increment does not fail but sticks; all that time the account is not valid.
const blindMost = 604_800 * ledger.Credit

// Post plans a commit, tries it, and if it is refused reads and plans anew. An
// entry that our own first try wrote, whose answer was lost, comes out as a
// duplicate: it is there and means the same.
func (l *Ledger) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	if !utf8.ValidString(account) { // JSON would merge it with another account
		return nil, webhook.Permanent("account name is not UTF-8")
	}
	reads := mustRead(entries)
	for try := 1; ; try++ {
		var found ledger.Found
		var stored map[string]*document
		var err error
		if reads {
			if found, stored, err = l.find(ctx, account, entries); err != nil {
				return nil, wrap("post to ledger", err)
			}
		}
		decision, err := ledger.Plan(account, entries, found, l.client.now())
		if err != nil || len(decision.Entries) == 0 {
			return decision.Outcomes, err
		}
		if err = l.commit(ctx, l.writes(account, decision, found, stored)); err == nil {
			return decision.Outcomes, nil
		}
		if !stale(err) && !contended(err) || try == contentions {
			return nil, refused(err, len(entries))
		}
		if reads || contended(err) { // another process was faster: not again at the same moment
			_ = l.client.pause(ctx, try, contentionBackoff)
		}
		reads = reads || stale(err)
	}
}

// mustRead says whether a blind write could be wrong.
func mustRead(entries []ledger.Entry) bool {
	return slices.ContainsFunc(entries, func(e ledger.Entry) bool {
		return e.DedupKey != "" || e.Amount > blindMost || e.Amount < -blindMost
	})
}

// refused calls an entry that Firestore can never store permanent, but not its
// neighbours: together they come back, and the worker then posts them alone.
func refused(err error, entries int) error {
	if invalid(err) && entries == 1 {
		return webhook.Permanent("the ledger's database cannot hold the entry")
	}
	return wrap("post to ledger", err)
}

// find reads what the posting is about: account, entries and dedup versions as of
// one moment, then the dedup index. It gives the documents by name, too.
func (l *Ledger) find(ctx context.Context, account string, entries []ledger.Entry) (ledger.Found, map[string]*document, error) {
	names := []string{l.accountName(account)}
	for _, e := range entries {
		names = append(names, l.entryName(e.ID))
		if e.DedupKey != "" {
			names = append(names, l.versionName(e.DedupKey))
		}
	}
	stored, err := l.get(ctx, names...)
	if err != nil {
		return ledger.Found{}, nil, err
	}
	state, err := readAccount(account, stored[l.accountName(account)])
	found := ledger.Found{Entries: make(map[string]ledger.Entry), Account: &state}
	for _, e := range entries {
		if there := stored[l.entryName(e.ID)]; there != nil {
			found.Entries[e.ID] = ledger.Entry{Account: there.Fields.text("account"), Fingerprint: there.Fields.text("fingerprint")}
		}
	}
	if err == nil {
		found.Dedup, err = l.readDedup(ctx, ledger.DedupSpans(entries, found.Entries), stored)
	}
	return found, stored, err
}

// writes lists the commit's writes. The account is incremented, which needs it to
// exist; an account that was read and does not exist is created. Large amounts at
// the same moment may still pass the bound of a balance together, by a handful; it
// takes hundreds to leave 64 bits.
func (l *Ledger) writes(account string, d ledger.Decision, found ledger.Found, stored map[string]*document) (writes []write) {
	for _, e := range d.Entries {
		writes = append(writes, write{Update: &document{Name: l.entryName(e.ID), Fields: writeEntry(e)}, If: absent})
	}
	for _, key := range slices.Sorted(maps.Keys(d.Dedup)) {
		writes = append(writes, l.dedupWrites(key, d.Dedup[key], stored[l.versionName(key)])...)
	}
	name := l.accountName(account)
	if found.Account != nil && stored[name] == nil {
		return append(writes, write{Update: &document{Name: name, Fields: writeAccount(d.After(*found.Account))}, If: absent})
	}
	return append(writes, write{
		Update:     &document{Name: name, Fields: fields{"account": text(account)}},
		Mask:       &mask{[]string{"account"}},
		Transforms: []transform{increment("balance", d.Sum), increment("seq", int64(len(d.Entries)))},
		If:         present,
	})
}
