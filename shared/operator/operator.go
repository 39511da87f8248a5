// Package operator is what people type about accounts and records: it looks at
// them, and changes what nothing but a person may change. Credits go up here and
// nowhere else.
//
//	balance, statement, check       an account; whether the books add up
//	grant, adjust                   credits, either way, once per idempotency key
//	push                            limits that a platform has not taken yet
//	caller                          whose telephone number it is
//	records, sessions, messages, leads
//	                                the latest state of things
//	unknown                         events of types without a handler, and their redrive
//
// [Commands] are the commands of a program: cmd/hooks has them for the database
// file on a laptop, cmd/hooks-aws and cmd/hooks-gcp for a deployment. A program
// adds the [Place] its accounts and records are in.
package operator

import (
	"context"
	"io"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// Commands are parsed by github.com/alecthomas/kong. Their Run methods take a
// context and a [Terminal].
type Commands struct {
	Balance   BalanceCmd   `cmd:"" help:"Show a human's balance."`
	Statement StatementCmd `cmd:"" help:"Show every entry of a human's account."`
	Check     CheckCmd     `cmd:"" help:"Add up the entries of every account, or of those named, and compare them with its balance."`
	Grant     GrantCmd     `cmd:"" help:"Give a human credits."`
	Adjust    AdjustCmd    `cmd:"" help:"Correct a human's balance, either way."`
	Push      PushCmd      `cmd:"" help:"Have the limit pushed of every account whose newest balance no platform has taken yet."`
	Caller    CallerCmd    `cmd:"" help:"Say whose telephone number it is, so that usage of calls from it is charged to them."`
	Records   RecordsCmd   `cmd:"" help:"List the latest state of things that platforms report."`
	Sessions  SessionsCmd  `cmd:"" help:"List Gabber's sessions, or the messages of one."`
	Messages  MessagesCmd  `cmd:"" help:"Show the messages of a conversation, or list the conversations of a platform."`
	Leads     LeadsCmd     `cmd:"" help:"List the leads Chatbase reported."`
	Unknown   UnknownCmd   `cmd:"" help:"List the newest events of types without a handler, or redrive them."`
}

// Place is where accounts and records are.
type Place interface {
	// Open connects to it. look says that nothing will be written: then a place
	// that does not exist yet is an error.
	Open(ctx context.Context, look bool) (Stores, error)
}

// Stores are what a place holds.
type Stores struct {
	Ledger   Ledger
	Records  records.Store
	Outbound webhook.Publisher // where outbound's events are queued
	Events   webhook.Publisher // where the worker's are

	// PerProject says that there is an account per project and human (the worker's
	// ACCOUNT_PER_PROJECT): then an owner is not named without a project.
	PerProject bool

	Close func() error
}

// Ledger is a ledger whose accounts can be listed.
type Ledger interface {
	ledger.Store
	ledger.Lister
}

// Terminal is what commands have around them.
type Terminal struct {
	Place  Place
	Out    io.Writer
	Now    func() time.Time
	Sleep  func(context.Context, time.Duration) error
	NewKey func() string // an idempotency key that was never used
}

// look opens the place to read and closes it again.
func (t *Terminal) look(ctx context.Context, read func(Stores) error) error {
	return t.use(ctx, true, read)
}

// change opens the place to write and closes it again.
func (t *Terminal) change(ctx context.Context, write func(Stores) error) error {
	return t.use(ctx, false, write)
}

func (t *Terminal) use(ctx context.Context, look bool, do func(Stores) error) error {
	stores, err := t.Place.Open(ctx, look)
	if err != nil {
		return err
	}
	defer stores.Close() //nolint:errcheck // what was committed stays
	return do(stores)
}
