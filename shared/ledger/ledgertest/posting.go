package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
)

func unknownAccount(d *desk) {
	d.balance(d.name("nobody"), 0, 0)
	if entries := d.statement(d.name("nobody"), 10); len(entries) != 0 {
		d.Errorf("an account nobody posted to has %d entries", len(entries))
	}
	d.expect(d.name("nobody"), nil)
	d.balance(d.name("nobody"), 0, 0)
}

func entryKeptWhole(d *desk) {
	given := ledger.Entry{
		ID: d.name("e"), Kind: ledger.Charge, Amount: -12_345_678, Fingerprint: "f1",
		Time:     start.In(time.FixedZone("UTC+2", 2*60*60)),
		DedupKey: d.name("body"), DedupWindow: 15 * time.Minute,
		Usage: "conversational_seconds", Value: "12.3456780", Source: "/webhooks/gabber", Note: "naïve \"note\"\n\U0001F44D",
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

func bookedOnce(d *desk) {
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

func batches(d *desk) {
	const (
		rec, dup, con = ledger.Recorded, ledger.Duplicate, ledger.Conflict
	)
	entry := func(id string, amount ledger.Micro) ledger.Entry { return ledger.Entry{ID: id, Amount: amount} }
	for _, row := range []struct {
		name    string
		stored  []ledger.Entry
		posted  []ledger.Entry
		want    []ledger.Outcome
		balance ledger.Micro
		seq     int64
	}{
		{"nothing", nil, nil, nil, 0, 0},
		{"several", nil, []ledger.Entry{entry("1", 5), entry("2", 7)}, []ledger.Outcome{rec, rec}, -12, 2},
		{"a duplicate inside", nil, []ledger.Entry{entry("1", 5), entry("1", 5)}, []ledger.Outcome{rec, dup}, -5, 1},
		{"a conflict inside", nil, []ledger.Entry{entry("1", 5), entry("1", 6)}, []ledger.Outcome{rec, con}, -5, 1},
		{"all there", []ledger.Entry{entry("1", 5), entry("2", 7)}, []ledger.Entry{entry("2", 7), entry("1", 5)}, []ledger.Outcome{dup, dup}, -12, 2},
		{"mixed", []ledger.Entry{entry("1", 5), entry("2", 7)},
			[]ledger.Entry{entry("3", 1), entry("1", 5), entry("2", 8), entry("3", 1), entry("4", 2), entry("4", 3)},
			[]ledger.Outcome{rec, dup, con, dup, rec, con}, -15, 4},
	} {
		d.Run(row.name, func(t *testing.T) {
			d := newDesk(t, d.store)
			own := func(entries []ledger.Entry) (own []ledger.Entry) {
				for _, e := range entries {
					own = append(own, d.charge(e.ID, e.Amount))
				}
				return own
			}
			d.post(d.name("a"), own(row.stored)...)
			d.expect(d.name("a"), own(row.posted), row.want...)
			d.balance(d.name("a"), row.balance, row.seq)
		})
	}
}

// deaf is a store whose answers get lost: it posts and reports an error.
type deaf struct{ ledger.Store }

var errReplyLost = errors.New("reply lost")

func (s deaf) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	if _, err := s.Store.Post(ctx, account, entries); err != nil {
		return nil, err
	}
	return nil, errReplyLost
}

func lostReply(d *desk) {
	account, batch := d.name("a"), []ledger.Entry{d.charge("1", 30), d.charge("2", 12)}
	if _, err := (deaf{d.store}).Post(d.Context(), account, batch); !errors.Is(err, errReplyLost) {
		d.Fatalf("account %q: %v", account, err)
	}
	d.balance(account, -42, 2)
	d.expect(account, batch, ledger.Duplicate, ledger.Duplicate)
	d.balance(account, -42, 2)
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

func everyKindCounts(d *desk) {
	account := d.name("a")
	for i, line := range []struct {
		kind   ledger.Kind
		amount ledger.Micro
		sum    ledger.Micro
	}{
		{ledger.Grant, 100 * ledger.Credit, 100 * ledger.Credit},
		{ledger.Charge, -30 * ledger.Credit, 70 * ledger.Credit},
		{ledger.Unpriced, 0, 70 * ledger.Credit},
		{ledger.Charge, 0, 70 * ledger.Credit},
		{ledger.Adjust, -1, 70*ledger.Credit - 1},
		{ledger.Adjust, 2, 70*ledger.Credit + 1},
	} {
		entry := d.charge(string(line.kind)+line.amount.String(), -line.amount)
		entry.Kind = line.kind
		d.expect(account, []ledger.Entry{entry}, ledger.Recorded)
		d.balance(account, line.sum, int64(i+1))
	}
}

func negativeBalance(d *desk) {
	account := d.name("a")
	d.expect(account, []ledger.Entry{d.charge("usage", 15*ledger.Credit)}, ledger.Recorded)
	d.balance(account, -15*ledger.Credit, 1)
	d.expect(account, []ledger.Entry{d.charge("grant", -10*ledger.Credit)}, ledger.Recorded)
	d.balance(account, -5*ledger.Credit, 2)
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
