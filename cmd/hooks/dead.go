package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/operator"
)

type deadCmd struct {
	List    deadListCmd    `cmd:"" default:"withargs" help:"List dead letters, oldest first."`
	Show    deadShowCmd    `cmd:"" help:"Show one dead letter with its body, which may hold personal data."`
	Redrive deadRedriveCmd `cmd:"" help:"Send dead letters back to their queue. What was charged is not charged again."`
	Delete  deadDeleteCmd  `cmd:"" help:"Forget one dead letter for good."`
}

// choice picks dead letters.
type choice struct {
	Type     string `help:"Only this event type, for example gabber.usage.tracked."`
	Platform string `help:"Only this platform."`
	Max      int    `help:"Only the oldest so many."`
}

func (c choice) filter() local.Filter {
	return local.Filter{Type: c.Type, Provider: c.Platform, Max: c.Max}
}

// deadFacts is a dead letter as other programs read it, without its body.
type deadFacts struct {
	Type     string    `json:"type"`
	Reason   string    `json:"reason"`
	ID       string    `json:"id"`
	Platform string    `json:"platform,omitempty"`
	Queue    string    `json:"queue"` // where a redrive sends it
	Time     time.Time `json:"time,omitzero"`
	Added    time.Time `json:"added"`
	Outcome  string    `json:"outcome,omitempty"` // of a redrive
}

// printLetters prints letters; after a redrive, with what became of each.
func printLetters(o operator.Output, letters []local.DeadLetter, outcomes ...string) error {
	rows, last := []deadFacts{}, "REASON"
	for i, l := range letters {
		rows = append(rows, deadFacts{l.Type, l.Reason, l.EventID, l.Provider, l.Origin, l.Time, l.Added, ""})
		if outcomes != nil {
			rows[i].Outcome, last = outcomes[i], "OUTCOME"
		}
	}
	return operator.Table(o, os.Stdout, rows, "ID\tTYPE\tADDED\t"+last, func(r deadFacts) []any {
		return []any{r.ID[:min(12, len(r.ID))], r.Type, operator.Stamp(r.Added), cmp.Or(r.Outcome, r.Reason)}
	})
}

// on runs do on the dead letters of the database that must be there.
func (d *database) on(ctx context.Context, do func(*local.DeadLetters) error) error {
	db, err := d.existing(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	return do(db.DeadLetters())
}

type deadListCmd struct {
	choice
	operator.Output
}

func (c *deadListCmd) Run(ctx context.Context, file *database) error {
	return file.on(ctx, func(dead *local.DeadLetters) error {
		letters, err := dead.List(ctx, c.filter())
		if err != nil {
			return err
		}
		return printLetters(c.Output, letters)
	})
}

type deadShowCmd struct {
	ID string `arg:"" help:"The event id, or as much of its beginning as tells it apart."`
	operator.Output
}

func (c *deadShowCmd) Run(ctx context.Context, file *database) error {
	return file.on(ctx, func(dead *local.DeadLetters) error {
		e, err := dead.Show(ctx, c.ID)
		if err != nil {
			return err
		}
		type letter struct {
			ID     string    `json:"id"`
			Source string    `json:"source"`
			Type   string    `json:"type"`
			Time   time.Time `json:"time"`
			Reason string    `json:"reason"`
			Body   []byte    `json:"body_base64"`
		}
		return c.Print(os.Stdout, letter{e.ID, e.Source, e.Type, e.Time, e.Reason, e.Data}, func(w io.Writer) {
			fmt.Fprintf(w, "id      %s\nsource  %s\ntype    %s\ntime    %s\nreason  %s\n\n%s\n",
				e.ID, operator.Printable(e.Source), operator.Printable(e.Type), operator.Stamp(e.Time), e.Reason, operator.Readable(e.Data))
		})
	})
}

type deadRedriveCmd struct {
	ID     string `arg:"" optional:"" help:"Only this event: its id or the beginning of it."`
	All    bool   `help:"All, or the oldest --max; needed when no id, --type or --platform is given."`
	DryRun bool   `help:"Only say which would be sent."`
	choice
	operator.Output
}

func (c *deadRedriveCmd) Run(ctx context.Context, file *database) error {
	if c.ID == "" && !c.All && !c.DryRun && c.Type == "" && c.Platform == "" {
		return errors.New("name an event id, choose with --type or --platform, or say --all")
	}
	return file.on(ctx, func(dead *local.DeadLetters) error { return c.redrive(ctx, dead) })
}

func (c *deadRedriveCmd) redrive(ctx context.Context, dead *local.DeadLetters) error {
	filter := c.filter()
	filter.EventID = c.ID
	redriven := time.Now()
	letters, err := dead.Redrive(ctx, filter, c.DryRun)
	if err == nil && len(letters) == 0 && c.ID != "" {
		return fmt.Errorf("no dead letter %s", operator.Printable(c.ID))
	}
	var outcomes []string
	if len(letters) > 0 && !c.DryRun {
		fates, fateErr := await(ctx, dead, letters, redriven)
		for _, f := range fates {
			outcomes = append(outcomes, outcomeOf(f))
		}
		err = errors.Join(err, fateErr)
	}
	return errors.Join(printLetters(c.Output, letters, outcomes...), err)
}

// patience is how long redrive waits for the server to handle letters.
const patience = 5 * time.Second

// await gives what became of letters once none waits or patience is over.
func await(ctx context.Context, dead *local.DeadLetters, letters []local.DeadLetter, redriven time.Time) (fates []local.Fate, err error) {
	for ctx.Err() == nil {
		fates, err = dead.Fates(ctx, letters, redriven)
		waits := slices.ContainsFunc(fates, func(f local.Fate) bool { return f.Waits })
		if err != nil || !waits || time.Since(redriven) > patience {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fates, err
}

func outcomeOf(f local.Fate) string {
	switch {
	case f.Reason != "":
		return "dead again: " + f.Reason
	case f.Waits:
		return "still waiting: it is handled while hooks serve runs"
	case f.Booked == ledger.Charge:
		return fmt.Sprintf("charged %s credits", -f.Amount)
	case f.Booked != "":
		return string(f.Booked)
	}
	return "handled"
}

type deadDeleteCmd struct {
	ID string `arg:"" help:"The event id, or as much of its beginning as tells it apart."`
	operator.Output
}

func (c *deadDeleteCmd) Run(ctx context.Context, file *database) error {
	return file.on(ctx, func(dead *local.DeadLetters) error {
		deleted, err := dead.Delete(ctx, c.ID)
		if err != nil {
			return err
		}
		return printLetters(c.Output, []local.DeadLetter{deleted})
	})
}
