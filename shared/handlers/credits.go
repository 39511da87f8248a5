package handlers

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// DefaultWindow is how long after its first arrival an event without an id is
// taken for a retry. It covers every retry schedule a platform has published.
const DefaultWindow = 15 * time.Minute

// Forever as a window: the same bytes without an id are never charged again.
const Forever time.Duration = math.MaxInt64

// Credits deducts credits for usage.
type Credits struct {
	Ledger           ledger.Store
	Tariff           accounts.Tariff
	Window           time.Duration // for events without an id; 0 never suppresses
	Anonymous        []string      // names that stand for no human: their usage goes to suspense
	ScopeByProject   bool          // one account per project and human instead of one per human; then no limit is pushed
	ExcludeSimulated bool          // record the usage of simulated sessions at 0
	Vendor           VendorLedger
	Records          records.Store    // read only with ExcludeSimulated
	Now              func() time.Time // likewise
	Log              *slog.Logger

	Decode webhook.Decoder // of the platform that reports
}

// charge is one event on its way into the ledger.
type charge struct {
	envelope.Private
	index  int // in the batch
	of     followups.Balance
	cost   ledger.Micro // what the usage is worth, whichever ledger it is taken from
	vendor VendorLedger // none for usage the vendor has nothing to do with
	usage  webhook.Usage
	entry  ledger.Entry

	simulated bool // by the session's record, see exclude
}

// Deduct handles events whose payload is a [webhook.UsageReporter]: one atomic
// write per account and batch.
func (c *Credits) Deduct(ctx context.Context, events []webhook.Event) []webhook.Result {
	results := make([]webhook.Result, len(events))
	byAccount := make(map[string][]charge)
	var order []string
	for i, e := range events {
		charge, err := c.read(e)
		if err != nil {
			results[i].Err = webhook.Permanent(err.Error())
			continue
		}
		if results[i].Err = c.exclude(ctx, e, &charge); results[i].Err != nil {
			continue
		}
		charge.index = i
		account := charge.of.Account
		if byAccount[account] == nil {
			order = append(order, account)
		}
		byAccount[account] = append(byAccount[account], charge)
	}
	for _, account := range order {
		c.post(ctx, events, byAccount[account], results)
	}
	return results
}

// prices says whether the price list has a price for what a payload reports.
func (c *Credits) prices(zero webhook.UsageReporter) bool {
	usage, _ := zero.Usage() // a zero payload reports nothing but its type
	_, priced := c.Tariff[usage.Type]
	return priced
}

// errNotCovered: the body may say another amount than the platform wrote.
var errNotCovered = errors.New("amount not covered")

// read makes a charge of what an event reports.
func (c *Credits) read(e webhook.Event) (charge, error) {
	if e.Uncovered {
		return charge{}, errNotCovered
	}
	parsed, err := c.Decode(e.Data)
	if err != nil {
		return charge{}, err
	}
	reporter, ok := parsed.Payload.(webhook.UsageReporter)
	if !ok {
		return charge{}, errors.New("the body reports no usage")
	}
	usage, err := reporter.Usage()
	if err != nil {
		return charge{}, err
	}
	value, err := strict.ParseDecimal(usage.Value)
	if err != nil || value.Sign() < 0 { // usage never credits
		return charge{}, errors.New("the usage is not a number, or negative")
	}
	ch := charge{usage: usage, of: c.account(e.Provider(), usage.Project, usage.Whom), entry: ledger.Entry{
		Kind:        ledger.Charge,
		Fingerprint: webhook.Identity(e.Provider(), parsed.Type+" fingerprint", usage.Meaning...),
		Time:        e.Time,
		Usage:       usage.Type,
		Value:       usage.Value,
		Source:      e.Source,
	}}
	if c.Vendor.Platform == e.Provider() {
		ch.vendor = c.Vendor
	}
	c.identify(&ch, e)
	if c.ExcludeSimulated && usage.Simulated {
		ch.entry.Kind, ch.entry.Note = ledger.Unpriced, "simulated session"
		return ch, nil
	}
	return ch, c.price(&ch, value)
}

// price fills in what a charge costs and from whose ledger it is taken.
func (c *Credits) price(ch *charge, value strict.Decimal) error {
	cost, exact, priced, err := c.Tariff.Cost(ch.entry.Usage, value)
	switch {
	case err != nil:
		return err
	case !priced:
		ch.entry.Kind = ledger.Unpriced
		return nil
	case !exact:
		ch.entry.Note = "rounded"
	}
	ch.cost, ch.entry.Amount = cost, -cost
	if ch.vendor.Instead && ch.of.Human != "" {
		ch.entry.Amount, ch.entry.Note = 0, "debited in the vendor's ledger"
	}
	return nil
}

// identify gives the entry its idempotency key. An event that only its bytes tell
// apart is keyed by arrival, and its bytes become the dedup key. The idempotency key
// must not depend on the window: an event may come again after that was changed.
func (c *Credits) identify(ch *charge, e webhook.Event) {
	if key := ch.usage.Key; len(key) > 0 {
		ch.entry.ID = webhook.Identity(e.Provider(), key[0], key[1:]...)
		return
	}
	ch.entry.ID = e.ID
	if e.Basis != webhook.ByBody {
		return
	}
	ch.entry.ID += "@" + e.Time.UTC().Format(time.RFC3339Nano)
	if c.Window > 0 {
		ch.entry.DedupKey, ch.entry.DedupWindow = e.ID, c.Window
	}
}

// account names the account to charge; it has no human for suspense.
func (c *Credits) account(provider, project, owner string) followups.Balance {
	if owner == "" || slices.Contains(c.Anonymous, owner) {
		return followups.Balance{Account: accounts.Suspense(provider, project)}
	}
	if !c.ScopeByProject {
		return accounts.BalanceOf("", owner)
	}
	return accounts.BalanceOf(cmp.Or(project, provider), owner) // a platform without projects is one
}

// post writes the charges of one account and fills in their results.
func (c *Credits) post(ctx context.Context, events []webhook.Event, charges []charge, results []webhook.Result) {
	entries := make([]ledger.Entry, len(charges))
	for i, ch := range charges {
		entries[i] = ch.entry
	}
	outcomes, err := c.Ledger.Post(ctx, charges[0].of.Account, entries)
	if errors.Is(err, ledger.ErrOverflow) {
		if len(charges) > 1 { // one of them is to blame: let the others through
			for i := range charges {
				c.post(ctx, events, charges[i:i+1], results)
			}
			return
		}
		err = webhook.Permanent(err.Error())
	}
	last := -1 // the result that carries the follow-up for the whole account
	for i, ch := range charges {
		if err != nil {
			results[ch.index].Err = err
			continue
		}
		results[ch.index] = c.result(ctx, ch, outcomes[i])
		if ch.stands(outcomes[i]) {
			results[ch.index].FollowUps = ch.vendor.debit(events[ch.index], ch)
		}
		if ch.moved(outcomes[i]) {
			last = i
		}
	}
	if last >= 0 {
		ch := charges[last]
		results[ch.index].FollowUps = append(results[ch.index].FollowUps, balanceChanged(events[ch.index], ch.of))
	}
}

// stands says whether the charge is in the ledger. A duplicate is: the first try
// may have died before its follow-ups.
func (ch charge) stands(outcome ledger.Outcome) bool {
	return outcome == ledger.Recorded || outcome == ledger.Duplicate
}

// moved says whether the balance must be looked at because of this charge, even if
// its limit is pushed already: that push looked for a crossing before this charge.
func (ch charge) moved(outcome ledger.Outcome) bool {
	changed := ch.entry.Amount != 0 || ch.simulated && outcome == ledger.Duplicate // charged before it was known
	return ch.of.Human != "" && changed && ch.stands(outcome)
}

func balanceChanged(cause webhook.Event, of followups.Balance) webhook.Event {
	return followups.New("worker", followups.BalanceChanged, cause, of.Account, of)
}

// sessionStarted asks for the limit of a human whose session has started, if the
// newest is not known to be pushed: the platform may not have known the human
// before. The event is one per session, whichever report of the session it follows
// from.
func (c *Credits) sessionStarted(ctx context.Context, e webhook.Event, session, project, human string) ([]webhook.Event, error) {
	of := c.account(e.Provider(), project, human)
	if of.Human == "" || of.Project != "" {
		return nil, nil
	}
	account, err := c.Ledger.Account(ctx, of.Account)
	if err != nil || account.PushedSeq >= account.Seq {
		return nil, err
	}
	return []webhook.Event{balanceChanged(webhook.Event{ID: "session" + accounts.Separator + session, Time: e.Time}, of)}, nil
}

// result names what became of a charge; every verified usage event ends as
// exactly one of these or as a dead letter.
func (c *Credits) result(ctx context.Context, ch charge, outcome ledger.Outcome) webhook.Result {
	switch {
	case outcome == ledger.Conflict:
		c.warn(ctx, ch, webhook.CodeConflict, "conflict: the identity is booked with another meaning")
		return webhook.Result{Err: webhook.Permanent("conflict: another event with this identity was booked first")}
	case outcome == ledger.Duplicate:
		return webhook.Result{Outcome: "duplicate"}
	case outcome == ledger.WasSuppressed:
		c.warn(ctx, ch, webhook.CodeAmbiguous, "suppressed: same bytes without an id within the window")
		return webhook.Result{Outcome: "suppressed"}
	case ch.of.Human == "":
		c.warn(ctx, ch, webhook.CodeSuspense, "usage of nobody we know")
		return webhook.Result{Outcome: "suspense"}
	case ch.entry.Kind == ledger.Unpriced:
		return webhook.Result{Outcome: "unpriced"}
	}
	return webhook.Result{Outcome: "charged"}
}

func (c *Credits) warn(ctx context.Context, ch charge, code, what string) {
	c.Log.WarnContext(ctx, what, "code", code, "id", webhook.ShortID(ch.entry.ID))
}
