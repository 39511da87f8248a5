package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

type demoCmd struct {
	Addr        string `default:"127.0.0.1:8080" help:"Where to listen."`
	KeepServing bool   `help:"Go on serving after the table, until interrupted."`
	operator.Output
}

// testSecrets sign the samples. They are public: fine on a loopback address,
// worth nothing anywhere else.
var testSecrets = map[string]string{
	"gabber":   "gabber-test-api-key-not-real",
	"cribbly":  "cribbly-test-secret-not-real",
	"oblic":    "oblic-test-secret-not-real",
	"g-tateth": "gtateth-test-secret-not-real",
	"chatbase": "chatbase-test-secret-not-real",
}

// demoHuman owns the usage in the samples.
const demoHuman = "member-20417"

// step is one delivery of the demo and what must become of it.
type step struct {
	platform, event string
	tamper          bool
	status          int
	outcome         string
}

var steps = []step{
	{"gabber", "usage.tracked", false, http.StatusOK, "charged"},
	{"cribbly", "message.created", false, http.StatusOK, "stored"},
	{"oblic", "contact.updated", false, http.StatusOK, "stored"},
	{"g-tateth", "call.completed", false, http.StatusOK, "stored"},
	{"chatbase", "leads.submit", false, http.StatusOK, "stored"},
	{"gabber", "usage.tracked", false, http.StatusOK, "duplicate"},
	{"gabber", "usage.tracked", true, http.StatusForbidden, "refused"},
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
// test secrets, fakes of the platforms and every setting at its default: what it
// shows does not depend on what you have configured.
type demonstration struct {
	file     string
	db       *local.DB
	fake     *fakes
	settings settings
	pipeline *pipeline
	verdicts chan worker.Verdict
	level    slog.LevelVar
}

func newDemonstration(ctx context.Context, dir string) (*demonstration, error) {
	fake, err := startFakes(demoEnvironment)
	if err != nil {
		return nil, err
	}
	d := &demonstration{file: filepath.Join(dir, "hooks.db"), fake: fake, verdicts: make(chan worker.Verdict, len(steps))}
	if d.settings, err = loadSettings(fake.env); err == nil {
		d.db, err = local.Open(ctx, d.file, time.Now)
	}
	if err != nil {
		fake.Close()
		return nil, err
	}
	d.level.Set(slog.LevelError) // the table says the rest
	d.pipeline = newPipeline(d.db, portsOf(d.db, d.settings), d.settings, newLog(&d.level))
	d.pipeline.worker = told(d.pipeline.worker, d.verdicts)
	return d, nil
}

// Close ends what was begun.
func (d *demonstration) Close() {
	d.fake.Close()
	_ = d.db.Close() // the file goes away with it
}

// demoEnvironment has the test secrets and nothing else.
func demoEnvironment(name string) (string, bool) {
	for platform, secret := range testSecrets {
		if local.SecretVariable(platform) == name {
			return secret, true
		}
	}
	return "", false
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
		err = c.Print(os.Stdout, rows, func(w io.Writer) { table(w, rows) })
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

// rows is every step, and the limit that must come of them.
func (d *demonstration) rows(ctx context.Context, url string) ([]happened, error) {
	rows, err := d.play(ctx, url)
	if err != nil {
		return rows, err
	}
	limit, err := d.pushed(ctx)
	return append(rows, limit), err
}

func (d *demonstration) invite(url string) {
	fmt.Printf("\nserving on %s until you interrupt; in another terminal try\n"+
		"  go run ./cmd/hooks balance %s --db %s\n"+
		"  GABBER_WEBHOOK_SECRET=%s go run ./cmd/hooks send gabber usage.tracked.human_id --url %s\n",
		url, demoHuman, d.file, testSecrets["gabber"], url)
}

// told passes verdicts on while somebody takes them.
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

// play grants the demo account credits and delivers every step.
func (d *demonstration) play(ctx context.Context, url string) ([]happened, error) {
	grants := accounts.Grants{Ledger: d.db.Ledger(), FollowUps: d.db.Queue(local.Outbound), Now: time.Now}
	if _, _, err := grants.Book(ctx, ledger.Grant, accounts.BalanceOf("", demoHuman), "demo", 600*ledger.Credit, "demo"); err != nil {
		return nil, err
	}
	var rows []happened
	for _, step := range steps {
		platform, err := d.settings.platform(step.platform)
		if err != nil { // dropped by this fork
			continue
		}
		row, err := d.deliver(ctx, step, platform, url)
		if err != nil {
			return rows, fmt.Errorf("%s %s: %w", step.platform, step.event, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (d *demonstration) deliver(ctx context.Context, st step, p webhook.Provider, url string) (happened, error) {
	row := happened{Platform: st.platform, Event: st.event, Outcome: "refused"}
	body, err := events.Body(st.platform, st.event)
	if err != nil {
		return row, err
	}
	ring, err := d.settings.signer(ctx, p, body)
	if err != nil {
		return row, err
	}
	mark := ring.Sign(body)
	if st.tamper {
		body, row.Event = tampered(body), st.event+" (one byte changed)"
	}
	before, err := d.db.Ledger().Account(ctx, demoHuman)
	if err != nil {
		return row, err
	}
	answer, err := post(ctx, url+"/"+st.platform, ring.Header(), mark, body)
	if err != nil {
		return row, err
	}
	if answer.Status == http.StatusOK {
		select {
		case v := <-d.verdicts:
			row.Outcome = v.Outcome
		case <-time.After(20 * time.Second):
			row.Outcome = "still queued"
		}
	}
	after, err := d.db.Ledger().Account(ctx, demoHuman)
	row.Reply, row.Millis = answer.Status, answer.Millis
	row.Before, row.After = before.Balance.String(), after.Balance.String()
	row.AsMeant = row.Reply == st.status && row.Outcome == st.outcome && (row.Before != row.After) == (st.outcome == "charged")
	return row, err
}

// pushed waits for the limit at Gabber's (fake) API to be what the balance buys.
func (d *demonstration) pushed(ctx context.Context) (happened, error) {
	row := happened{Platform: "gabber", Event: "limit, at the fake API"}
	account, err := d.db.Ledger().Account(ctx, demoHuman)
	if err != nil {
		return row, err
	}
	row.Before, row.After = account.Balance.String(), account.Balance.String()
	price, _, err := d.settings.outbound.Gabber.Price.Micros()
	if err != nil || price <= 0 {
		row.Outcome, row.AsMeant = "no price", true
		return row, err
	}
	for range 200 {
		limit, ok := d.fake.Limit(demoHuman, "conversational_seconds")
		row.Outcome = fmt.Sprintf("%d s left", limit)
		if row.AsMeant = ok && limit == max(0, int64(account.Balance))/price && len(d.fake.State().Wrong) == 0; row.AsMeant {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return row, nil
}

func table(w io.Writer, rows []happened) {
	operator.Columns(w, "PLATFORM\tEVENT\tREPLY\tOUTCOME\tBALANCE OF "+demoHuman, func(row func(...any)) {
		for _, r := range rows {
			balance := r.Before + " -> " + r.After
			if r.Before == r.After {
				balance = r.After
			}
			reply := fmt.Sprintf("%d in %.1f ms", r.Reply, r.Millis)
			if r.Reply == 0 {
				reply = "" // ours to call, not to answer
			}
			row(r.Platform, r.Event, reply, r.Outcome, balance)
		}
	})
}

func verdict(rows []happened) error {
	for _, r := range rows {
		if !r.AsMeant {
			return fmt.Errorf("demo: %s %s did not end as it should", r.Platform, r.Event)
		}
	}
	return nil
}
