package operator

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/webhook-functions/template/shared/ledger"
)

// CheckCmd proves the books, or finds the account that is wrong.
type CheckCmd struct {
	Humans []string `arg:"" optional:"" help:"Whose accounts. Default: all there are, which reads every entry."`
	Output
}

// ErrBooks: an account's entries are not its balance. It is the alarm INV; see
// docs/runbook.md.
var ErrBooks = errors.New("INV: the books do not add up")

// checked is what a check says.
type checked struct {
	Accounts int            `json:"accounts"`
	Entries  int64          `json:"entries"`
	Wrong    []wrongAccount `json:"wrong"`
}

type wrongAccount struct {
	Account string `json:"account"`
	Problem string `json:"problem"`
}

// Run checks and fails with [ErrBooks] if an account is wrong, so that whatever
// runs it every night can tell.
func (c *CheckCmd) Run(ctx context.Context, t *Terminal) error {
	return t.look(ctx, func(in Stores) error {
		report := checked{Wrong: []wrongAccount{}}
		check := func(account string) error {
			entries, err := ledger.Check(ctx, in.Ledger, account)
			report.Accounts, report.Entries = report.Accounts+1, report.Entries+entries
			if problem := (*ledger.Imbalance)(nil); errors.As(err, &problem) {
				report.Wrong = append(report.Wrong, wrongAccount{account, problem.Error()})
				return nil
			}
			return err
		}
		if err := c.each(ctx, in.Ledger, check); err != nil {
			return err
		}
		err := c.Print(t.Out, report, func(w io.Writer) {
			fmt.Fprintf(w, "%d accounts with %d entries, %d wrong\n", report.Accounts, report.Entries, len(report.Wrong))
			for _, wrong := range report.Wrong {
				fmt.Fprintf(w, "%s: %s\n", Printable(wrong.Account), wrong.Problem)
			}
		})
		if err == nil && len(report.Wrong) > 0 {
			return ErrBooks
		}
		return err
	})
}

func (c *CheckCmd) each(ctx context.Context, list ledger.Lister, check func(account string) error) error {
	if len(c.Humans) > 0 {
		for _, human := range c.Humans {
			if err := check(human); err != nil {
				return err
			}
		}
		return nil
	}
	for cursor := ""; ; {
		accounts, next, err := list.Accounts(ctx, cursor, 500)
		if err != nil {
			return err
		}
		for _, account := range accounts {
			if err := check(account); err != nil {
				return err
			}
		}
		if cursor = next; next == "" {
			return nil
		}
	}
}
