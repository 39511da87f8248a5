package operator

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/page"
	"github.com/webhook-functions/template/shared/webhook"
)

// CheckCmd compares every balance with its entries.
type CheckCmd struct {
	Human    string `arg:"" optional:"" help:"Whose account. With --suspense: a platform. Default: all there are, which reads every entry."`
	Project  string `help:"As for balance."`
	Suspense bool   `help:"As for balance."`
	Output
}

// ErrLedger: an account's entries are not its balance. It is the alarm INV; see
// docs/runbook.md.
var ErrLedger = errors.New(webhook.CodeLedger + ": the ledger does not add up")

// ErrStillChanging: nothing is known to be wrong, but some accounts were booked to
// all the time. Check them again.
var ErrStillChanging = errors.New("some accounts are still changing: check them again, or with the worker stopped")

// checked is what a check says.
type checked struct {
	Accounts  int            `json:"accounts"`
	Entries   int64          `json:"entries"`
	Wrong     []wrongAccount `json:"wrong"`
	Unsettled []string       `json:"unsettled"`
}

type wrongAccount struct {
	Account string `json:"account"`
	Problem string `json:"problem"`
}

// Run checks and fails with [ErrLedger] if an account is wrong, so that a
// nightly job can tell, and with [ErrStillChanging] if some could not be told.
func (c *CheckCmd) Run(ctx context.Context, t *Terminal) error {
	return t.look(ctx, func(in Stores) error {
		report := checked{Wrong: []wrongAccount{}, Unsettled: []string{}}
		check := func(account string) error {
			entries, err := ledger.Check(ctx, in.Ledger, account, t.Sleep)
			return report.add(account, entries, err)
		}
		if err := c.each(ctx, in, check); err != nil {
			return err
		}
		if err := c.Print(t.Out, report, report.show); err != nil {
			return err
		}
		switch {
		case len(report.Wrong) > 0:
			return ErrLedger
		case len(report.Unsettled) > 0:
			return ErrStillChanging
		}
		return nil
	})
}

// add takes in what came of one account; any other error ends the check.
func (c *checked) add(account string, entries int64, err error) error {
	c.Accounts, c.Entries = c.Accounts+1, c.Entries+entries
	problem := (*ledger.Mismatch)(nil)
	switch {
	case errors.As(err, &problem):
		c.Wrong = append(c.Wrong, wrongAccount{account, problem.Error()})
	case errors.Is(err, ledger.ErrStillChanging):
		c.Unsettled = append(c.Unsettled, account)
	default:
		return err
	}
	return nil
}

func (c *checked) show(w io.Writer) {
	fmt.Fprintf(w, "%d accounts with %d entries, %d wrong\n", c.Accounts, c.Entries, len(c.Wrong))
	for _, wrong := range c.Wrong {
		fmt.Fprintf(w, "%s: %s\n", Printable(wrong.Account), wrong.Problem)
	}
	for _, account := range c.Unsettled {
		fmt.Fprintf(w, "%s: still changing\n", Printable(account))
	}
}

// each checks every account, or the one that is named. That must exist: a slip of
// the pen is no all-clear.
func (c *CheckCmd) each(ctx context.Context, in Stores, check func(account string) error) error {
	if c.Human == "" {
		return eachAccount(ctx, in.Ledger, check)
	}
	account, err := Owner{c.Human, c.Project, c.Suspense}.account(ctx, in)
	if err == nil && account.Seq == 0 && account.Balance == 0 {
		err = errors.New("there is no such account")
	}
	if err != nil {
		return err
	}
	return check(account.ID)
}

// eachAccount calls do for every account there is, page by page.
func eachAccount(ctx context.Context, in Ledger, do func(account string) error) error {
	return page.Each(func(cursor string) ([]string, string, error) { return in.Accounts(ctx, cursor, 500) }, do)
}
