// Command hooks is the whole pipeline on your laptop: it serves the webhooks of
// all five platforms, plays the platforms, and shows what became of it.
//
//	hooks demo                                  see it work
//	hooks serve                                 receive webhooks on 127.0.0.1:8080
//	hooks send gabber usage.tracked             sign a sample and post it
//	hooks balance member-20417                  what is left
//
// Every command that prints facts has --json. Secrets and settings come from
// the environment or from a .env file; .env.example lists them all.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Serve     serveCmd     `cmd:"" help:"Receive webhooks, queue them and handle them, in one process."`
	Send      sendCmd      `cmd:"" help:"Sign a sample event, or your own file, and post it."`
	Demo      demoCmd      `cmd:"" help:"Deliver one signed sample per platform and show what happened."`
	Balance   balanceCmd   `cmd:"" help:"Show a human's balance."`
	Statement statementCmd `cmd:"" help:"Show every entry of a human's account."`
	Grant     grantCmd     `cmd:"" help:"Give a human credits."`
	Adjust    adjustCmd    `cmd:"" help:"Correct a human's balance, either way."`
	Records   recordsCmd   `cmd:"" help:"List the latest state of leads, contacts, conversations and so on."`
	Sessions  sessionsCmd  `cmd:"" help:"List Gabber's sessions, or the messages of one."`
	Leads     leadsCmd     `cmd:"" help:"List the leads Chatbase reported."`
	Caller    callerCmd    `cmd:"" help:"Say whose telephone number it is, so that calls from it are charged to them."`
	Dead      deadCmd      `cmd:"" help:"Look at dead letters and send them round again."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app := kong.Parse(&commands{}, kong.Name("hooks"), kong.UsageOnError(),
		kong.Description("Webhook functions for conversational-AI platforms, on one machine."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	app.FatalIfErrorf(app.Run())
}
