package operator

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/webhook-functions/template/shared/accounts"
)

// PushCmd is the sweep after faults: it reads every account, and queues a push for
// each whose newest balance is not known to be pushed. A human that the platform
// does not know yet is among them, each time.
type PushCmd struct {
	Output
}

// pushes is what a sweep did.
type pushes struct {
	Accounts int `json:"accounts"`
	Queued   int `json:"queued"`
}

// Run queues the pushes.
func (c *PushCmd) Run(ctx context.Context, t *Terminal) error {
	return t.change(ctx, func(in Stores) error {
		if in.PerProject {
			return errors.New("with ACCOUNT_PER_PROJECT no limit is pushed")
		}
		var report pushes
		err := eachAccount(ctx, in.Ledger, func(name string) error {
			report.Accounts++
			account, err := in.Ledger.Account(ctx, name)
			event, unpushed := accounts.Unpushed(account, t.Now())
			if err != nil || !unpushed {
				return err
			}
			report.Queued++
			return in.Outbound.Publish(ctx, event)
		})
		if err != nil {
			return err
		}
		return c.Print(t.Out, report, func(w io.Writer) {
			fmt.Fprintf(w, "%d accounts, %d pushes queued\n", report.Accounts, report.Queued)
		})
	})
}
