package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/outbound/outboundtest"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/aws/lambdatest"
)

const (
	putLimit  = "PUT /v1/usage/token" // as a service counts it
	speakInto = "POST /v1/realtime/" + outboundtest.Room + "/speak"
)

// caller is the outbound function of a pipeline and the platforms it calls.
type caller struct {
	*pipeline
	function                 *lambdatest.Function
	fake                     *fakeapi.API
	api, sqs, dynamoDB, keys *service // as the function sees them
	publisher                webhook.Publisher
}

// callOut deploys aws-outbound with a secret.
func (p *pipeline) callOut(t *testing.T, secret string, killAt func(lambdatest.Step) bool) *caller {
	t.Helper()
	c := &caller{pipeline: p, fake: fakeapi.New()}
	server := httptest.NewServer(c.fake)
	t.Cleanup(server.Close)
	c.api, c.sqs = newService(t, server.URL), newService(t, p.cloud.sqs.URL)
	c.dynamoDB, c.keys = newService(t, p.cloud.dynamoDB.URL), newService(t, p.cloud.secrets)
	env := []string{
		"AWS_ENDPOINT_URL_SQS=" + c.sqs.URL, "AWS_ENDPOINT_URL_DYNAMODB=" + c.dynamoDB.URL, "AWS_ENDPOINT_URL_SECRETS_MANAGER=" + c.keys.URL,
		"OUTBOUND_QUEUE_URL=" + p.outbound, "DEAD_LETTERS_QUEUE_URL=" + p.deadLetters,
		"LEDGER_TABLE=" + p.ledgerTable, "RECORDS_TABLE=" + p.recordsTable,
		"OUTBOUND_SECRET_ARN=" + secret,
	}
	for name, address := range fakeapi.Addresses(c.api.URL) {
		if secret == p.cloud.apiKeys || name == "GABBER_API_URL" { // leads are forwarded where they can be signed
			env = append(env, name+"="+address)
		}
	}
	c.function = p.start(t, "aws-outbound", "", killAt, env...)
	client, err := aws.FromEnv(func(name string) string {
		if name == "AWS_ENDPOINT_URL_SQS" {
			return p.cloud.sqs.URL
		}
		return p.cloud.dynamoDB.Env(name)
	})
	if err != nil {
		t.Fatal(err)
	}
	c.publisher = client.Queue(p.outbound)
	return c
}

// grant books what an operator gives and has the platforms told.
func (c *caller) grant(t *testing.T, human string, credits int) {
	t.Helper()
	grants := accounts.Grants{Ledger: c.ledger, FollowUps: c.publisher, Now: time.Now}
	key := fmt.Sprint(human, credits)
	if _, _, err := grants.Book(t.Context(), ledger.Grant, accounts.BalanceOf("", human), key, ledger.Micro(credits)*ledger.Credit, ""); err != nil {
		t.Fatal(err)
	}
}

// settle waits until both queues are empty: first that of events, which fills
// the other.
func (c *caller) settle(t *testing.T) {
	t.Helper()
	c.awaitEmpty(t, c.events)
	c.awaitEmpty(t, c.outbound)
}

func (c *caller) checkLimits(t *testing.T, humans ...string) {
	t.Helper()
	outboundtest.CheckLimits(t, c.ledger, c.fake, humans...)
}

func platformsAreTold(t *testing.T, c *cloud) {
	const session, human = outboundtest.Session, outboundtest.Human
	p := c.deploy(t, options{worker: []string{"LEADS_FORWARD_URL=https://leads.example"}})
	o := p.callOut(t, c.apiKeys, nil)
	if _, err := p.records.Put(t.Context(), accounts.PhoneOwner("+1-202-555-0143", human, time.Now())); err != nil {
		t.Fatal(err)
	}
	o.grant(t, human, 600)
	defer p.poll(t)()
	defer p.feed(t, p.outbound, o.function)()
	p.expectAccepted(t, []sample{eventstest.Of(t, "gabber", "realtime_session.state_changed")})
	o.settle(t)
	if got := o.fake.State().Attached[session]; got != human {
		t.Errorf("the call is %q's, want the caller's", got)
	}
	for range 2 {
		p.expectAccepted(t, eventstest.Samples(t))
		o.settle(t)
	}
	o.checkLimits(t, human)
	outboundtest.CheckSamples(t, o.fake)
	if n := p.count(t, p.deadLetters); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// Each moment of outbound's life is the last one of some process, while balances
// go down through zero and some up again.
func outboundKills(t *testing.T, c *cloud) {
	const speeches = 40
	m := &moments{reached: map[string]int{}, killed: map[string]int{}}
	p := c.deploy(t, options{batch: 3, maxReceives: 100})
	o := p.callOut(t, c.apiKeys, func(s lambdatest.Step) bool { return m.isLast("outbound " + string(s)) })
	for _, s := range []*service{o.api, o.sqs, o.dynamoDB, o.keys} {
		s.Hurt(m.between("outbound", o.function))
	}
	stop, stopCalling := p.poll(t), p.feed(t, p.outbound, o.function)
	for i := range 6 {
		o.grant(t, account(i), 500)
	}
	for i := range speeches {
		text := outboundtest.Text(i)
		request, _ := json.Marshal(followups.SpeechRequest{Session: outboundtest.Room, Text: text, Group: text}) // strings only
		e := webhook.FollowUp("worker", followups.SpeechRequested, webhook.Event{ID: text, Time: time.Now()}, text, request)
		if err := o.publisher.Publish(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	p.deliver(t, usage(t, 120)) // 1160 and more from each account
	for i := range 6 {
		o.grant(t, account(i), 600+40*i)
	}
	o.settle(t)
	stop()
	stopCalling()
	for _, s := range []*service{o.api, o.sqs, o.dynamoDB, o.keys} {
		s.Hurt(nil)
	}

	var humans []string
	for i := range 6 {
		humans = append(humans, account(i))
	}
	o.checkLimits(t, humans...)
	for i, want := range []int64{0, 0, 0, 0, 20, 40} {
		if got, _ := o.fake.Limit(account(i), "conversational_seconds"); got != want {
			t.Errorf("%s: the limit is %d, want %d", account(i), got, want)
		}
	}
	o.checkSpeeches(t, speeches)
	last := []string{"outbound handed over", "outbound responding", "outbound responded"}
	for _, operation := range []string{"GetSecretValue", "GetItem", "PutItem", "UpdateItem", "SendMessage", putLimit, speakInto} {
		last = append(last, "outbound before "+operation, "outbound after "+operation)
	}
	m.report(t, 60, last...)
}

// checkSpeeches: each text was spoken, or is a dead letter because it may have
// been; and none was spoken twice.
func (c *caller) checkSpeeches(t *testing.T, n int) {
	t.Helper()
	dead := map[string]bool{}
	for _, body := range c.cloud.sqs.Take(t, c.deadLetters) {
		e, err := webhook.DecodeEvent([]byte(body))
		var request followups.SpeechRequest
		if err != nil || json.Unmarshal(e.Data, &request) != nil || !strings.Contains(e.Reason, "may have been spoken") {
			t.Errorf("dead letter of type %q: %s, %v", e.Type, e.Reason, err)
		}
		dead[request.Text] = true
	}
	outboundtest.CheckSpoken(t, c.fake, n, dead)
}

// A limit whose answer is lost may still land, after the next one. So it is
// pushed once more when it no longer can: when the message has become visible.
func lostAnswer(t *testing.T, c *cloud) {
	p := c.deploy(t, options{})
	o := p.callOut(t, c.apiKeys, nil)
	var cuts atomic.Int64
	o.api.Hurt(func(string) fault {
		if cuts.Add(1) == 1 {
			return cut
		}
		return nil
	})
	o.grant(t, "member-0", 7)
	queue := lambdatest.Poller{SQS: c.sqs.SQS, Queue: p.outbound, Function: o.function}
	received := time.Now()
	for try, want := range []int{1, 0} {
		if n, err := queue.Once(t.Context()); n != want || err != nil {
			t.Fatalf("receive %d: %d messages, want %d; %v", try, n, want, err)
		}
	}
	limit, _ := o.fake.Limit("member-0", "conversational_seconds")
	account, err := p.ledger.Account(t.Context(), "member-0")
	if limit != 7 || o.api.Calls(putLimit) != 2 || account.PushedSeq != 0 || err != nil {
		t.Errorf("limit %d after %d calls, %d entries known to be pushed; %v", limit, o.api.Calls(putLimit), account.PushedSeq, err)
	}
	if n := p.count(t, p.outbound); n != 1 {
		t.Errorf("%d messages wait, want the one", n)
	}
	defer p.feed(t, p.outbound, o.function)()
	o.settle(t)
	if waited := time.Since(received); waited < visibility {
		t.Errorf("it came back after %s, the queue hides it for %s", waited, visibility)
	}
	o.checkLimits(t, "member-0")
	if n := o.api.Calls(putLimit); n != 3 {
		t.Errorf("%d calls, want one more", n)
	}
}

// The key was withdrawn: the calls end as dead letters. Once there is a new one
// they are redriven like events, to the worker, and it passes them on.
func refusedCalls(t *testing.T, c *cloud) {
	p := c.deploy(t, options{maxReceives: 1, visibility: giveUp})
	o := p.callOut(t, c.apiKeys, nil)
	o.api.Hurt(func(string) fault { return refused(http.StatusUnauthorized, "unauthorized") })
	o.grant(t, "member-0", 7)
	stop := p.feed(t, p.outbound, o.function)
	o.settle(t)
	stop()
	if n := p.count(t, p.deadLetters); n != 1 || !strings.Contains(p.log.String(), `"code":"API"`) {
		t.Fatalf("%d dead letters, want 1 and an alarm", n)
	}
	o.api.Hurt(nil)
	p.redrive(t)
	p.drain(t)
	defer p.feed(t, p.outbound, o.function)()
	o.settle(t)
	o.checkLimits(t, "member-0")
}

// A secret that was just deployed has no value.
func withoutKey(t *testing.T, c *cloud) {
	p := c.deploy(t, options{})
	o := p.callOut(t, c.noKeys, nil)
	o.grant(t, "member-0", 7)
	defer p.feed(t, p.outbound, o.function)()
	o.settle(t)
	if n := o.api.Total(); n != 0 {
		t.Errorf("%d calls", n)
	}
	if !strings.Contains(p.log.String(), `"outcome":"no key"`) || p.count(t, p.deadLetters) != 0 {
		t.Error("the change of balance was not acknowledged")
	}
}

func secretGone(t *testing.T, c *cloud) {
	p := c.deploy(t, options{})
	o := p.callOut(t, c.noKeys+"-gone", nil)
	o.grant(t, "member-0", 7)
	queue := lambdatest.Poller{SQS: c.sqs.SQS, Queue: p.outbound, Function: o.function}
	if n, err := queue.Once(t.Context()); n != 1 || err == nil {
		t.Errorf("%d messages were handled, error %v", n, err)
	}
	if n := p.count(t, p.outbound); n != 1 || o.api.Total() != 0 {
		t.Errorf("%d messages wait after %d calls, want the one", n, o.api.Total())
	}
	if !strings.Contains(p.log.String(), `"code":"SEC"`) {
		t.Error("nobody is told")
	}
}
