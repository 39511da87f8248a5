package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ingest/ingesthttp"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/worker"
	"github.com/webhook-functions/template/testbed/sim/queue"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// laptopCloud is `hooks serve`, wired as cmd/hooks wires it: one process with the three
// functions, and one file. The file is one in memory; its queues wait as long as a
// verdict asks for.
type laptopCloud struct {
	w    *world
	file *file
}

// databaseFile fails as a disk does, or with its process: what was not written when the
// process died, or when the caller gave up, never is.
var databaseFile = &port{name: "database file", faults: []Fault{Before, Lost, Slow, KillBefore, KillAfter, Freeze}, failure: answer{err: errors.New("disk I/O error")}}

func newLaptop(w *world) *laptopCloud { return &laptopCloud{w, newFile()} }

func (l *laptopCloud) onCommit(f func([]stored.Change)) { l.file.onCommit = f }

func (l *laptopCloud) log(to io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(to, nil)) }

func (l *laptopCloud) oneProcess() bool { return true }

func (l *laptopCloud) concurrency(kind string) int {
	if kind == "ingest" {
		return 100
	}
	return 1
}

func (l *laptopCloud) batch(*rand.Rand) int { return 10 }

// pollDeadline is that of local.Poll: to handle a batch, and to finish it.
const pollDeadline = 10 * time.Second

func (l *laptopCloud) longest(int) time.Duration { return 2 * pollDeadline }

func (l *laptopCloud) queues() (events, outbound, dead queue.Options) {
	of := queue.Options{Visibility: 6 * pollDeadline, MaxReceives: local.MaxReceives, Once: true}
	return of, of, queue.Options{Visibility: 6 * pollDeadline, Once: true}
}

func (l *laptopCloud) call(*http.Request, []byte) *call { return nil }

func (l *laptopCloud) reader() reader { return reader{l.file, l.file.records()} }

func (l *laptopCloud) ports(*process) operatorPorts {
	return operatorPorts{askedLedger{l}, askedQueue{l, "outbound"}}
}

func (l *laptopCloud) start(p *process) {
	to := stores{askedLedger{l}, askedRecords{l}, askedQueue{l, "events"}, askedQueue{l, "outbound"}, askedQueue{l, "dead"}}
	switch p.kind {
	case "ingest":
		keyrings := local.NewKeyrings(l.w.platforms.Schemes(), l.variable)
		handle := ingesthttp.Handler(newIngest(l.w, p, keyrings, to), func(*http.Request) string { return "1" })
		p.front = func(ctx context.Context, r request) (int, string) { return post(ctx, time.Minute, handle, r) }
	case "worker":
		p.batch = l.poller(l.w.events, newWorker(l.w, p, to))
	case "outbound":
		p.batch = l.poller(l.w.outbound, newOutbound(l.w, p, to, l.settings()))
	}
}

// variable looks up a platform's secrets in the environment.
func (l *laptopCloud) variable(name string) (string, bool) {
	for platform, valid := range l.w.secrets.valid {
		if local.SecretVariable(platform) == name {
			return strings.Join(valid, ","), true
		}
	}
	return "", false
}

func (l *laptopCloud) settings() calls.Settings {
	var keys map[string]string
	if err := json.Unmarshal([]byte(l.w.secrets.keys), &keys); err != nil {
		panic(err)
	}
	settings, err := calls.SettingsFromEnv(variables(l.w.plan.env, map[string]string{"GABBER_API_URL": platformURL}, keys))
	if err != nil {
		panic(err)
	}
	return settings
}

// errFinished stops the core from settling messages that were finished here.
var errFinished = errors.New("the messages are finished")

// poller handles a batch and finishes it by a call of its own, as local.Poll does.
func (l *laptopCloud) poller(q *queue.Queue, of *worker.Worker) batch {
	return func(ctx context.Context, received []queue.Received) ([]bool, error) {
		messages := make([]worker.Message, len(received))
		for i, r := range received {
			messages[i] = worker.Message{ID: r.ID, Body: r.Body, Receives: r.Receives}
		}
		bounded, cancel := context.WithTimeout(ctx, pollDeadline)
		verdicts := of.Handle(bounded, messages)
		cancel()
		finishing, cancel := context.WithTimeout(ctx, pollDeadline)
		defer cancel()
		err := l.ask(finishing, "Finish", func() error {
			for i, r := range received {
				l.settle(q, r, verdicts[i])
			}
			return nil
		})
		return nil, cmp.Or(err, errFinished)
	}
}

func (l *laptopCloud) settle(q *queue.Queue, r queue.Received, v worker.Verdict) {
	if v.Ack {
		l.w.note("%s is acknowledged", r.ID)
		q.Ack(r)
		return
	}
	l.w.note("%s is to be retried", r.ID)
	q.RetryAfter(r, min(max(v.After, backOff(r.Receives)), time.Hour))
}

// backOff doubles from a second to five minutes.
func backOff(receives int) time.Duration { return min(time.Second<<(receives-1), 5*time.Minute) }

// boot starts the process: each function of it. What its predecessor had of the events
// queue is visible at once; what outbound had is not, for its calls may still land.
func (w *world) boot() {
	for _, kind := range functions {
		w.launch(kind)
	}
	w.events.Release()
	w.planPoll(w.events)
	w.planPoll(w.outbound)
}

// pollLater has the poller of a queue, which handles one batch at a time, poll when it
// stands still no more. At the end of a batch it polls by itself.
func (w *world) pollLater(q *queue.Queue, p *process) {
	if len(p.tasks) == 0 {
		w.at(p.thaw.Add(1), func() { w.planPoll(q) })
	}
}

// reboot ends the process, which reads its settings when it starts, and starts another.
func (w *world) reboot() {
	if w.cloud.oneProcess() && len(w.pools["ingest"]) > 0 {
		w.kill(w.pools["ingest"][0])
		w.boot()
	}
}
