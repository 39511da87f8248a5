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
	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/worker"
)

type demoCmd struct {
	Addr        string `default:"127.0.0.1:8080" help:"Where to listen."`
	KeepServing bool   `help:"Go on serving after the table, until interrupted."`
	operator.Output
}

// testSecrets sign the samples where you have configured none. They are public:
// fine on a loopback address, worth nothing anywhere else.
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

func (c *demoCmd) Run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "hooks-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := database{DB: filepath.Join(dir, "hooks.db")}
	db, err := file.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	env, err := demoEnvironment()
	if err != nil {
		return err
	}
	fake, err := startFakes(env)
	if err != nil {
		return err
	}
	defer fake.Close()
	settings, err := loadSettings(fake.env)
	if err != nil {
		return err
	}
	pipeline := newPipeline(db, portsOf(db, settings), settings, log)
	verdicts := make(chan worker.Verdict, len(steps))
	pipeline.worker = told(pipeline.worker, verdicts)

	serving, stop := context.WithCancel(ctx)
	defer stop()
	addr := make(chan net.Addr, 1)
	served := make(chan error, 1)
	go func() { served <- serve(serving, pipeline, c.Addr, func(a net.Addr) { addr <- a }) }()
	var url string
	select {
	case a := <-addr:
		url = "http://" + a.String()
	case err := <-served:
		return err
	}
	rows, err := play(ctx, pipeline, settings, url, verdicts)
	if err == nil {
		var limit happened
		limit, err = pushed(ctx, pipeline, settings, fake.API)
		rows = append(rows, limit)
	}
	if err == nil {
		err = c.Print(os.Stdout, rows, func(w io.Writer) { table(w, rows) })
	}
	if err == nil && c.KeepServing {
		fmt.Printf("\nserving on %s until you interrupt; in another terminal try\n"+
			"  go run ./cmd/hooks balance %s --db %s\n"+
			"  GABBER_WEBHOOK_SECRET=%s go run ./cmd/hooks send gabber usage.tracked.human_id --url %s\n",
			url, demoHuman, file.DB, testSecrets["gabber"], url)
		<-ctx.Done()
	}
	stop()
	return errors.Join(err, <-served, verdict(rows))
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

// demoEnvironment is your configuration with the test secrets filling the gaps.
func demoEnvironment() (func(string) (string, bool), error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	fallback := make(map[string]string)
	for name, secret := range testSecrets {
		fallback[local.SecretVariable(name)] = secret
	}
	return func(name string) (string, bool) {
		if value, ok := env(name); ok && value != "" {
			return value, true
		}
		value, ok := fallback[name]
		return value, ok
	}, nil
}

// play grants the demo account credits and delivers every step.
func play(ctx context.Context, p *pipeline, s settings, url string, verdicts <-chan worker.Verdict) ([]happened, error) {
	grants := handlers.Grants{Ledger: p.db.Ledger(), FollowUps: p.db.Queue(local.Outbound), Now: time.Now}
	if _, _, err := grants.Book(ctx, ledger.Grant, handlers.BalanceOf("", demoHuman), "demo", 600*ledger.Credit, "demo"); err != nil {
		return nil, err
	}
	var rows []happened
	for _, step := range steps {
		row, err := step.deliver(ctx, p, s, url, verdicts)
		if err != nil {
			return rows, fmt.Errorf("%s %s: %w", step.platform, step.event, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (st step) deliver(ctx context.Context, p *pipeline, s settings, url string, verdicts <-chan worker.Verdict) (happened, error) {
	row := happened{Platform: st.platform, Event: st.event, Outcome: "refused"}
	ring, err := s.signer(ctx, st.platform)
	if err != nil {
		return row, err
	}
	body, err := events.Body(st.platform, st.event)
	if err != nil {
		return row, err
	}
	mark := ring.Sign(body)
	if st.tamper {
		body, row.Event = tampered(body), st.event+" (one byte changed)"
	}
	before, err := p.db.Ledger().Account(ctx, demoHuman)
	if err != nil {
		return row, err
	}
	answer, err := post(ctx, url+"/"+st.platform, ring.Header(), mark, body)
	if err != nil {
		return row, err
	}
	if answer.Status == http.StatusOK {
		select {
		case v := <-verdicts:
			row.Outcome = v.Outcome
		case <-time.After(20 * time.Second):
			row.Outcome = "still queued"
		}
	}
	after, err := p.db.Ledger().Account(ctx, demoHuman)
	row.Reply, row.Millis = answer.Status, answer.Millis
	row.Before, row.After = before.Balance.String(), after.Balance.String()
	row.AsMeant = row.Reply == st.status && row.Outcome == st.outcome && (row.Before != row.After) == (st.outcome == "charged")
	return row, err
}

// pushed waits for the limit at Gabber's (fake) API to be what the balance buys.
func pushed(ctx context.Context, p *pipeline, s settings, fake *fakeapi.API) (happened, error) {
	row := happened{Platform: "gabber", Event: "limit, at the fake API"}
	account, err := p.db.Ledger().Account(ctx, demoHuman)
	if err != nil {
		return row, err
	}
	row.Before, row.After = account.Balance.String(), account.Balance.String()
	price, _, err := s.outbound.Price.Micros()
	if err != nil || price <= 0 {
		row.Outcome, row.AsMeant = "no price", true
		return row, err
	}
	for range 200 {
		limit, ok := fake.Limit(demoHuman, "conversational_seconds")
		row.Outcome = fmt.Sprintf("%d s left", limit)
		if row.AsMeant = ok && limit == max(0, int64(account.Balance))/price && len(fake.WrongCalls()) == 0; row.AsMeant {
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
