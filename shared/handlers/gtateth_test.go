package handlers

import "testing"

// What was booked is found again: see TestReports_usageAndState for the rules.
func TestReports_storedGTateth(t *testing.T) {
	w := newWorld(t, map[string]string{"TARIFF": "call_seconds=0.02"})
	e := receivedFrom(t, "g-tateth", `{"event":"call.completed","timestamp":"2026-11-21T09:00:00Z","data":{"callId":"k1","customerId":"c1","duration":90}}`, 0)
	if got := w.outcome(t, e); got != "charged" || w.balance(t, "c1") != "-1.8" {
		t.Errorf("%s, balance %s", got, w.balance(t, "c1"))
	}
	entries, _, err := w.books.Statement(t.Context(), "c1", "", 10)
	if err != nil || len(entries) != 1 || entries[0].ID != "619d2621365c78f94869f33875f28b057275bd42fe85baf26e37511a35256582" ||
		entries[0].Fingerprint != "0b31e324c6d673ce8ba4946bdf0bd941fd18d968f370dbea399f70ac706aba33" {
		t.Errorf("booked %+v (%v)", entries, err)
	}
	if r, ok, err := w.Get(t.Context(), "g-tateth.call", "k1"); !ok || err != nil {
		t.Errorf("the call is not kept: %v (%v)", r, err)
	}
}
