// Command invoke hands one event to a compiled function, as `sam local invoke`
// does but without Docker, and prints the answer and what became of it:
//
//	go run ./testbed/aws/lambdatest/invoke build/aws-ingest/bootstrap events/aws-ingest.gabber.json 4600
//
// AWS and the platforms are the stand-in that `make aws-local` has started on
// that port of the loopback; where there is none, one of its own, which ends
// with the command. The exit code is 0 if the function answered.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/webhook-functions/template/testbed/aws/awslocal"
	"github.com/webhook-functions/template/testbed/aws/lambdatest"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: invoke BOOTSTRAP EVENT.json PORT, from the root of the repository")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], "http://127.0.0.1:"+os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "invoke:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bootstrap, eventFile, standIn string) error {
	event, err := os.ReadFile(eventFile)
	if err != nil {
		return err
	}
	if _, err := awslocal.Look(ctx, standIn); err != nil {
		own, err := awslocal.Start(ctx, awslocal.Config{Root: ".", Addrs: []string{"127.0.0.1:0"}, Out: os.Stdout})
		if err != nil {
			return err
		}
		defer own.Close()
		standIn = own.URL
	}
	function := lambdatest.New(lambdatest.Config{Command: []string{bootstrap}, Env: awslocal.Environment(standIn), Log: os.Stderr})
	defer function.Close()
	answer, err := function.Invoke(ctx, event)
	if err != nil {
		return err
	}
	fmt.Printf("answer %s\n", answer)
	return show(ctx, standIn)
}

func show(ctx context.Context, standIn string) error {
	state, err := awslocal.Look(ctx, standIn)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(state, "", "  ")
	fmt.Printf("now %s\n", text)
	return err
}
