package awslocal_test

import (
	"strings"
	"testing"

	"github.com/webhook-functions/template/testbed/aws/awslocal"
)

const member = "member-20417"

// The documented path without Docker.
func TestInvoke(t *testing.T) {
	server, port := start(t)
	pipeline(t, server, func(function string) string {
		return command(t, nil, "make", "invoke-aws-"+function, "LOCAL_PORT="+port)
	})
}

// A function can be invoked without a stand-in that was started before.
func TestInvokeBringsItsOwn(t *testing.T) {
	needMoto(t)
	said := command(t, nil, "make", "invoke-aws-worker", "LOCAL_PORT="+freePort(t))
	if !strings.Contains(said, "account#"+member) {
		t.Errorf("no account is shown: %s", said)
	}
}

// pipeline has each function invoked with its event: ingest queues, worker
// books, outbound tells the platform.
func pipeline(t *testing.T, server *awslocal.Server, invoke func(function string) string) {
	t.Helper()
	hooks := func(args ...string) string {
		return command(t, nil, "bash", "-c", `eval "$(curl -s `+server.URL+`/operator)" && go run ./cmd/hooks-aws `+strings.Join(args, " "))
	}
	if answer := strings.ReplaceAll(invoke("ingest"), " ", ""); !strings.Contains(answer, `"statusCode":200`) {
		t.Fatalf("ingest answers %s", answer)
	}
	expectWaiting(t, server, "EventsQueue", "gabber.usage.tracked")

	hooks("grant", member, "600", "--key", "first")
	invoke("worker")
	if shown := hooks("balance", member, "--json"); !strings.Contains(shown, "591") {
		t.Errorf("the balance is %s, want 600 less the usage", shown)
	}
	expectWaiting(t, server, "OutboundQueue", "credits.balance.changed", "credits.balance.changed")

	invoke("outbound")
	state := look(t, server)
	if limit, told := state.Platforms.Limits[member]["conversational_seconds"]; limit != 591 || !told || len(state.Platforms.Wrong) != 0 {
		t.Errorf("the platform was told %v, wrong calls %q", state.Platforms.Limits, state.Platforms.Wrong)
	}
	expectWaiting(t, server, "DeadLettersQueue")
}
