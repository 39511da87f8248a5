// Command invoke hands one event to a compiled function, as `sam local invoke`
// does but without Docker, and prints the answer:
//
//	go run ./shared/clouds/aws/lambdatest/invoke build/aws-ingest/bootstrap events/aws-ingest.gabber.json
//
// AWS is a stand-in that knows the public test secrets; what the function asks
// of it is printed. The exit code is 0 if the function answered.
package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"

	"github.com/webhook-functions/template/shared/clouds/aws/lambdatest"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: invoke BOOTSTRAP EVENT.json, from the root of the repository")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "invoke:", err)
		os.Exit(1)
	}
}

func run(bootstrap, eventFile string) error {
	event, err := os.ReadFile(eventFile)
	if err != nil {
		return err
	}
	signatures, err := os.ReadFile("events/SIGNATURES.tsv")
	if err != nil {
		return err
	}
	aws := httptest.NewServer(&lambdatest.StandIn{Secrets: lambdatest.TestSecrets(signatures), Out: os.Stdout})
	defer aws.Close()
	function := lambdatest.New(lambdatest.Config{Command: []string{bootstrap}, Env: lambdatest.Environment(aws.URL), Log: os.Stderr})
	defer function.Close()
	answer, err := function.Invoke(context.Background(), event)
	if err != nil {
		return err
	}
	fmt.Printf("answer %s\n", answer)
	return nil
}
