package calls

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// lateAfter is how long after a call of unknown outcome the limit is pushed
// once more: later than anything still on its way can arrive.
const lateAfter = 60 * time.Second

// maxPushes bounds the pushes of one event while the balance keeps moving.
const maxPushes = 5

// limiter is a platform that limits how much a human may still use.
type limiter interface {
	// PutLimit sets the limit in whole units. The limit is absolute, so the call may
	// be repeated. Its errors are those of [outbound.Doer].
	PutLimit(ctx context.Context, human string, units int64) error
}

// limits keeps the limit at the platform equal to what the balance buys, in whole
// units: max(0, floor(balance / price)). It is level-triggered: an event says
// that something changed, never what the balance is.
type limits struct {
	Ledger ledger.LimitMarks
	API    limiter
	Price  strict.Decimal // credits per unit
	Log    *slog.Logger
}

// Push handles credits.balance.changed.
//
// It reads balance and seq, puts the absolute limit, and reads seq again: if it
// moved meanwhile, a slower push may have overtaken a newer one, so it starts
// over. Only then is the seq stored as synced.
//
// If the outcome of any put is unknown, that put may still land, after every other
// one. So the event comes back after a minute, when it no longer can, in any case; and
// a push puts although the seq is synced already: that may have been before the old
// put landed.
//
// An answer of 404 ends the event: the platform has no such human yet, and asking
// again would not bring one. The seq stays unsynced, so the start of the human's
// session and an operator's sweep ([accounts.Unpushed]) find it.
func (l *limits) Push(ctx context.Context, e webhook.Event) webhook.Result {
	b, err := followups.ReadBalance(e)
	if err == nil && b.Project != "" { // a limit is a human's at the one project our key is for: which account should it follow?
		return webhook.Result{Outcome: "no limit"}
	}
	if err == nil {
		err = l.push(ctx, b)
	}
	if !errors.Is(err, outbound.ErrNotFound) {
		return webhook.Result{Outcome: "pushed", Err: err}
	}
	if !accounts.ByOperator(e) { // a grant may come before the human does; usage and sessions may not
		l.Log.WarnContext(ctx, "limit not pushed: the platform does not know the human", "code", webhook.CodeSuspense)
	}
	return webhook.Result{Outcome: "unknown human"}
}

// push puts the limit until the balance rests, and stores the seq as synced.
func (l *limits) push(ctx context.Context, b followups.Balance) error {
	var unknown error
	for range maxPushes {
		seq, moved, err := l.put(ctx, b)
		switch {
		case errors.Is(err, outbound.ErrUnknown) && unknown == nil && webhook.RetryDelay(err) == 0:
			unknown = err // most likely a broken connection: worth a second try
		case errors.Is(err, outbound.ErrUnknown):
			return webhook.RetryAfter(lateAfter, err)
		case unknown != nil && (err != nil || !moved):
			return webhook.RetryAfter(lateAfter, unknown)
		case err != nil:
			return err
		case !moved:
			return l.Ledger.MarkPushed(ctx, b.Account, seq)
		}
	}
	if unknown != nil {
		return webhook.RetryAfter(lateAfter, unknown)
	}
	return fmt.Errorf("the balance moved during %d pushes", maxPushes)
}

// put puts the limit of the newest balance, as of seq, and says whether the
// balance moved meanwhile.
func (l *limits) put(ctx context.Context, b followups.Balance) (seq int64, moved bool, err error) {
	before, err := readValid(ctx, l.Ledger, b.Account, l.Log)
	if err != nil {
		return 0, false, err
	}
	limit, err := l.units(before.Balance)
	if err != nil {
		return 0, false, err
	}
	if err := l.API.PutLimit(ctx, b.Human, limit); err != nil {
		return 0, false, err
	}
	after, err := l.Ledger.Account(ctx, b.Account)
	return before.Seq, after.Seq != before.Seq, err
}

var errLedger = errors.New("the books do not add up")

// readValid reads an account. It raises the alarm INV and gives errLedger if the
// account violates an invariant; no limit may be pushed then.
func readValid(ctx context.Context, books ledger.LimitMarks, name string, log *slog.Logger) (ledger.Account, error) {
	account, err := books.Account(ctx, name)
	if err == nil && !account.Valid() {
		log.ErrorContext(ctx, "the books do not add up", "code", webhook.CodeLedger, "balance", account.Balance.String(), "seq", account.Seq, "synced_seq", account.PushedSeq)
		err = errLedger
	}
	return account, err
}

// units is what a balance buys, in whole units, rounded down:
// never more than was paid for, and never less than nothing.
func (l *limits) units(balance ledger.Micro) (int64, error) {
	if balance <= 0 {
		return 0, nil
	}
	price, exact, err := l.Price.Micros()
	if err != nil || !exact || price <= 0 {
		return 0, webhook.Permanent("the price of a unit is not a positive number of micro-credits")
	}
	return int64(balance) / price, nil
}
