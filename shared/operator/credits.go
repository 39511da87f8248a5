package operator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/strict"
)

// balanceFacts is an account as other programs read it. Balance is a JSON
// number with the exact decimals; micro_credits is the same without a point.
type balanceFacts struct {
	Account      string      `json:"account"`
	Balance      json.Number `json:"balance"`
	MicroCredits int64       `json:"micro_credits"`
	Seq          int64       `json:"seq"`
	Pushed       int64       `json:"synced_seq"` // below seq: the platform has not taken the newest limit
}

func facts(a ledger.Account) balanceFacts {
	return balanceFacts{a.ID, json.Number(a.Balance.String()), int64(a.Balance), a.Seq, a.PushedSeq}
}

// Owner says whose account is meant.
type Owner struct {
	Human    string `arg:"" help:"Whose account: the platform's human id. With --suspense: a platform."`
	Project  string `help:"The platform's project, with ACCOUNT_PER_PROJECT or of a suspense account; a platform without projects stands for one."`
	Suspense bool   `help:"The account of usage whose human is not known, of a platform and its project."`
}

// balance names the account. Where there is one per project, the one without
// would never be charged.
func (o Owner) balance(perProject bool) (followups.Balance, error) {
	if err := cmp.Or(checkName(o.Human), checkName(cmp.Or(o.Project, "none"))); err != nil {
		return followups.Balance{}, err
	}
	switch {
	case o.Suspense:
		return followups.Balance{Account: accounts.Suspense(o.Human, o.Project)}, nil
	case perProject != (o.Project != ""):
		return followups.Balance{}, errors.New("with ACCOUNT_PER_PROJECT an account is named by --project, too, and without it never")
	}
	return accounts.BalanceOf(o.Project, o.Human), nil
}

func (o Owner) account(ctx context.Context, in Stores) (ledger.Account, error) {
	of, err := o.balance(in.PerProject)
	if err != nil {
		return ledger.Account{}, err
	}
	return in.Ledger.Account(ctx, of.Account)
}

// checkName refuses what no platform may send: with a control character one
// could name the account of another human.
func checkName(name string) error {
	if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
		return errors.New("a name is at least one character, and none of them a control character")
	}
	return nil
}

// BalanceCmd shows what is left.
type BalanceCmd struct {
	Owner
	Output
}

// Run shows it.
func (c *BalanceCmd) Run(ctx context.Context, t *Terminal) error {
	return t.look(ctx, func(in Stores) error {
		account, err := c.account(ctx, in)
		if err != nil {
			return err
		}
		return c.Print(t.Out, facts(account), func(w io.Writer) {
			fmt.Fprintf(w, "%s credits after %d entries\n", account.Balance, account.Seq)
		})
	})
}

// StatementCmd shows all entries, oldest first.
type StatementCmd struct {
	Owner
	Output
}

// line is an entry as other programs read it.
type line struct {
	Time         time.Time   `json:"time"`
	Kind         ledger.Kind `json:"kind"`
	Amount       json.Number `json:"amount"`
	MicroCredits int64       `json:"micro_credits"`
	Usage        string      `json:"usage,omitempty"`
	Value        string      `json:"value,omitempty"`
	Source       string      `json:"source"`
	Note         string      `json:"note,omitempty"`
	ID           string      `json:"id"`
}

// Run shows them.
func (c *StatementCmd) Run(ctx context.Context, t *Terminal) error {
	return t.look(ctx, func(in Stores) error {
		of, err := c.balance(in.PerProject)
		if err != nil {
			return err
		}
		lines := []line{}
		err = ledger.Entries(ctx, in.Ledger, of.Account, func(e ledger.Entry) {
			lines = append(lines, line{e.Time, e.Kind, json.Number(e.Amount.String()), int64(e.Amount),
				e.Usage, e.Value, e.Source, e.Note, e.ID})
		})
		if err != nil {
			return err
		}
		return Table(c.Output, t.Out, lines, "TIME\tKIND\tAMOUNT\tUSAGE\tVALUE\tSOURCE\tNOTE", func(l line) []any {
			return []any{Stamp(l.Time), l.Kind, l.Amount, l.Usage, l.Value, l.Source, l.Note}
		})
	})
}

// Booking is what grant and adjust share.
type Booking struct {
	Key  string `placeholder:"KEY" help:"Your own idempotency key: repeating a command with the same key books nothing twice. Default: a new one, printed."`
	Note string `help:"Why; kept in the statement."`
	Output
}

// GrantCmd gives credits.
type GrantCmd struct {
	Owner
	Amount string `arg:"" help:"Credits, for example 600 or 12.5."`
	Booking
}

// Run books the grant.
func (c *GrantCmd) Run(ctx context.Context, t *Terminal) error {
	return c.book(ctx, t, ledger.Grant, c.Owner, c.Amount)
}

// AdjustCmd corrects a balance.
type AdjustCmd struct {
	Owner
	Amount string `arg:"" help:"Credits, for example 5 or (after --) -2.25."`
	Booking
}

// Run books the correction.
func (c *AdjustCmd) Run(ctx context.Context, t *Terminal) error {
	return c.book(ctx, t, ledger.Adjust, c.Owner, c.Amount)
}

// credits reads an amount exactly: what the ledger cannot hold is refused.
func credits(text string) (ledger.Micro, error) {
	decimal, err := strict.ParseDecimal(text)
	if err != nil {
		return 0, fmt.Errorf("amount: %w", err)
	}
	micros, exact, err := decimal.Micros()
	amount := ledger.Micro(micros)
	if err != nil || !exact || ledger.CheckAmounts([]ledger.Entry{{Amount: amount}}) != nil {
		return 0, fmt.Errorf("amount: at most six decimals, and at most %s credits", ledger.MaxAmount)
	}
	return amount, nil
}

func (b *Booking) book(ctx context.Context, t *Terminal, kind ledger.Kind, owner Owner, text string) error {
	amount, err := credits(text)
	if err == nil && kind == ledger.Grant && amount <= 0 {
		err = errors.New("a grant is more than nothing; adjust goes both ways")
	}
	if err != nil {
		return err
	}
	if b.Key == "" {
		b.Key = t.NewKey()
	}
	return t.change(ctx, func(in Stores) error {
		of, err := owner.balance(in.PerProject)
		if err != nil {
			return err
		}
		grants := accounts.Grants{Ledger: in.Ledger, FollowUps: in.Outbound, Now: t.Now}
		account, outcome, err := grants.Book(ctx, kind, of, b.Key, amount, b.Note)
		if errors.Is(err, ledger.ErrOverflow) {
			return fmt.Errorf("%w: nothing was booked", err)
		}
		if err != nil {
			return fmt.Errorf("%w; it may have been booked: repeat with --key %s", err, b.Key)
		}
		if outcome == ledger.Conflict {
			return errors.New("that key was used for another human or amount: nothing was booked")
		}
		type booked struct {
			balanceFacts
			Outcome ledger.Outcome `json:"outcome"`
			Key     string         `json:"key"`
		}
		return b.Print(t.Out, booked{facts(account), outcome, b.Key}, func(w io.Writer) {
			fmt.Fprintf(w, "%s: balance is %s credits (key %s)\n", outcome, account.Balance, b.Key)
		})
	})
}
