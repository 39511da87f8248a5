package ledgertest

import (
	"math"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

// arrival is one event without an id: known by its bytes and when it came.
type arrival struct {
	id     string
	at     time.Duration // after start
	twin   string
	window time.Duration
	want   ledger.Outcome
}

func (d *desk) arrival(a arrival) ledger.Entry {
	e := d.charge(a.id, 7)
	e.Time, e.DedupWindow = start.Add(a.at), a.window
	if a.twin != "" {
		e.DedupKey = d.name("%s", a.twin)
	}
	return e
}

func twins(d *desk) {
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
		{"inside the window", []arrival{{"1", 0, "t", w, rec}, {"2", 10 * m, "t", w, sup}}},
		{"at the same moment", []arrival{{"1", 0, "t", w, rec}, {"2", 0, "t", w, sup}}},
		{"exactly at the edge", []arrival{{"1", 0, "t", w, rec}, {"2", w, "t", w, sup}}},
		{"just outside", []arrival{{"1", 0, "t", w, rec}, {"2", w + 1, "t", w, rec}}},
		{"earlier, inside", []arrival{{"1", 0, "t", w, rec}, {"2", -10 * m, "t", w, sup}}},
		{"earlier, at the edge", []arrival{{"1", 0, "t", w, rec}, {"2", -w, "t", w, sup}}},
		{"earlier, just outside", []arrival{{"1", 0, "t", w, rec}, {"2", -w - 1, "t", w, rec}}},
		{"only unsuppressed entries anchor", []arrival{{"1", 0, "t", w, rec}, {"2", 10 * m, "t", w, sup}, {"3", 20 * m, "t", w, rec}, {"4", 30 * m, "t", w, sup}}},
		{"between two anchors", []arrival{{"1", 0, "t", w, rec}, {"2", 40 * m, "t", w, rec}, {"3", 20 * m, "t", w, rec}, {"4", 30 * m, "t", w, sup}}},
		{"the suppressed one again", []arrival{{"1", 0, "t", w, rec}, {"2", 10 * m, "t", w, sup}, {"2", 10 * m, "t", w, dup}}},
		{"the first again after the window", []arrival{{"1", 0, "t", w, rec}, {"2", 20 * m, "t", w, rec}, {"1", 0, "t", w, dup}}},
		{"the first again is not its own twin", []arrival{{"1", 0, "t", w, rec}, {"1", 0, "t", w, dup}}},
		{"other bytes", []arrival{{"1", 0, "t", w, rec}, {"2", 0, "T", w, rec}}},
		{"no twin, no window", []arrival{{"1", 0, "", 0, rec}, {"2", 0, "", 0, rec}}},
		{"no twin", []arrival{{"1", 0, "", w, rec}, {"2", 0, "", w, rec}}},
		{"window of nothing", []arrival{{"1", 0, "t", 0, rec}, {"2", 1, "t", 0, rec}, {"3", 1, "t", 0, sup}}},
		{"the newcomer's window counts", []arrival{{"1", 0, "t", 0, rec}, {"2", 10 * m, "t", w, sup}, {"3", 10 * m, "t", m, rec}}},
		{"window without end", []arrival{{"1", 0, "t", ever, rec}, {"2", 10 * year, "t", ever, sup}, {"3", -10 * year, "t", ever, sup}}},
	} {
		d.Run(row.name, func(t *testing.T) { twinsOneByOne(newDesk(t, d.store), row.arrivals) })
		d.Run(row.name+", in one call", func(t *testing.T) { twinsInOneCall(newDesk(t, d.store), row.arrivals) })
	}
	d.Run("a conflict is not a twin", func(t *testing.T) {
		d := newDesk(t, d.store)
		changed := d.arrival(arrival{id: "1", twin: "t", window: w})
		changed.Fingerprint = "another"
		d.expect(d.name("a"), []ledger.Entry{d.arrival(arrival{id: "1", twin: "t", window: w})}, rec)
		d.expect(d.name("a"), []ledger.Entry{changed}, ledger.Conflict)
	})
}

func twinsOneByOne(d *desk, arrivals []arrival) {
	for _, a := range arrivals {
		d.expect(d.name("a"), []ledger.Entry{d.arrival(a)}, a.want)
	}
	d.charged(arrivals)
}

func twinsInOneCall(d *desk, arrivals []arrival) {
	var entries []ledger.Entry
	var want []ledger.Outcome
	for _, a := range arrivals {
		entries, want = append(entries, d.arrival(a)), append(want, a.want)
	}
	d.expect(d.name("a"), entries, want...)
	d.charged(arrivals)
}

// charged compares the balance with what the arrivals should have cost.
func (d *desk) charged(arrivals []arrival) {
	d.Helper()
	var balance ledger.Micro
	var seq int64
	for _, a := range arrivals {
		switch a.want {
		case ledger.Recorded:
			balance, seq = balance-7, seq+1
		case ledger.WasSuppressed:
			seq++
		}
	}
	d.balance(d.name("a"), balance, seq)
}

// The twin alone decides: it is a hash of bytes that name the account already.
func twinsOnTwoAccounts(d *desk) {
	d.expect(d.name("a"), []ledger.Entry{d.arrival(arrival{id: "1", twin: "t", window: time.Minute})}, ledger.Recorded)
	d.expect(d.name("b"), []ledger.Entry{d.arrival(arrival{id: "2", twin: "t", window: time.Minute})}, ledger.WasSuppressed)
	d.balance(d.name("b"), 0, 1)
}

func suppressedKeepsFacts(d *desk) {
	given := d.arrival(arrival{id: "2", at: time.Second, twin: "t", window: time.Minute})
	given.Usage, given.Value, given.Source, given.Note = "conversational_seconds", "0.000007", "/webhooks/gabber", "note"
	d.post(d.name("a"), d.arrival(arrival{id: "1", twin: "t", window: time.Minute}))
	d.expect(d.name("a"), []ledger.Entry{given}, ledger.WasSuppressed)

	got := d.statement(d.name("a"), 10)[1]
	want := given
	want.Kind, want.Amount = ledger.Suppressed, 0
	want.Account, want.Time, want.Recorded = d.name("a"), got.Time, got.Recorded
	if got != want || !got.Time.Equal(given.Time) {
		d.Errorf("read back\n%+v, want\n%+v", got, want)
	}
}
