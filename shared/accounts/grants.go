package accounts

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/webhook"
)

// Grants books what an operator gives or corrects. It is the only way up:
// nothing a platform sends ever credits an account.
type Grants struct {
	Ledger    ledger.Store
	FollowUps webhook.Publisher
	Now       func() time.Time
}

// Book posts a grant or an adjustment under the operator's own idempotency key,
// publishes the change of balance and gives the account as it is then. Repeating
// it with the same key, account and amount changes nothing and publishes again;
// with another amount or account the outcome is ledger.Conflict. It fails with
// ledger.ErrOverflow, and books nothing, if the balance would leave its bound.
func (g *Grants) Book(ctx context.Context, kind ledger.Kind, of followups.Balance, key string, amount ledger.Micro, note string) (ledger.Account, ledger.Outcome, error) {
	entry := ledger.Entry{
		ID:          webhook.Identity("operator", string(kind), key),
		Kind:        kind,
		Amount:      amount,
		Fingerprint: webhook.Identity("operator", string(kind)+" fingerprint", of.Account, amount.String()),
		Time:        g.Now(),
		Source:      "/operator",
		Note:        note,
	}
	before, err := g.Ledger.Account(ctx, of.Account)
	if err != nil {
		return ledger.Account{}, "", err
	}
	if _, fits := before.Balance.Add(amount); !fits { // a store may not look at it
		return ledger.Account{}, "", ledger.ErrOverflow
	}
	outcomes, err := g.Ledger.Post(ctx, of.Account, []ledger.Entry{entry})
	if err != nil {
		return ledger.Account{}, "", err
	}
	if outcomes[0] == ledger.Conflict {
		return ledger.Account{}, ledger.Conflict, nil
	}
	if of.Human != "" { // suspense has no limit
		if err := g.FollowUps.Publish(ctx, byOperator(entry.ID, entry.Time, of)); err != nil {
			return ledger.Account{}, outcomes[0], err
		}
	}
	account, err := g.Ledger.Account(ctx, of.Account)
	return account, outcomes[0], err
}

const operator = "operator"

// ByOperator says that an operator caused the event: the platform may not know the
// human yet.
func ByOperator(e webhook.Event) bool { return e.Source == "/functions/"+operator }

func byOperator(cause string, at time.Time, of followups.Balance) webhook.Event {
	return followups.New(operator, followups.BalanceChanged, webhook.Event{ID: cause, Time: at}, of.Account, of)
}

// Unpushed gives the event that has the limit of an account pushed; false if the
// newest is known to be, or if the account has no limit: one of suspense or of a
// project.
func Unpushed(a ledger.Account, now time.Time) (webhook.Event, bool) {
	of := BalanceOf("", a.ID)
	return byOperator("sweep "+strconv.FormatInt(a.Seq, 10), now, of), a.PushedSeq < a.Seq && !strings.Contains(a.ID, Separator)
}
