package aws

import (
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

func writeEntry(e ledger.Entry) item {
	stored := entryKey(e.ID)
	for name, value := range e.StoredTexts() {
		if *value != "" {
			stored[name] = text(*value)
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
	e := ledger.Entry{ID: strings.TrimPrefix(stored.text("pk"), "entry#")}
	for name, value := range e.StoredTexts() {
		*value = stored.text(name)
	}
	err := stored.numbers(map[string]*int64{
		"amount": (*int64)(&e.Amount), "window": (*int64)(&e.DedupWindow), "time": &at, "recorded": &recorded,
	})
	e.Time, e.Recorded = time.Unix(0, at).UTC(), time.Unix(0, recorded).UTC()
	return e, err
}
