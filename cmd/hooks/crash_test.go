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
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
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

// act is a part of the script: what platforms deliver, and what must come of it.
// check takes its own dead letters out of reasons.
type act struct {
	deliveries func(t *testing.T) []eventstest.Sample
	check      func(t *testing.T, db *local.DB, fake *fakeapi.API, reasons map[string]bool)
}

var acts = []act{
	{usageScript, checkUsage},
	gabberScript,
	chatbaseScript,
}

func usageScript(t *testing.T) []eventstest.Sample {
	m := eventstest.NewMeter(t)
	first := m.Report(t, "1", "u1", "30")
	return []eventstest.Sample{
		first,
		first,                        // a duplicate
		m.Report(t, "2", "u1", "-1"), // unusable
		m.Report(t, "1", "u1", "31"), // a conflict
		m.Report(t, "3", "u2", "5"),  // by a human without credits
	}
}

func checkUsage(t *testing.T, db *local.DB, _ *fakeapi.API, reasons map[string]bool) {
	ledgertest.CheckLedger(t, db.Ledger(), "u1")
	account, err := db.Ledger().Account(t.Context(), "u1")
	if err != nil || account.Balance != granted-30*ledger.Credit {
		t.Errorf("balance %s (%v), want 70", account.Balance, err)
	}
	if state, _, err := db.Records().Get(t.Context(), "credits.state", "u2"); state.Version != 1 || err != nil {
		t.Errorf("crossing %d (%v), want the first", state.Version, err)
	}
	if !reasons["conflict"] {
		t.Error("no dead letter for the conflict")
	}
	delete(reasons, "conflict")
}

// granted is what u1 has before the script.
const granted = 100 * ledger.Credit

// sideBySide is how many runs go on at once; each has a directory, a port and fakes
// of its own and mostly waits.
const sideBySide = 16

// TestServeKillBetweenAnyTwoStepsLosesAndDoublesNothing kills a server at its first
// step, another at its second, and so on until a run needs fewer steps than that.
func TestServeKillBetweenAnyTwoStepsLosesAndDoublesNothing(t *testing.T) {
	eventstest.NewMeter(t) // or skip
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
	env = append(env, "TARIFF="+eventstest.Tariff(t))
	s := start(t, dir, append(slices.Clone(env), asCommand+"=crash", "CRASH_AT="+strconv.Itoa(at))...)
	restart := func() {
		_ = s.Wait() // it was killed
		killed = true
		if err := db.Queue(local.Outbound).Release(t.Context()); err != nil { // nothing is on its way to the fake: no need to wait
			t.Fatal(err)
		}
		s = start(t, dir, env...)
	}
	for _, act := range acts {
		for _, d := range act.deliveries(t) {
			for {
				answer, err := post(t.Context(), s.url+"/"+d.Platform, signature.Request{Method: "POST", Header: signature.Header{d.Header: {d.HeaderValue}}, Body: d.Body})
				if err == nil && answer.Status == http.StatusOK {
					break
				}
				if err == nil {
					t.Fatalf("%d %s", answer.Status, answer.Body)
				}
				restart()
			}
		}
	}
	// It may still die while handling what was queued.
	eventually(t, "the queues are empty", func() bool {
		if dead(s.Cmd) {
			restart()
		}
		return length(t, db, local.Events)+length(t, db, local.Outbound) == 0
	})
	s.stopAny(t)

	reasons := map[string]bool{}
	letters, err := db.DeadLetters().List(t.Context(), local.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		word, _, _ := strings.Cut(l.Reason, ":")
		reasons[word] = true
	}
	for _, act := range acts {
		act.check(t, db, fake, reasons)
	}
	if len(reasons) != 1 { // of the unusable one
		t.Errorf("dead letters for %v", reasons)
	}
	if wrong := fake.State().Wrong; len(wrong) != 0 {
		t.Errorf("wrong calls %q", wrong)
	}
	return killed
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
