package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/handlers"
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
}

func facts(a ledger.Account) balanceFacts {
	return balanceFacts{a.ID, json.Number(a.Balance.String()), int64(a.Balance), a.Seq}
}

type balanceCmd struct {
	Human string `arg:"" help:"Whose balance: the platform's human id."`
	database
	output
}

func (c *balanceCmd) Run(ctx context.Context) error {
	db, err := c.existing(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	account, err := db.Ledger().Account(ctx, c.Human)
	if err != nil {
		return err
	}
	account.ID = c.Human
	return c.print(os.Stdout, facts(account), func(w io.Writer) {
		fmt.Fprintf(w, "%s credits after %d entries\n", account.Balance, account.Seq)
	})
}

type statementCmd struct {
	Human string `arg:"" help:"Whose account: the platform's human id."`
	database
	output
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

func (c *statementCmd) Run(ctx context.Context) error {
	db, err := c.existing(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	lines, err := statement(ctx, db.Ledger(), c.Human)
	if err != nil {
		return err
	}
	return c.print(os.Stdout, lines, func(w io.Writer) {
		columns(w, "TIME\tKIND\tAMOUNT\tUSAGE\tVALUE\tSOURCE\tNOTE", func(row func(...any)) {
			for _, l := range lines {
				row(l.Time.Local().Format(time.DateTime), l.Kind, l.Amount, l.Usage, l.Value, l.Source, l.Note)
			}
		})
	})
}

// statement reads every page of an account.
func statement(ctx context.Context, store ledger.Store, account string) ([]line, error) {
	lines := []line{}
	cursor := ""
	for {
		entries, next, err := store.Statement(ctx, account, cursor, 500)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			lines = append(lines, line{e.Time, e.Kind, json.Number(e.Amount.String()), int64(e.Amount),
				e.Usage, e.Value, e.Source, e.Note, e.ID})
		}
		if next == "" {
			return lines, nil
		}
		cursor = next
	}
}

// booking is what grant and adjust share.
type booking struct {
	Key  string `placeholder:"KEY" help:"Your own idempotency key: repeating a command with the same key books nothing twice. Default: a new one, printed."`
	Note string `help:"Why; kept in the statement."`
	database
	output
}

type grantCmd struct {
	Human  string `arg:"" help:"Whose account: the platform's human id."`
	Amount string `arg:"" help:"Credits, for example 600 or 12.5."`
	booking
}

func (c *grantCmd) Run(ctx context.Context) error {
	amount, err := credits(c.Amount)
	if err == nil && amount <= 0 {
		err = errors.New("a grant is more than nothing; `hooks adjust` goes both ways")
	}
	if err != nil {
		return err
	}
	return c.book(ctx, ledger.Grant, c.Human, amount)
}

type adjustCmd struct {
	Human  string `arg:"" help:"Whose account: the platform's human id."`
	Amount string `arg:"" help:"Credits, for example 5 or (after --) -2.25."`
	booking
}

func (c *adjustCmd) Run(ctx context.Context) error {
	amount, err := credits(c.Amount)
	if err != nil {
		return err
	}
	return c.book(ctx, ledger.Adjust, c.Human, amount)
}

// credits reads an amount exactly: what does not fit in micro-credits is refused.
func credits(text string) (ledger.Micro, error) {
	decimal, err := strict.ParseDecimal(text)
	if err != nil {
		return 0, fmt.Errorf("amount: %w", err)
	}
	micros, exact, err := decimal.Micros()
	if err != nil || !exact {
		return 0, errors.New("amount: at most six decimals, and within 64 bits of micro-credits")
	}
	return ledger.Micro(micros), nil
}

func (b *booking) book(ctx context.Context, kind ledger.Kind, human string, amount ledger.Micro) error {
	if human == "" || strings.ContainsFunc(human, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("a human is at least one character, and none of them a control character")
	}
	if b.Key == "" {
		b.Key = rand.Text()
	}
	db, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	grants := handlers.Grants{Ledger: db.Ledger(), FollowUps: db.Queue(local.Outbound), Now: time.Now}
	account, outcome, err := grants.Book(ctx, kind, human, b.Key, amount, b.Note)
	if err != nil {
		return fmt.Errorf("%w; it may have been booked: repeat with --key %s", err, b.Key)
	}
	if outcome == ledger.Conflict {
		return errors.New("that key was used for another human or amount: nothing was booked")
	}
	account.ID = human
	type booked struct {
		balanceFacts
		Outcome ledger.Outcome `json:"outcome"`
		Key     string         `json:"key"`
	}
	return b.print(os.Stdout, booked{facts(account), outcome, b.Key}, func(w io.Writer) {
		fmt.Fprintf(w, "%s: balance is %s credits (key %s)\n", outcome, account.Balance, b.Key)
	})
}
