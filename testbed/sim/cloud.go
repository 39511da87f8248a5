package sim

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/sim/queue"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// cloud is one of the clouds, or a laptop: its services, and how its functions are wired.
type cloud interface {
	log(to io.Writer) *slog.Logger
	// start gives an instance of a function its code.
	start(p *process)
	// oneProcess says whether one process runs all functions: they live and die together.
	oneProcess() bool
	// concurrency is how many invocations an instance takes at a time.
	concurrency(kind string) int
	// batch is how many messages are delivered together, at most.
	batch(random *rand.Rand) int
	// longest is the time a function may take for so many messages.
	longest(messages int) time.Duration
	// queues are the options of the two queues, and of the dead letters.
	queues() (events, outbound, dead queue.Options)
	// call makes the call of a request to one of its services; nil if there is no such
	// service.
	call(r *http.Request, body []byte) *call
	// ports are what a process of the operator's works with.
	ports(p *process) operatorPorts
	onCommit(func([]stored.Change))
	// reads are what no fault touches, for checks at the end.
	reader() reader
}

// clouds is a row per cloud.
var clouds = map[string]func(*world) cloud{
	"aws":    func(w *world) cloud { return newAWS(w) },
	"gcp":    func(w *world) cloud { return newGCP(w) },
	"laptop": func(w *world) cloud { return newLaptop(w) },
}

// operatorPorts are what an operator's command works with.
type operatorPorts struct {
	ledger    ledger.Store
	followUps webhook.Publisher
}

// reader reads the stores for a check.
type reader struct {
	ledger interface {
		ledger.Store
		ledger.Lister
	}
	records records.Store
}

// RoundTrip is how the product's clients reach the services: each request is a call
// of the task whose context it has.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	c := w.cloud.call(r, body)
	if c == nil {
		c = w.api.call(w, r, body)
	}
	return response(r, w.do(r.Context(), c))
}

func response(r *http.Request, a answer) (*http.Response, error) {
	if a.err != nil {
		return nil, a.err
	}
	header := a.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(bytes.NewReader(a.body)), Request: r}, nil
}

// quiet is a transport without faults: each request is carried out at once.
type quiet struct{ w *world }

func (q quiet) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return response(r, q.w.cloud.call(r, body).serve())
}

// unhurried is the jitter of a client that meets no fault.
func unhurried() float64 { return 0.5 }

// caller is the name of the function that makes a request.
func caller(ctx context.Context) string {
	if t, ok := ctx.Value(taskKey{}).(*task); ok {
		return t.process.kind
	}
	return "check"
}

// variables gives an environment of what is set.
func variables(all ...map[string]string) func(string) string {
	return func(name string) string {
		for _, some := range all {
			if value, ok := some[name]; ok {
				return value
			}
		}
		return ""
	}
}

// known checks that a service knows what it was asked.
func (w *world) known(site string, status int, body []byte) answer {
	if status == 501 || status == 500 {
		w.violate("check: the simulated service does not know the request of %s: %s", site, body)
	}
	return answer{status: status, body: body}
}

// queueNamed gives a queue by the end of its address.
func (w *world) queueNamed(address string) *queue.Queue {
	switch name := address[strings.LastIndexByte(address, '/')+1:]; name {
	case "events":
		return w.events
	case "outbound":
		return w.outbound
	default:
		return w.dead
	}
}

func (w *world) queueName(q *queue.Queue) string {
	switch q {
	case w.events:
		return "events"
	case w.outbound:
		return "outbound"
	}
	return "dead letters"
}

// by makes publish known as of the function that makes the request.
func (w *world) by(r *http.Request, publish func() answer) func() answer {
	return func() answer {
		w.publisher = caller(r.Context())
		defer func() { w.publisher = "" }()
		return publish()
	}
}
