package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/outbound/outboundtest"
	"github.com/webhook-functions/template/shared/webhook"
)

const (
	putLimit  = "PUT /v1/usage/token" // as the proxy calls it
	speakInto = "POST /v1/realtime/" + outboundtest.Room + "/speak"
)

// callOut deploys gcp-outbound with a secret. more are variables of its
// environment.
func (s *system) callOut(secret string, more ...string) {
	s.Helper()
	s.mount("outbound", secret)
	s.setEnv(outboundFn, 60, append(more, "OUTBOUND_TOPIC=outbound", "FIRESTORE_DATABASE=webhooks",
		"OUTBOUND_SECRETS_DIR="+s.dir, "GABBER_API_URL=http://"+s.proxies[outboundFn].addr())...)
	s.start(outboundFn)
	s.pushTo(outboundFn)
}

// addresses name what outbound calls.
func (s *system) addresses() (env []string) {
	for name, address := range fakeapi.Addresses("http://" + s.proxies[outboundFn].addr()) {
		env = append(env, name+"="+address)
	}
	return env
}

// grant books what an operator gives and has the platforms told.
func (s *system) grant(human string, credits int) {
	s.Helper()
	grants := accounts.Grants{Ledger: s.client.Ledger("webhooks"), FollowUps: s.client.Topic("outbound"), Now: time.Now}
	if _, _, err := grants.Book(s.Context(), ledger.Grant, accounts.BalanceOf("", human), fmt.Sprint(human, credits), ledger.Micro(credits)*ledger.Credit, ""); err != nil {
		s.Fatal(err)
	}
}

func (s *system) checkLimits(humans ...string) {
	s.Helper()
	outboundtest.CheckLimits(s.T, s.client.Ledger("webhooks"), s.fake, humans...)
}

func platformsAreTold(s *system) {
	const session, human = outboundtest.Session, outboundtest.Human
	s.kill(workerFn)
	s.setEnv(workerFn, 30, append(s.addresses(), "OUTBOUND_TOPIC=outbound", "FIRESTORE_DATABASE=webhooks")...)
	s.start(workerFn)
	s.callOut(fakeapi.SecretJSON(), s.addresses()...)
	if _, err := s.client.Records("webhooks").Put(s.Context(), accounts.PhoneOwner("+1-202-555-0143", human, time.Now())); err != nil {
		s.Fatal(err)
	}
	s.grant(human, 600)
	s.deliver(eventstest.Of(s, "gabber", "realtime_session.state_changed"))
	s.drain()
	if got := s.fake.State().Attached[session]; got != human {
		s.Errorf("the call is %q's, want the caller's", got)
	}
	for range 2 {
		for _, sample := range eventstest.Samples(s) {
			s.deliver(sample)
		}
		s.drain()
	}
	s.checkLimits(human)
	outboundtest.CheckSamples(s.T, s.fake)
	if n := len(s.letters("dead-letters")); n != 0 {
		s.Errorf("%d dead letters", n)
	}
}

// outboundSteps are all moments of outbound between which something changes
// somewhere.
func outboundSteps() (all []step) {
	for _, operation := range []string{"push", "batchGet", "commit", putLimit, speakInto, "publish outbound", "publish dead-letters"} {
		all = append(all, step{outboundFn, operation, before}, step{outboundFn, operation, after})
	}
	return all
}

const outboundRounds = 5

// outboundKills ends outbound at each step, five times over, while balances go
// down through zero and up again, texts wait to be spoken and one message is
// nonsense.
func outboundKills(s *system) {
	s.callOut(fakeapi.SecretJSON())
	s.grant("everybody", 1)
	x := &executioner{}
	s.inject(x.strike(s))
	var humans []string
	crossings := map[string]bool{}
	n := 0
	for range outboundRounds {
		for _, next := range outboundSteps() {
			fired := x.arm(next)
			fresh := fmt.Sprint("u", n)
			s.grant(fresh, 3)
			s.deliver(s.usage(fresh, fresh, 5))
			s.deliver(s.usage(fmt.Sprint("e", n), "everybody", 2))
			s.grant("everybody", 10+n)
			s.say(outboundtest.Text(n))
			s.send(webhook.FollowUp("worker", followups.HumanFound, webhook.Event{ID: "nonsense"}, fresh, []byte("{}")))
			s.reached(next, fired)
			humans = append(humans, fresh)
			crossings[fresh] = true
			n++
		}
	}
	s.Logf("killed %d times", n)
	if n < 60 {
		s.Errorf("killed %d times only", n)
	}
	s.drain()
	s.inject(nil)
	s.checkLimits(append(humans, "everybody")...)
	for _, human := range humans {
		s.balance(human, -2, 2)
	}
	s.checkCrossings(humans)
	s.checkSpeeches(n)
}

// send has outbound handle an event.
func (s *system) send(e webhook.Event) {
	s.Helper()
	e.Time = time.Now()
	if err := s.client.Topic("outbound").Publish(s.Context(), e); err != nil {
		s.Fatal(err)
	}
}

// say asks for a text to be spoken in the room.
func (s *system) say(words string) {
	s.Helper()
	request, err := json.Marshal(followups.SpeechRequest{Session: outboundtest.Room, Text: words, Group: words})
	if err != nil {
		s.Fatal(err)
	}
	s.send(webhook.FollowUp("worker", followups.SpeechRequested, webhook.Event{ID: words}, words, request))
}

// checkCrossings: each of these accounts has run out once, and one event says so,
// however often it was published.
func (s *system) checkCrossings(humans []string) {
	s.Helper()
	times := map[string]int{}
	for _, e := range s.letters("outbound") {
		var crossing followups.Crossing
		if e.Type != followups.Exhausted {
			continue
		}
		if err := json.Unmarshal(e.Data, &crossing); err != nil {
			s.Error(err)
		}
		times[crossing.Account]++
	}
	for _, human := range humans {
		if times[human] != 1 {
			s.Errorf("%s has run out once, %d different events say so", human, times[human])
		}
	}
}

// checkSpeeches: each text was spoken, or is a dead letter because it may have
// been; and none was spoken twice. Every nonsense is a dead letter, too.
func (s *system) checkSpeeches(n int) {
	s.Helper()
	dead, nonsense := map[string]bool{}, 0
	for _, e := range s.letters("dead-letters") {
		var request followups.SpeechRequest
		switch {
		case e.Type == followups.HumanFound:
			nonsense++
		case json.Unmarshal(e.Data, &request) == nil && strings.Contains(e.Reason, "may have been spoken"):
			dead[request.Text] = true
		default:
			s.Errorf("dead letter of type %q: %s", e.Type, e.Reason)
		}
	}
	outboundtest.CheckSpoken(s.T, s.fake, n, dead)
	if nonsense != n {
		s.Errorf("%d of %d nonsenses are dead letters", nonsense, n)
	}
}

// counter counts calls of one operation and breaks the connection of the first.
type counter struct {
	operation string
	calls     atomic.Int64
	breaks    int64
}

func (c *counter) count(_, operation string, at phase) bool {
	return operation == c.operation && at == after && c.calls.Add(1) <= c.breaks
}

// A limit whose answer is lost may still land, after the next one. So it is
// pushed once more when Pub/Sub brings the message back: 503, although the push
// that followed at once went well.
func lostAnswer(s *system) {
	puts := &counter{operation: putLimit, breaks: 1}
	var mu sync.Mutex
	var pushes []phase
	s.inject(func(process, operation string, at phase) bool {
		mu.Lock()
		defer mu.Unlock()
		if process == outboundFn && operation == "push" {
			pushes = append(pushes, at)
		}
		return puts.count(process, operation, at)
	})
	s.callOut(fakeapi.SecretJSON())
	s.grant("member-0", 7)
	s.drain()
	s.inject(nil)
	s.checkLimits("member-0")
	if n := puts.calls.Load(); n != 3 {
		s.Errorf("%d limits were put, want the lost one, its repetition and the late one", n)
	}
	if mu.Lock(); !slices.Equal(pushes, []phase{before, after, before, after}) {
		s.Errorf("pushes %v, want two", pushes)
	}
	mu.Unlock()
}

// The key was withdrawn: after its last attempt Pub/Sub moves the call to the
// dead letters. Once there is a new key they are redriven like events, to the
// worker, and it passes them on.
func refusedCalls(s *system) {
	s.callOut(`{"GABBER_API_KEY":"withdrawn"}`)
	s.grant("member-0", 7)
	var letters map[string]webhook.Event
	s.eventually("the call is a dead letter", func() bool {
		letters = s.letters("dead-letters")
		return len(letters) > 0
	})
	if !strings.Contains(s.log.String(), `"code":"API"`) {
		s.Error("nobody is told")
	}
	if _, ok := s.fake.Limit("member-0", "conversational_seconds"); ok {
		s.Error("a limit was put without a key")
	}
	s.kill(outboundFn)
	s.mount("outbound", fakeapi.SecretJSON())
	s.start(outboundFn)
	s.forget() // what was moved will never be done under its old id
	for _, e := range letters {
		if err := s.client.Topic("events").Publish(s.Context(), e); err != nil {
			s.Fatal(err)
		}
	}
	s.drain()
	account, err := s.client.Ledger("webhooks").Account(s.Context(), "member-0")
	limit, ok := s.fake.Limit("member-0", "conversational_seconds")
	if err != nil || !ok || limit != 7 || account.PushedSeq != 1 {
		s.Errorf("limit %d (%t), %d entries known to be pushed (%v)", limit, ok, account.PushedSeq, err)
	}
}

// Without a key Gabber is never called, and nothing piles up.
func withoutKey(s *system) {
	s.callOut("{}")
	s.grant("member-0", 7)
	s.drain()
	if _, ok := s.fake.Limit("member-0", "conversational_seconds"); ok || len(s.fake.State().Wrong) != 0 {
		s.Error("Gabber was called")
	}
	if n := len(s.letters("dead-letters")); n != 0 || !strings.Contains(s.log.String(), `"outcome":"no key"`) {
		s.Errorf("%d dead letters; the change of balance was not acknowledged", n)
	}
}

// While the secret cannot be used messages come back with an alarm; once
// it can, outbound starts by itself.
func brokenSecret(s *system) {
	s.callOut("not JSON")
	s.grant("member-0", 7)
	s.eventually("somebody is told", func() bool { return strings.Contains(s.log.String(), `"code":"SEC"`) })
	s.mount("outbound", fakeapi.SecretJSON())
	s.drain()
	s.checkLimits("member-0")
}
