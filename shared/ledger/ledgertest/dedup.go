package ledgertest

import (
	"math"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

// arrival is one event without an id: known by its content and when it came.
type arrival struct {
	id     string
	at     time.Duration // after start
	window time.Duration
	want   ledger.Outcome
}

func (d *desk) arrival(a arrival) ledger.Entry {
	e := d.charge(a.id, 7)
	e.Time, e.DedupKey, e.DedupWindow = start.Add(a.at), d.name("content"), a.window
	return e
}

// dedupIndex tests the edges of a store's dedup index, to the nanosecond; ledger.Plan
// decides from it.
func dedupIndex(d *desk) {
	const (
		rec, dup, sup = ledger.Recorded, ledger.Duplicate, ledger.WasSuppressed
		m, w          = time.Minute, 15 * time.Minute
		ever          = time.Duration(math.MaxInt64)
		year          = 365 * 24 * time.Hour
	)
	for _, row := range []struct {
		name     string
		arrivals []arrival
	}{
		{"at the edge", []arrival{{"1", 0, w, rec}, {"2", w, w, sup}}},
		{"outside", []arrival{{"1", 0, w, rec}, {"2", w + 1, w, rec}}},
		{"earlier, at the edge", []arrival{{"1", 0, w, rec}, {"2", -w, w, sup}}},
		{"earlier, outside", []arrival{{"1", 0, w, rec}, {"2", -w - 1, w, rec}}},
		{"a suppressed entry is not in the index", []arrival{{"1", 0, w, rec}, {"2", 10 * m, w, sup}, {"3", 20 * m, w, rec}, {"4", 30 * m, w, sup}}},
		{"the suppressed one again", []arrival{{"1", 0, w, rec}, {"2", 10 * m, w, sup}, {"2", 10 * m, w, dup}}},
		{"the first again after the window", []arrival{{"1", 0, w, rec}, {"2", 20 * m, w, rec}, {"1", 0, w, dup}}},
		{"window of nothing", []arrival{{"1", 0, 0, rec}, {"2", 1, 0, rec}, {"3", 1, 0, sup}}},
		{"window without end", []arrival{{"1", 0, ever, rec}, {"2", 10 * year, ever, sup}, {"3", -60 * year, ever, sup}}},
		{"before 1970", []arrival{{"1", -60 * year, w, rec}, {"2", m - 60*year, w, sup}, {"3", 0, w, rec}}},
	} {
		d.Run(row.name, func(t *testing.T) {
			d := newDesk(t, d.store)
			for _, a := range row.arrivals {
				d.expect(d.name("a"), []ledger.Entry{d.arrival(a)}, a.want)
			}
		})
	}
}

// dedupOnTwoAccounts: the key alone decides. It is a hash of content that names
// the account already.
func dedupOnTwoAccounts(d *desk) {
	d.expect(d.name("a"), []ledger.Entry{d.arrival(arrival{id: "1", window: time.Minute})}, ledger.Recorded)
	d.expect(d.name("b"), []ledger.Entry{d.arrival(arrival{id: "2", window: time.Minute})}, ledger.WasSuppressed)
	d.balance(d.name("b"), 0, 1)
}
