// Command bench measures what a cold start and an event cost, ours and others':
//
//	aws-ingest   functions/aws-ingest as deployed
//	empty        the least aws-lambda-go function there can be: the floor
//	ordinary     ingest with LoadDefaultConfig, the events package, the SDK's clients
//	node         ingest in Node with @aws-sdk/client-sqs, its secret in the environment
//
// All run in the same local Lambda against the same stand-in for AWS, in turns,
// so that other load of the machine disturbs all alike. The stand-in speaks
// TLS, as AWS does: reading root certificates is a good part of a cold start.
//
// A platform waits by the clock on the wall, so that is what the first response
// is judged by: the median of enough rounds, beside the others' of the same
// rounds. It holds the stand-in's half of each handshake, too. Its CPU is printed
// beside it: a small Lambda function has a fraction of a core (128 MB: a
// fourteenth), so that its time there is near its CPU divided by that fraction.
//
// The exit code is 1 if a target is missed. Run it from the root of the
// repository, on Linux:
//
//	go run ./testbed/aws/lambdatest/bench [-rounds 25] [-events 1000]
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"

	"github.com/webhook-functions/template/testbed/aws/lambdatest"
)

func main() {
	rounds := flag.Int("rounds", 25, "how often each candidate is started")
	events := flag.Int("events", 1000, "warm events per round")
	flag.Parse()
	missed, err := run(*rounds, *events)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	if missed || err != nil {
		os.Exit(1)
	}
}

func run(rounds, events int) (missed bool, err error) {
	event, err := os.ReadFile("events/aws-ingest.gabber.json")
	if err != nil {
		return false, err
	}
	aws := &lambdatest.StandIn{Secrets: lambdatest.TestSecrets()}
	queues, secrets := httptest.NewTLSServer(aws), httptest.NewTLSServer(aws) // two hosts, as on AWS
	defer queues.Close()
	defer secrets.Close()
	trust, err := newTrust(queues.Certificate())
	if err != nil {
		return false, err
	}
	candidates, err := build(trust)
	if err != nil {
		return false, err
	}
	env := slices.Concat(lambdatest.Environment(queues.URL), trust.env(),
		[]string{"AWS_ENDPOINT_URL_SECRETS_MANAGER=" + secrets.URL, "GABBER_SECRET=" + gabberSecret(aws.Secrets)})
	for range rounds {
		for _, c := range candidates {
			if err := c.measure(context.Background(), event, events, env, aws); err != nil {
				return false, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return report(os.Stdout, candidates), nil
}
