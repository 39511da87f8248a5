package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// crashes ends the process with SIGKILL at the step of the given number. A step
// is the moment before or after anything is stored or handled.
type crashes struct {
	at   int64
	step atomic.Int64
}

func (c *crashes) point() {
	if c.step.Add(1) == c.at {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // not one instruction more
	}
}

type crashingPublisher struct {
	webhook.Publisher
	*crashes
}

func (p crashingPublisher) Publish(ctx context.Context, e webhook.Event) error {
	p.point()
	defer p.point()
	return p.Publisher.Publish(ctx, e)
}

type crashingLedger struct {
	books
	*crashes
}

func (l crashingLedger) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	l.point()
	defer l.point()
	return l.books.Post(ctx, account, entries)
}

func (l crashingLedger) MarkPushed(ctx context.Context, account string, seq int64) error {
	l.point()
	defer l.point()
	return l.books.MarkPushed(ctx, account, seq)
}

type crashingRecords struct {
	records.Store
	*crashes
}

func (r crashingRecords) Put(ctx context.Context, record records.Record) (bool, error) {
	r.point()
	defer r.point()
	return r.Store.Put(ctx, record)
}

type crashingDoer struct {
	outbound.Doer
	*crashes
}

func (a crashingDoer) Do(ctx context.Context, method, url string, header map[string]string, body []byte) ([]byte, error) {
	a.point()
	defer a.point()
	return a.Doer.Do(ctx, method, url, header, body)
}

func (c *crashes) handler(handle handler) handler {
	return func(ctx context.Context, messages []worker.Message) []worker.Verdict {
		c.point()
		defer c.point() // done, but the queue does not know it yet
		return handle(ctx, messages)
	}
}

// crashingServe is `hooks serve` with the real pipeline over crashing ports.
func crashingServe() {
	at, err := strconv.ParseInt(os.Getenv("CRASH_AT"), 10, 64)
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	fail(err)
	ctx, log := context.Background(), slog.New(slog.NewJSONHandler(os.Stderr, nil))
	db, err := local.Open(ctx, "hooks.db", time.Now)
	fail(err)
	s, err := loadSettings(os.LookupEnv)
	fail(err)
	c, to := &crashes{at: at}, portsOf(db, s)
	to.events, to.eventsDead = crashingPublisher{to.events, c}, crashingPublisher{to.eventsDead, c}
	to.outbound, to.outboundDead = crashingPublisher{to.outbound, c}, crashingPublisher{to.outboundDead, c}
	to.ledger, to.records = crashingLedger{to.ledger, c}, crashingRecords{to.records, c}
	to.platforms = crashingDoer{to.platforms, c}
	p := newPipeline(db, to, s, log)
	p.worker, p.outbound = c.handler(p.worker), c.handler(p.outbound)
	fail(serve(ctx, p, "127.0.0.1:0", func(addr net.Addr) { fmt.Printf("hooks: listening on http://%s,\n", addr) }))
}

func signerFor(t *testing.T, platform string) *signature.Keyring {
	t.Helper()
	s, err := loadSettings(demoEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.platform(platform)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := s.signer(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// script is what the platforms deliver in every run, with what must come of it.
var script = []struct{ platform, body string }{
	{"gabber", `{"type":"usage.tracked","payload":{"id":"1","type":"conversational_seconds","value":30,"human":"u1"}}`},
	{"gabber", `{"type":"usage.tracked","payload":{"id":"1","type":"conversational_seconds","value":30,"human":"u1"}}`}, // a duplicate
	{"gabber", `{"type":"usage.tracked","payload":{"type":"conversational_seconds","value":4,"human":"u1"}}`},           // no id
	{"gabber", `{"type":"usage.tracked","payload":{"id":"2","type":"conversational_seconds","value":-1,"human":"u1"}}`}, // unusable
	{"gabber", `{"type":"usage.tracked","payload":{"id":"1","type":"conversational_seconds","value":31,"human":"u1"}}`}, // a conflict
	{"gabber", `{"type":"usage.tracked","payload":{"id":"3","type":"conversational_seconds","value":5,"human":"u2"}}`},  // who has nothing
	{"gabber", `{"type":"tool.calls_finished","payload":{"realtime_session":"s","group":"g","tool_calls":[],"tool_call_results":[{"tool_call_id":"t","tool_definition_id":"d","code":200,"response_string":"yes"}]}}`},
	{"chatbase", `{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c","customerName":"Robin"}}`},
}

// granted is what u1 has before the script.
const granted = 100 * ledger.Credit

// sideBySide is how many runs go on at once; each has a directory, a port and fakes
// of its own and mostly waits.
const sideBySide = 16

// TestAKillBetweenAnyTwoStepsLosesAndDoublesNothing kills a server at its first
// step, another at its second, and so on until a run needs fewer steps than that.
func TestAKillBetweenAnyTwoStepsLosesAndDoublesNothing(t *testing.T) {
	var next, kills atomic.Int64
	var runs sync.WaitGroup
	for range sideBySide {
		runs.Go(func() {
			for killed := true; killed; {
				at := int(next.Add(1))
				killed = false
				t.Run(fmt.Sprint("at step ", at), func(t *testing.T) { killed = runScript(t, at) })
				if killed {
					kills.Add(1)
				}
			}
		})
	}
	runs.Wait()
	t.Logf("killed at each of %d steps", kills.Load())
	if kills.Load() < 60 {
		t.Errorf("only %d steps: something is not being watched", kills.Load())
	}
}

// runScript delivers the script to a server that dies at a step, does what
// platforms do (repeat what was not answered 200), restarts it, and checks the
// books. It says whether the server died.
func runScript(t *testing.T, at int) (killed bool) {
	t.Helper()
	dir := t.TempDir()
	fake, env := fakeAPIs(t)
	db, err := local.Open(t.Context(), dir+"/hooks.db", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Ledger().Post(t.Context(), "u1", []ledger.Entry{{ID: "granted", Kind: ledger.Grant, Amount: granted}}); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir, append(env, asCommand+"=crash", "CRASH_AT="+strconv.Itoa(at))...)
	restart := func() {
		_ = s.Wait() // it was killed
		killed = true
		if err := db.Queue(local.Outbound).Release(t.Context()); err != nil { // nothing is on its way to the fake: no need to wait
			t.Fatal(err)
		}
		s = start(t, dir, env...)
	}
	for _, d := range script {
		ring := signerFor(t, d.platform)
		for {
			answer, err := post(t.Context(), s.url+"/"+d.platform, ring.Header(), ring.Sign([]byte(d.body)), []byte(d.body))
			if err == nil && answer.Status == http.StatusOK {
				break
			}
			if err == nil {
				t.Fatalf("step %d: %d %s", at, answer.Status, answer.Body)
			}
			restart()
		}
	}
	// It may still die while handling what was queued.
	eventually(t, fmt.Sprintf("step %d: the queues are empty", at), func() bool {
		if dead(s.Cmd) {
			restart()
		}
		return length(t, db, local.Events)+length(t, db, local.Outbound) == 0
	})
	s.stopAny(t)

	ledgertest.CheckLedger(t, db.Ledger(), "u1")
	account, err := db.Ledger().Account(t.Context(), "u1")
	if err != nil {
		t.Fatal(err)
	}
	if account.Balance != granted-34*ledger.Credit {
		t.Errorf("step %d: balance %s, want 66", at, account.Balance)
	}
	reasons := map[string]bool{}
	letters, err := db.DeadLetters().List(t.Context(), local.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		word, _, _ := strings.Cut(l.Reason, ":")
		reasons[word] = true
	}
	checkCalls(t, at, fake, reasons)
	delete(reasons, maybeSpoken)
	if len(reasons) != 2 || !reasons["conflict"] || !reasons["payload.value is negative"] {
		t.Errorf("step %d: dead letters for %v", at, reasons)
	}
	if state, _, err := db.Records().Get(t.Context(), "credits.state", "u2"); state.Version != 1 || err != nil {
		t.Errorf("step %d: crossing %d (%v), want the first", at, state.Version, err)
	}
	if leads, _, err := db.Records().List(t.Context(), chatbase.LeadKind, "", 10); len(leads) != 1 || err != nil {
		t.Errorf("step %d: %d leads (%v), want one", at, len(leads), err)
	}
	return killed
}

const maybeSpoken = "it may have been spoken already"

// checkCalls says what the platforms must have been told in the end: the limit,
// the lead, and the text once, unless a person is told that nobody knows.
func checkCalls(t *testing.T, at int, fake *fakeapi.API, reasons map[string]bool) {
	t.Helper()
	for human, want := range map[string]int64{"u1": 66, "u2": 0} {
		if limit, ok := fake.Limit(human, "conversational_seconds"); !ok || limit != want {
			t.Errorf("step %d: limit of %s is %d (put: %v), want %d", at, human, limit, ok, want)
		}
	}
	if spoken := len(fake.State().Spoken["s"]); spoken > 1 || spoken == 0 && !reasons[maybeSpoken] {
		t.Errorf("step %d: spoken %d times, dead letters for %v", at, spoken, reasons)
	}
	if leads := fake.State().Leads; len(leads) != 1 {
		t.Errorf("step %d: the lead arrived %d times", at, len(leads))
	}
	if wrong := fake.State().Wrong; len(wrong) != 0 {
		t.Errorf("step %d: wrong calls %q", at, wrong)
	}
}

// dead says whether the process has ended, without waiting for it.
func dead(cmd *exec.Cmd) bool {
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(cmd.Process.Pid, &status, syscall.WNOHANG, nil)
	return pid == cmd.Process.Pid || errors.Is(err, syscall.ECHILD)
}

// stopAny ends a server that may be of either kind.
func (s *server) stopAny(t *testing.T) {
	t.Helper()
	_ = s.Process.Kill()
	_ = s.Wait()
}

func length(t *testing.T, db *local.DB, queue string) int {
	t.Helper()
	n, err := db.Queue(queue).Len(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}
