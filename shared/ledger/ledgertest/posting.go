package ledgertest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

func unknownAccount(d *desk) {
	d.balance(d.name("unknown"), 0, 0)
	if entries := d.statement(d.name("unknown"), 10); len(entries) != 0 {
		d.Errorf("an unknown account has %d entries", len(entries))
	}
	d.expect(d.name("unknown"), nil)
	d.balance(d.name("unknown"), 0, 0)
}

func entryKeptWhole(d *desk) {
	given := ledger.Entry{
		ID: d.name("e"), Kind: ledger.Charge, Amount: -12_345_678, Fingerprint: "f1",
		Time:     start.In(time.FixedZone("UTC+2", 2*60*60)),
		DedupKey: d.name("body"), DedupWindow: 15 * time.Minute,
		Usage: "conversational_seconds", Value: "12.3456780", Source: "/webhooks/acme", Note: "naïve \"note\"\n\U0001F44D",
	}
	d.expect(d.name("a"), []ledger.Entry{given}, ledger.Recorded)

	got := d.statement(d.name("a"), 10)
	if len(got) != 1 {
		d.Fatalf("%d entries, want 1", len(got))
	}
	if !got[0].Time.Equal(given.Time) {
		d.Errorf("time %v, want %v to the nanosecond", got[0].Time, given.Time)
	}
	if got[0].Recorded.IsZero() {
		d.Error("Recorded is not filled")
	}
	want := given
	want.Account, want.Time, want.Recorded = d.name("a"), got[0].Time, got[0].Recorded
	if got[0] != want {
		d.Errorf("read back\n%+v, want\n%+v", got[0], want)
	}
}

func postedOnce(d *desk) {
	account, entry := d.name("a"), d.charge("e", 30*ledger.Credit)
	d.expect(account, []ledger.Entry{entry}, ledger.Recorded)
	d.balance(account, -30*ledger.Credit, 1)

	entry.Time = entry.Time.AddDate(3, 0, 0) // a redrive after years
	d.expect(account, []ledger.Entry{entry}, ledger.Duplicate)
	d.balance(account, -30*ledger.Credit, 1)
}

func conflicts(d *desk) {
	account, other, entry := d.name("a"), d.name("b"), d.charge("e", 30)
	d.expect(account, []ledger.Entry{entry}, ledger.Recorded)

	changed := d.charge("e", 40)
	d.expect(account, []ledger.Entry{changed}, ledger.Conflict)
	d.balance(account, -30, 1)

	d.expect(other, []ledger.Entry{entry}, ledger.Conflict)
	d.expect(other, []ledger.Entry{changed}, ledger.Conflict)
	d.balance(other, 0, 0)
	d.balance(account, -30, 1)
	d.expect(account, []ledger.Entry{entry}, ledger.Duplicate)
}

// lostReply: the write landed, the answer did not arrive, and the same entries are
// posted again, another with them.
func lostReply(d *desk) {
	account, batch := d.name("a"), []ledger.Entry{d.charge("1", 30), d.charge("2", 12)}
	_, _ = d.store.Post(d.Context(), account, batch) // the lost answer
	d.balance(account, -42, 2)
	d.expect(account, append(batch, d.charge("3", 1)), ledger.Duplicate, ledger.Duplicate, ledger.Recorded)
	d.balance(account, -43, 3)
}

func cancelledCall(d *desk) {
	ctx, cancel := context.WithCancel(d.Context())
	cancel()
	account, entry := d.name("a"), d.charge("e", 30)
	before, err := d.store.Post(ctx, account, []ledger.Entry{entry})
	if err == nil && !slices.Equal(before, []ledger.Outcome{ledger.Recorded}) {
		d.Errorf("account %q: no error and outcomes %v", account, before)
	}
	after := d.post(account, entry)
	if err == nil && after[0] != ledger.Duplicate {
		d.Errorf("account %q: posted without an error, then %q, want %q", account, after[0], ledger.Duplicate)
	}
	d.balance(account, -30, 1)
}

// byteForByte uses bare names, which other runs may have used before: it looks
// for its own entries only.
func byteForByte(d *desk) {
	names := []string{
		"u1", "U1", "u1 ", " u1", "u1\x1f", "a/b", "a/b/", "users/../admin", ".", "..", "__x__", "%2F", "a%2Fb", "a#b?c",
		"caf\u00e9", "cafe\u0301", "\u017f", "s", "\U0001F984", "\u0130", "i\u0307", "\ufffe", "\u200bu1",
		strings.Repeat("x", 256), strings.Repeat("x", 255), strings.Repeat("\U0001F984", 64),
	}
	for i, name := range names {
		d.expect(name, []ledger.Entry{d.charge(fmt.Sprintf("name %d", i), ledger.Micro(i))}, ledger.Recorded)
	}
	for i, name := range names {
		var own []string
		for _, e := range d.statement(name, 100) {
			if strings.HasPrefix(e.ID, d.run) {
				own = append(own, e.ID)
			}
		}
		if want := []string{d.name("name %d", i)}; !slices.Equal(own, want) {
			d.Errorf("account %q: this run's entries are %q, want %q", name, own, want)
		}
	}
}
