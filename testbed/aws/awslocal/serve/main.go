// Command serve is a stand-in for AWS and for the platforms that functions of
// this machine call, until it is interrupted:
//
//	make aws-local
//
// Every call is printed. It is package awslocal with the public test secrets.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/webhook-functions/template/testbed/aws/awslocal"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: serve PORT, from the root of the repository")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "aws-local:", err)
		os.Exit(1)
	}
}

func run(port string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := awslocal.Start(ctx, awslocal.Config{Root: ".", Addrs: awslocal.Addrs(port), Out: os.Stdout})
	if err != nil {
		return err
	}
	fmt.Printf("AWS and the platforms: %s\n", server.URL)
	fmt.Printf("for containers:        export SAM_LOCAL_ENDPOINT=http://host.docker.internal:%s\n", port)
	fmt.Printf("what became of calls:  curl -s %s\n", server.URL)
	fmt.Printf("for hooks-aws:         eval \"$(curl -s %s/operator)\"\n", server.URL)
	<-ctx.Done()
	return server.Close()
}
