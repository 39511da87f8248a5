// Package ledger keeps credits exactly.
//
// An [Account] has a balance in micro-credits; an [Entry] changes it, or changes
// it by zero and says why. Entries are never altered or removed, so at every
// moment the balance is the sum of the account's entries and seq is their
// number. The entry is also the idempotency record: its identity is written in
// the same atomic unit as the change of the balance, and it never expires. So an
// event is charged once, however often it is delivered.
//
// Credits go up through grants and adjustments only; usage never credits. A
// balance may go below zero: usage is a fact, and a ledger without it would be wrong.
//
// A [Store] reads, decides by [Plan] and writes in one atomic unit. [Memory] is the
// smallest one; every store passes the same suite, package ledgertest.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/page"
)

// Micro is an amount in micro-credits: 1 credit is 1,000,000.
type Micro int64

// Credit is one whole credit.
const Credit Micro = 1_000_000

// String writes credits exactly, with no trailing zeros: "-12.5".
func (m Micro) String() string {
	sign, u := "", uint64(m)
	if m < 0 {
		sign, u = "-", -u
	}
	whole := fmt.Sprintf("%s%d", sign, u/uint64(Credit))
	if u%uint64(Credit) == 0 {
		return whole
	}
	return whole + "." + strings.TrimRight(fmt.Sprintf("%06d", u%uint64(Credit)), "0")
}

// The bounds of the ledger. 64 bits hold eight balances of MaxBalance, so no sum
// can leave them. MaxBalance is 36,000 years at one credit per second.
const (
	MaxAmount        = 10_000_000_000 * Credit // of one entry, either way
	MaxBalance Micro = 1 << 60                 // of an account, either way: about 1.15 × 10^12 credits
)

// Add gives the balance m after an amount of n, false if n leads away from zero
// and beyond [MaxBalance].
func (m Micro) Add(n Micro) (Micro, bool) {
	if n > 0 {
		return m + n, m <= MaxBalance-n
	}
	return m + n, n == 0 || m >= -MaxBalance-n
}

// Kind says what an entry is. Each verified usage event ends as exactly one.
type Kind string

const (
	Charge     Kind = "charge"     // usage that has a price
	Unpriced   Kind = "unpriced"   // usage without a price, or excluded: amount 0
	Suppressed Kind = "suppressed" // looks like a retry of an event without an id: amount 0
	Grant      Kind = "grant"      // credits bought or given
	Adjust     Kind = "adjust"     // a correction by an operator, either way
)

// Entry is one line of an account, written once.
type Entry struct {
	ID          string // idempotency key, across all accounts, for ever
	Account     string // filled by Post
	Kind        Kind
	Amount      Micro     // negative takes credits away
	Fingerprint string    // hash of what the entry means; same ID with another fingerprint is a conflict
	Time        time.Time // when ingest received the event
	Recorded    time.Time // when the store wrote it

	// DedupKey is the hash of the content of an event that carries no id: the key of
	// the dedup index. Post suppresses the entry if an unsuppressed one with the same
	// key was received at most DedupWindow before or after it. Empty: no such check.
	DedupKey    string
	DedupWindow time.Duration

	// For audit only; the ledger does not read these.
	Usage  string // usage type
	Value  string // the exact decimal the platform sent
	Source string // "/webhooks/acme", or who granted
	Note   string
}

// Cursor gives the cursor behind the entry, for statements.
func (e Entry) Cursor() string { return page.Cursor(e.Time, e.ID) }

// String shows what an entry does and not to whom: accounts are people.
func (e Entry) String() string { return fmt.Sprintf("%s of %s", e.Kind, e.Amount) }

// GoString is String.
func (e Entry) GoString() string { return e.String() }

// LogValue is String.
func (e Entry) LogValue() slog.Value { return slog.StringValue(e.String()) }

// Account is one customer's state.
type Account struct {
	ID        string
	Balance   Micro
	Seq       int64 // number of entries
	PushedSeq int64 // the Seq whose balance was last pushed to the platform as a limit
}

// String shows what is left and not whose it is.
func (a Account) String() string {
	return fmt.Sprintf("balance %s after %d entries, %d of them pushed", a.Balance, a.Seq, a.PushedSeq)
}

// GoString is String.
func (a Account) GoString() string { return a.String() }

// LogValue is String.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Valid says whether entries can have made an account what it is, as far as the
// account alone tells: a restored backup or an edit in the store shows here first.
// [Check] compares an account with its entries.
func (a Account) Valid() bool {
	return 0 <= a.PushedSeq && a.PushedSeq <= a.Seq && (a.Seq > 0 || a.Balance == 0) &&
		-MaxBalance <= a.Balance && a.Balance <= MaxBalance
}

// Outcome says what Post did with one entry.
type Outcome string

const (
	Recorded      Outcome = "recorded"
	Duplicate     Outcome = "duplicate"  // it was there already, meaning the same: nothing to do
	WasSuppressed Outcome = "suppressed" // recorded with Kind Suppressed and amount 0
	Conflict      Outcome = "conflict"   // the ID exists with another fingerprint or account: nothing was done
)

// ErrOverflow: an amount exceeds [MaxAmount], or the balance would exceed
// [MaxBalance]. Nothing was written.
var ErrOverflow = errors.New("amount or balance out of range")

// CheckAmounts fails with [ErrOverflow] unless every amount is within [MaxAmount].
func CheckAmounts(entries []Entry) error {
	for _, e := range entries {
		if e.Amount > MaxAmount || e.Amount < -MaxAmount {
			return ErrOverflow
		}
	}
	return nil
}

// Store keeps accounts and entries.
type Store interface {
	// Post writes the entries of one account in one atomic unit: each is created
	// if its ID is absent, the sum of those created is added to the balance and
	// their number to seq. It gives one outcome per entry, in order. An ID that
	// occurs twice in entries is recorded once. An unknown account starts at zero.
	//
	// It does not give the balance: that would cost a read, and writes without reads
	// keep a hot account fast. Such a store may let small amounts pass MaxBalance; the
	// account is then not [Account.Valid].
	//
	// After an error the write may or may not have happened; posting the same
	// entries again is always right. [ErrOverflow] is the one error that another
	// try cannot cure.
	Post(ctx context.Context, account string, entries []Entry) ([]Outcome, error)

	// Account reads the newest committed state (a strong read). An unknown
	// account is a zero one, not an error.
	Account(ctx context.Context, account string) (Account, error)

	// Statement gives up to limit entries of an account, oldest Time first, after
	// the given cursor ("" for the first page), and the cursor of the next page
	// ("" when there is none).
	Statement(ctx context.Context, account, cursor string, limit int) (entries []Entry, next string, err error)
}

// LimitMarks is what the push of limits to a platform needs of a store.
type LimitMarks interface {
	// Account is that of [Store]: a strong read.
	Account(ctx context.Context, account string) (Account, error)

	// MarkPushed notes that the balance as of seq was pushed. It never goes back:
	// an older push that reports late changes nothing, and neither does one of an
	// account that does not exist.
	MarkPushed(ctx context.Context, account string, seq int64) error
}

// Lister is what a check of the whole ledger needs of a store.
type Lister interface {
	// Accounts gives up to limit names of accounts, each once and in no order
	// that means anything, after the given cursor ("" for the first page), and the
	// cursor of the next page ("" when there is none). It may read the whole store.
	Accounts(ctx context.Context, cursor string, limit int) (accounts []string, next string, err error)
}
