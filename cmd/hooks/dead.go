package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
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
}

func printLetters(o operator.Output, letters []local.DeadLetter) error {
	rows := []deadFacts{}
	for _, l := range letters {
		rows = append(rows, deadFacts{l.Type, l.Reason, l.EventID, l.Provider, l.Origin, l.Time, l.Added})
	}
	return o.Print(os.Stdout, rows, func(w io.Writer) {
		operator.Columns(w, "ID\tTYPE\tADDED\tREASON", func(row func(...any)) {
			for _, r := range rows {
				row(r.ID[:min(12, len(r.ID))], r.Type, r.Added.Local().Format(time.DateTime), r.Reason)
			}
		})
	})
}

type deadListCmd struct {
	choice
	operator.Output
}

func (c *deadListCmd) Run(ctx context.Context, file *database) error {
	db, err := file.existing(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	letters, err := db.DeadLetters().List(ctx, c.filter())
	if err != nil {
		return err
	}
	return printLetters(c.Output, letters)
}

type deadShowCmd struct {
	ID string `arg:"" help:"The event id, or as much of its beginning as tells it apart."`
	operator.Output
}

func (c *deadShowCmd) Run(ctx context.Context, file *database) error {
	db, err := file.existing(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	e, err := db.DeadLetters().Show(ctx, c.ID)
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
		fmt.Fprintf(w, "id      %s\nsource  %s\ntype    %s\ntime    %s\nreason  %s\n\n%q\n",
			e.ID, operator.Printable(e.Source), operator.Printable(e.Type), e.Time.Local().Format(time.DateTime), e.Reason, e.Data)
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
	db, err := file.existing(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	filter := c.filter()
	filter.EventID = c.ID
	letters, err := db.DeadLetters().Redrive(ctx, filter, c.DryRun)
	if err == nil && len(letters) == 0 && c.ID != "" {
		return fmt.Errorf("no dead letter %s", operator.Printable(c.ID))
	}
	return errors.Join(printLetters(c.Output, letters), err)
}

type deadDeleteCmd struct {
	ID string `arg:"" help:"The event id, or as much of its beginning as tells it apart."`
	operator.Output
}

func (c *deadDeleteCmd) Run(ctx context.Context, file *database) error {
	db, err := file.existing(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	deleted, err := db.DeadLetters().Delete(ctx, c.ID)
	if err != nil {
		return err
	}
	return printLetters(c.Output, []local.DeadLetter{deleted})
}
