package aws

import (
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

// writeEntry leaves empty texts out: an item is read and paid for by its size.
func writeEntry(e ledger.Entry) item {
	stored := entryKey(e.ID)
	for name, value := range map[string]string{
		"account": e.Account, "kind": string(e.Kind), "fingerprint": e.Fingerprint, "twin": e.DedupKey,
		"usage": e.Usage, "value": e.Value, "source": e.Source, "note": e.Note,
	} {
		if value != "" {
			stored[name] = text(value)
		}
	}
	stored["amount"], stored["time"], stored["recorded"] = number(e.Amount), moment(e.Time), moment(e.Recorded)
	if e.DedupWindow != 0 {
		stored["window"] = number(e.DedupWindow)
	}
	return stored
}

func readEntry(stored item) (ledger.Entry, error) {
	var at, recorded int64
	e := ledger.Entry{
		ID:          strings.TrimPrefix(stored.text("pk"), "entry#"),
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
	e.Time, e.Recorded = time.Unix(0, at).UTC(), time.Unix(0, recorded).UTC()
	return e, err
}
