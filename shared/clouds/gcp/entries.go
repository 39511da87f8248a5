package gcp

import (
	"github.com/webhook-functions/template/shared/ledger"
)

func writeEntry(e ledger.Entry) fields {
	stored := fields{"id": text(e.ID), "amount": number(e.Amount), "time": moment(e.Time), "recorded": moment(e.Recorded)}
	for name, value := range e.StoredTexts() {
		if *value != "" {
			stored[name] = text(*value)
		}
	}
	if e.DedupWindow != 0 {
		stored["window"] = number(e.DedupWindow)
	}
	return stored
}

func readEntry(d *document) (ledger.Entry, error) {
	var at, recorded int64
	e := ledger.Entry{ID: d.Fields.text("id")}
	for name, value := range e.StoredTexts() {
		*value = d.Fields.text(name)
	}
	err := d.Fields.numbers(map[string]*int64{
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
	return a, wrap("account", err)
}
