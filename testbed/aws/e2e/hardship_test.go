package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/testbed/aws/lambdatest"
)

func noConfirmation(t *testing.T, c *cloud) {
	p := c.deploy(t, options{})
	event := usage(t, 1)
	for name, f := range map[string]fault{
		"refused":    refused(http.StatusBadRequest, "AWS.SimpleQueueService.NonExistentQueue"),
		"throttled":  refused(http.StatusBadRequest, "RequestThrottled"),
		"reply lost": replyLost,
		"cut":        cut,
	} {
		p.ingestSQS.Hurt(func(string) fault { return f })
		for what, s := range map[string]sample{"an event": event[0], "a dead letter": unusable(t)} {
			if status := p.post(t, s); status != http.StatusServiceUnavailable {
				t.Errorf("%s, %s: status %d, want 503", what, name, status)
			}
		}
	}
	p.ingestSQS.Hurt(nil)
	p.expectAccepted(t, event)
	p.drain(t) // what was stored in spite of all is a duplicate
	p.checkUsage(t, 1)
}

func faults(t *testing.T, c *cloud) {
	p := c.deploy(t, options{batch: 5, maxReceives: 100})
	d := &dice{random: rand.New(rand.NewPCG(1, 2)), thrown: map[string]int{}}
	p.dynamoDB.Hurt(d.choose("DynamoDB", map[string]fault{
		"throttled":  refused(http.StatusBadRequest, "ThrottlingException"),
		"conflict":   conflicted,
		"reply lost": replyLost,
		"cut":        cut,
	}))
	forSQS := map[string]fault{
		"throttled":   refused(http.StatusBadRequest, "RequestThrottled"),
		"unavailable": refused(http.StatusServiceUnavailable, "ServiceUnavailable"),
		"reply lost":  replyLost,
		"cut":         cut,
	}
	p.ingestSQS.Hurt(d.choose("ingest's SQS", forSQS))
	p.workerSQS.Hurt(d.choose("worker's SQS", forSQS))
	stop := p.poll(t)
	p.deliver(t, usage(t, 120))
	p.awaitEmpty(t, p.events)
	stop()
	p.checkUsage(t, 120)
	if n := p.count(t, p.deadLetters); n != 0 {
		t.Errorf("%d dead letters", n)
	}
	for _, name := range []string{"DynamoDB throttled", "DynamoDB conflict", "DynamoDB reply lost", "DynamoDB cut",
		"ingest's SQS reply lost", "ingest's SQS unavailable", "worker's SQS reply lost", "worker's SQS throttled"} {
		if d.thrown[name] == 0 {
			t.Errorf("never thrown: %s; thrown %v", name, d.thrown)
		}
	}
	t.Logf("thrown %v", d.thrown)
}

// dice throws faults at a third of the calls that write.
type dice struct {
	mu     sync.Mutex
	random *rand.Rand
	thrown map[string]int
}

func (d *dice) choose(service string, faults map[string]fault) func(string) fault {
	names := slices.Sorted(maps.Keys(faults))
	return func(operation string) fault {
		d.mu.Lock()
		defer d.mu.Unlock()
		if operation != "SendMessage" && operation != "TransactWriteItems" || d.random.IntN(3) > 0 {
			return nil
		}
		name := names[d.random.IntN(len(names))]
		d.thrown[service+" "+name]++
		return faults[name]
	}
}

// Each moment of both functions' lives is the last one of some process, five
// times. The senders repeat what was not answered 200, as the platforms do.
func kills(t *testing.T, c *cloud) {
	m := &moments{reached: map[string]int{}, killed: map[string]int{}}
	p := c.deploy(t, options{
		batch: 3, maxReceives: 100,
		killIngest: func(s lambdatest.Step) bool { return m.isLast("ingest " + string(s)) },
		killWorker: func(s lambdatest.Step) bool { return m.isLast("worker " + string(s)) },
	})
	p.ingestSQS.Hurt(m.between("ingest", p.ingest))
	p.secretsManager.Hurt(m.between("ingest", p.ingest))
	p.workerSQS.Hurt(m.between("worker", p.worker))
	p.dynamoDB.Hurt(m.between("worker", p.worker))
	stop := p.poll(t)
	p.deliver(t, usage(t, 120))
	p.awaitEmpty(t, p.events)
	stop()
	p.checkUsage(t, 120)
	if n := p.count(t, p.deadLetters); n != 0 {
		t.Errorf("%d dead letters", n)
	}
	p.checkFollowUps(t, 120)
	m.report(t, 60,
		"ingest handed over", "ingest before GetSecretValue", "ingest after GetSecretValue", "ingest before SendMessage", "ingest after SendMessage",
		"ingest responding", "ingest responded",
		"worker handed over", "worker before TransactWriteItems", "worker after TransactWriteItems", "worker before SendMessage", "worker after SendMessage",
		"worker responding", "worker responded",
	)
}

// checkFollowUps: each account that changed is to be synchronised.
func (p *pipeline) checkFollowUps(t *testing.T, n int) {
	t.Helper()
	all := strings.Join(p.cloud.sqs.Take(t, p.outbound), "\n")
	for i := range min(n, 6) {
		data, _ := json.Marshal(map[string]string{"account": account(i), "human": account(i)})
		encoded, _ := json.Marshal(data) // as base64, in quotes
		if !strings.Contains(all, string(encoded)) {
			t.Errorf("%s: nobody was told that the balance changed", account(i))
		}
	}
}

// moments decides who dies when: at some early times that a moment is reached.
type moments struct {
	mu              sync.Mutex
	reached, killed map[string]int
}

func (m *moments) isLast(moment string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reached[moment]++
	if !slices.Contains([]int{2, 4, 7, 11, 16}, m.reached[moment]) {
		return false
	}
	m.killed[moment]++
	return true
}

func (m *moments) between(name string, f *lambdatest.Function) func(operation string) fault {
	return func(operation string) fault {
		switch {
		case m.isLast(name + " before " + operation):
			return killedBefore(f.Kill)
		case m.isLast(name + " after " + operation):
			return killedAfter(f.Kill)
		}
		return nil
	}
}

// report wants every moment among the last ones, and so many kills in all.
func (m *moments) report(t *testing.T, least int, all ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := 0
	for _, moment := range all {
		if m.killed[moment] == 0 {
			t.Errorf("nothing was killed at %q", moment)
		}
		sum += m.killed[moment]
	}
	if sum < least {
		t.Errorf("%d kills, want %d or more", sum, least)
	}
	t.Logf("%d kills: %v", sum, m.killed)
}

// A worker that dies after every write: the events are charged, and the queue's
// redrive policy takes them for poison. Redriven, they are duplicates.
func redrive(t *testing.T, c *cloud) {
	var dying atomic.Bool
	dying.Store(true)
	p := c.deploy(t, options{maxReceives: 1, visibility: giveUp, killWorker: func(s lambdatest.Step) bool { return dying.Load() && s == lambdatest.Responding }})
	p.expectAccepted(t, usage(t, 12))
	p.expectAccepted(t, []sample{unusable(t)})
	p.drain(t)
	p.checkUsage(t, 12)
	if n := p.count(t, p.deadLetters); n != 13 {
		t.Fatalf("%d dead letters, want 13", n)
	}

	dying.Store(false)
	p.redrive(t)
	p.drain(t)
	p.checkUsage(t, 12)
	if n := p.count(t, p.deadLetters); n != 1 {
		t.Errorf("%d dead letters, want the unusable one again", n)
	}
}

// Bodies that a former release could not read, and this one can, are handled once
// their dead letters are redriven, whichever platform sent them.
func readAnew(t *testing.T, c *cloud) {
	p := c.deploy(t, options{})
	letters, credits, kinds := ingesttest.Undecodable(t)
	for _, letter := range letters {
		c.sqs.Send(t, p.deadLetters, string(letter.Encode()))
	}
	p.redrive(t)
	p.drain(t)
	for account, want := range credits {
		if a, err := p.ledger.Account(t.Context(), account); err != nil || a.Balance != want*ledger.Credit || a.Seq != 1 {
			t.Errorf("balance %s after %d entries, %v: want %d after 1", a.Balance, a.Seq, err, want)
		}
	}
	for kind, want := range kinds {
		if all := list(t, p.records, kind); len(all) != want {
			t.Errorf("%s: %d records, want %d", kind, len(all), want)
		}
	}
	if n := p.count(t, p.deadLetters); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// redrive sends the dead letters to the events queue, as the runbook says.
func (p *pipeline) redrive(t *testing.T) {
	t.Helper()
	source, target := p.cloud.sqs.ARN(t, p.deadLetters), p.cloud.sqs.ARN(t, p.events)
	if _, err := p.cloud.sqs.SQS.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: &source, DestinationArn: &target}); err != nil {
		t.Fatalf("redrive: %v", err)
	}
	for deadline := time.Now().Add(30 * time.Second); p.count(t, p.deadLetters) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the dead letters do not move")
		}
	}
}

func whatAnEventCosts(t *testing.T, c *cloud) {
	for _, n := range []int{1, 7} {
		t.Run(fmt.Sprint(n, " events of one account"), func(t *testing.T) {
			p, m := c.deploy(t, options{}), eventstest.NewMeter(t)
			var units atomic.Int64 // of writing
			p.dynamoDB.Hurt(func(operation string) fault {
				if operation == "TransactWriteItems" {
					return metered(t, &units)
				}
				return nil
			})
			for i := range n {
				p.expectAccepted(t, []sample{m.Report(t, fmt.Sprint("u-", i), "member-0", "1")})
			}
			p.batchOf(t, n)
			for what, pair := range map[string][2]int{
				"sends by ingest":             {p.ingestSQS.Calls("SendMessage"), n},
				"fetches of the secret":       {p.secretsManager.Calls("GetSecretValue"), 1},
				"transactions":                {p.dynamoDB.Calls("TransactWriteItems"), 1},
				"other calls of the database": {p.dynamoDB.Total() - p.dynamoDB.Calls("TransactWriteItems"), 0},
				"sends by the worker":         {p.workerSQS.Total(), 1},
				"write units":                 {int(units.Load()), 2 * (n + 1)},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s: %d, want %d", what, pair[0], pair[1])
				}
			}
		})
	}
}

// metered adds up the write units of transactions: two for each item up to 1 KB,
// by AWS's price list; DynamoDB Local reports something else. What the index
// costs on top, one for each new entry, cannot be seen in the request.
func metered(t *testing.T, units *atomic.Int64) fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var transaction struct{ TransactItems []json.RawMessage }
		if err := json.Unmarshal(body, &transaction); err != nil {
			t.Error(err)
		}
		for _, item := range transaction.TransactItems {
			units.Add(2)
			if len(item) > 1024 {
				t.Errorf("an item of %d bytes", len(item))
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		server.ServeHTTP(w, r)
	}
}
