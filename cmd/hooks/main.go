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
	"github.com/webhook-functions/template/cmd/internal/commandline"
	"github.com/webhook-functions/template/shared/operator"
)

type commands struct {
	database
	Serve serveCmd `cmd:"" help:"Receive webhooks, queue them and handle them, in one process."`
	Send  sendCmd  `cmd:"" help:"Sign a sample event, or your own file, and post it."`
	Demo  demoCmd  `cmd:"" help:"Deliver one signed sample per platform, on a database of its own, and show what happened."`
	operator.Commands
	Dead   deadCmd   `cmd:"" help:"Look at dead letters, send them round again, or delete them."`
	Doctor doctorCmd `cmd:"" help:"Say why the signature of a captured delivery does not match."`
	Drop   dropCmd   `cmd:"" help:"Take a platform, a cloud or a part out of the source tree this stands in."`
}

func main() {
	var c commands
	commandline.Main("hooks", "Webhook functions for conversational-AI platforms, on one machine.", &c, &c.database, &c.database)
}
