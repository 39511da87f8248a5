package gcp

import (
	"fmt"

	"github.com/webhook-functions/template/shared/ledger"
)

// writeEntry leaves empty texts out: a document is stored and paid for by size.
func writeEntry(e ledger.Entry) fields {
	stored := fields{"amount": number(e.Amount), "time": moment(e.Time), "recorded": moment(e.Recorded)}
	for name, content := range map[string]string{
		"id": e.ID, "account": e.Account, "kind": string(e.Kind), "fingerprint": e.Fingerprint, "twin": e.DedupKey,
		"usage": e.Usage, "value": e.Value, "source": e.Source, "note": e.Note,
	} {
		if content != "" {
			stored[name] = text(content)
		}
	}
	if e.DedupWindow != 0 {
		stored["window"] = number(e.DedupWindow)
	}
	return stored
}

func readEntry(stored fields) (ledger.Entry, error) {
	var at, recorded int64
	e := ledger.Entry{
		ID:          stored.text("id"),
		Account:     stored.text("account"),
		Kind:        ledger.Kind(stored.text("kind")),
		Fingerprint: stored.text("fingerprint"),
		DedupKey:    stored.text("twin"),
		Usage:       stored.text("usage"),
		Value:       stored.text("value"),
		Source:      stored.text("source"),
		Note:        stored.text("note"),
	}
	err := stored.numbers(map[string]*int64{
		"amount": (*int64)(&e.Amount), "window": (*int64)(&e.DedupWindow), "time": &at, "recorded": &recorded,
	})
	e.Time, e.Recorded = fromNanos(at), fromNanos(recorded)
	return e, err
}

func writeAccount(a ledger.Account) fields {
	return fields{"account": text(a.ID), "balance": number(a.Balance), "seq": number(a.Seq), "synced_seq": number(a.PushedSeq)}
}

// readAccount takes no document, and one without a balance, for an empty account.
func readAccount(account string, stored *document) (ledger.Account, error) {
	a := ledger.Account{ID: account}
	if stored == nil {
		return a, nil
	}
	err := stored.Fields.numbers(map[string]*int64{"balance": (*int64)(&a.Balance), "seq": &a.Seq, "synced_seq": &a.PushedSeq})
	if err != nil {
		return a, fmt.Errorf("account: %w", err)
	}
	return a, nil
}
