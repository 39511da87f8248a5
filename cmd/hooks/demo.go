package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

type demoCmd struct {
	Addr        string `default:"127.0.0.1:8080" help:"Where to listen."`
	KeepServing bool   `help:"Go on serving after the table, until interrupted."`
	operator.Output
}

// step is one delivery of the demo.
type step struct {
	platform providers.Entry
	event    string
	body     []byte
	again    bool // the event was delivered before
	tamper   bool // one byte is changed after signing
}

// happened is one row of the table.
type happened struct {
	Platform string  `json:"platform"`
	Event    string  `json:"event"`
	Reply    int     `json:"reply"`
	Millis   float64 `json:"milliseconds"`
	Outcome  string  `json:"outcome"`
	Before   string  `json:"balance_before"`
	After    string  `json:"balance_after"`
	AsMeant  bool    `json:"as_expected"`
}

// demonstration is a pipeline of its own, on a file that goes away with it, with
// the samples' secrets, fakes of the platforms and every setting at its default:
// what it shows does not depend on what you have configured.
type demonstration struct {
	file     string
	db       *local.DB
	fake     *fakes
	settings settings
	pipeline *pipeline
	steps    []step
	human    string // whose usage the samples report
	verdicts chan worker.Verdict
	level    slog.LevelVar
}

// look gives a row of the table.
type look func(context.Context, *demonstration) (happened, error)

// afterwards look at what the platforms were told.
var afterwards = []look{
	gabberLimit,
}

func newDemonstration(ctx context.Context, dir string) (*demonstration, error) {
	fake, err := startFakes(demoEnvironment)
	if err != nil {
		return nil, err
	}
	d := &demonstration{file: filepath.Join(dir, "hooks.db"), fake: fake}
	if d.settings, err = loadSettings(fake.env); err == nil {
		d.db, err = local.Open(ctx, d.file, time.Now)
	}
	if err != nil {
		fake.Close()
		return nil, err
	}
	d.plan()
	d.level.Set(slog.LevelError) // the table says the rest
	d.pipeline = newPipeline(d.db, portsOf(d.db, d.settings), d.settings, newLog(&d.level))
	d.verdicts = make(chan worker.Verdict, len(d.steps))
	d.pipeline.worker = told(d.pipeline.worker, d.verdicts)
	return d, nil
}

// Close ends what was begun.
func (d *demonstration) Close() {
	d.fake.Close()
	_ = d.db.Close() // the file goes away with it
}

// demoEnvironment has the samples' secrets and nothing else.
func demoEnvironment(name string) (string, bool) {
	for platform, secret := range events.Secrets() {
		if local.SecretVariable(platform) == name {
			return secret, true
		}
	}
	return "", false
}

// plan takes one sample per platform, and delivers the first that reports usage,
// or else the first, once more and once changed.
func (d *demonstration) plan() {
	repeated := 0
	for _, p := range d.settings.providers {
		event, body, usage := shown(p)
		if event == "" {
			continue
		}
		if d.human == "" && usage.Whom != "" {
			repeated, d.human = len(d.steps), usage.Whom
		}
		d.steps = append(d.steps, step{platform: p, event: event, body: body})
	}
	if len(d.steps) > 0 {
		again := d.steps[repeated]
		again.again = true
		d.steps = append(d.steps, again)
		again.tamper = true
		d.steps = append(d.steps, again)
	}
}

// shown picks a platform's sample: the first that is named after its type, rather
// one that reports usage.
func shown(p providers.Entry) (event string, body []byte, used webhook.Usage) {
	for _, name := range events.Names(p.Name) {
		sample, _ := events.Body(p.Name, name) // it is listed
		parsed, err := p.Decode(sample)
		if err != nil || parsed.Type != name {
			continue
		}
		if reporter, ok := parsed.Payload.(webhook.UsageReporter); ok {
			if usage, err := reporter.Usage(); err == nil && usage.Whom != "" {
				return name, sample, usage
			}
		}
		if event == "" {
			event, body = name, sample
		}
	}
	return event, body, used
}

func (c *demoCmd) Run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "hooks-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d, err := newDemonstration(ctx, dir)
	if err != nil {
		return err
	}
	defer d.Close()
	serving, stop := context.WithCancel(ctx)
	defer stop()
	url, served, err := d.serve(serving, c.Addr)
	if err != nil {
		return err
	}
	rows, err := d.rows(ctx, url)
	if err == nil {
		err = operator.Table(c.Output, os.Stdout, rows, "PLATFORM\tEVENT\tREPLY\tOUTCOME\tBALANCE OF "+cmp.Or(d.human, "-"), happened.cells)
	}
	if err == nil && c.KeepServing {
		d.invite(url)
		d.level.Set(slog.LevelInfo)
		<-ctx.Done()
	}
	stop()
	return errors.Join(err, <-served, verdict(rows))
}

// serve starts to listen and gives the address; served tells how it ended.
func (d *demonstration) serve(ctx context.Context, listen string) (url string, served chan error, err error) {
	addr := make(chan net.Addr, 1)
	served = make(chan error, 1)
	go func() { served <- serve(ctx, d.pipeline, listen, func(a net.Addr) { addr <- a }) }()
	select {
	case a := <-addr:
		return "http://" + a.String(), served, nil
	case err := <-served:
		return "", served, err
	}
}

func (d *demonstration) invite(url string) {
	s := d.steps[len(d.steps)-1]
	fmt.Printf("\nserving on %s until you interrupt; in another terminal try\n"+
		"  go run ./cmd/hooks balance %s --db %s\n"+
		"  %s=%s go run ./cmd/hooks send %s %s --url %s\n",
		url, d.human, d.file, local.SecretVariable(s.platform.Name), events.Secrets()[s.platform.Name], s.platform.Name, s.event, url)
}

// told passes verdicts on while there is room for them.
func told(handle handler, verdicts chan<- worker.Verdict) handler {
	return func(ctx context.Context, messages []worker.Message) []worker.Verdict {
		given := handle(ctx, messages)
		for _, v := range given {
			select {
			case verdicts <- v:
			default: // the table is printed
			}
		}
		return given
	}
}

// rows grants the demo account credits, delivers every step and looks at what the
// platforms were told.
func (d *demonstration) rows(ctx context.Context, url string) (rows []happened, err error) {
	grants := accounts.Grants{Ledger: d.db.Ledger(), FollowUps: d.db.Queue(local.Outbound), Now: time.Now}
	if d.human != "" {
		_, _, err = grants.Book(ctx, ledger.Grant, accounts.BalanceOf("", d.human), "demo", 600*ledger.Credit, "demo")
	}
	var looks []look
	for _, s := range d.steps {
		looks = append(looks, func(ctx context.Context, d *demonstration) (happened, error) { return d.deliver(ctx, s, url) })
	}
	for _, see := range append(looks, afterwards...) {
		if err == nil {
			var row happened
			row, err = see(ctx, d)
			rows = append(rows, row)
		}
	}
	return rows, err
}

func (d *demonstration) deliver(ctx context.Context, s step, url string) (happened, error) {
	row := happened{Platform: s.platform.Name, Event: s.event, Outcome: "refused"}
	ring, err := d.settings.signer(ctx, s.platform.Provider, s.body)
	if err != nil {
		return row, err
	}
	q := signature.Request{Method: http.MethodPost, Body: bytes.Clone(s.body)}
	if err := ring.Sign(&q, time.Now(), deliveryID()); err != nil {
		return row, err
	}
	if s.tamper {
		q.Body, row.Event = tampered(q.Body), s.event+" (one byte changed)"
	}
	before, err := d.db.Ledger().Account(ctx, d.human)
	if err != nil {
		return row, err
	}
	answer, err := post(ctx, url+"/"+s.platform.Name, q)
	if err != nil {
		return row, err
	}
	if row.AsMeant = answer.Status == s.platform.MismatchStatus; !s.tamper {
		row.Outcome, row.AsMeant = d.outcome()
		row.AsMeant = row.AsMeant && answer.Status == http.StatusOK && (row.Outcome != "charged" || !s.again)
	}
	after, err := d.db.Ledger().Account(ctx, d.human)
	row.Reply, row.Millis = answer.Status, answer.Millis
	row.Before, row.After = before.Balance.String(), after.Balance.String()
	row.AsMeant = row.AsMeant && (row.Before != row.After) == (row.Outcome == "charged")
	return row, err
}

// outcome waits for the worker's verdict.
func (d *demonstration) outcome() (outcome string, handled bool) {
	select {
	case v := <-d.verdicts:
		return v.Outcome, v.Ack && v.Reason == "" && v.Outcome != "ignored"
	case <-time.After(20 * time.Second):
		return "still queued", false
	}
}

func (r happened) cells() []any {
	balance := r.Before + " -> " + r.After
	if r.Before == r.After {
		balance = r.After
	}
	reply := fmt.Sprintf("%d in %.1f ms", r.Reply, r.Millis)
	if r.Reply == 0 {
		reply = "" // ours to call, not to answer
	}
	return []any{r.Platform, r.Event, reply, r.Outcome, balance}
}

func verdict(rows []happened) error {
	for _, r := range rows {
		if !r.AsMeant {
			return fmt.Errorf("demo: %s %s did not end as it should", r.Platform, r.Event)
		}
	}
	return nil
}
