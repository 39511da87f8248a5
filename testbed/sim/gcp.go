package sim

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/ingest/ingesthttp"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/worker"
	"github.com/webhook-functions/template/testbed/sim/firestore"
	"github.com/webhook-functions/template/testbed/sim/queue"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// gcpCloud is Cloud Run, Pub/Sub, Firestore and mounted secrets, wired as the entry
// points functions/gcp-… wire them.
type gcpCloud struct {
	w        *world
	database *firestore.Database
}

func gcpError(status int, code string) answer {
	body, _ := json.Marshal(map[string]any{"error": map[string]any{"code": status, "status": code, "message": "simulated"}})
	return answer{status: status, body: body}
}

func gcpPort(name string, lateness time.Duration, faults ...Fault) *port {
	return &port{name: name, lateness: lateness, faults: faults,
		throttle: gcpError(429, "RESOURCE_EXHAUSTED"), denied: gcpError(403, "PERMISSION_DENIED"), failure: gcpError(503, "UNAVAILABLE")}
}

var (
	pubSub     = gcpPort("Pub/Sub", 5*time.Second, everyFault...)
	fireStore  = gcpPort("Firestore", 5*time.Second, everyFault...)
	mounted    = &port{name: "mounted secret", lateness: 5 * time.Second, faults: []Fault{Before, Slow, Corrupt, Panic, KillBefore, Freeze}, failure: answer{err: errReset}}
	gcpProject = map[string]string{"GOOGLE_CLOUD_PROJECT": "project", "FIRESTORE_DATABASE": "webhooks",
		"PUBSUB_EMULATOR_HOST": "pubsub.sim:80", "FIRESTORE_EMULATOR_HOST": "firestore.sim:80"}
)

func newGCP(w *world) *gcpCloud { return &gcpCloud{w, firestore.New(time.Now)} }

func (g *gcpCloud) onCommit(f func([]stored.Change)) { g.database.OnCommit = f }

func (g *gcpCloud) log(to io.Writer) *slog.Logger { return gcp.NewLog(to) }

func (g *gcpCloud) oneProcess() bool { return false }

func (g *gcpCloud) concurrency(string) int { return 4 }

func (g *gcpCloud) batch(*rand.Rand) int { return 1 }

func (g *gcpCloud) longest(int) time.Duration { return time.Minute }

func (g *gcpCloud) queues() (events, outbound, dead queue.Options) {
	const day = 24 * time.Hour
	of := queue.Options{Visibility: 600 * time.Second, MinBackoff: 10 * time.Second, MaxBackoff: 600 * time.Second, MaxReceives: 100, Retention: 7 * day}
	late := of
	late.MinBackoff = time.Minute
	return of, late, queue.Options{Visibility: 600 * time.Second, Retention: 14 * day}
}

func (g *gcpCloud) client(p *process) *gcp.Client { return gcpClient().Over(g.w, p.jitter) }

// gcpClient is what all clients are made of.
var gcpClient = sync.OnceValue(func() *gcp.Client {
	client, err := gcp.FromEnv(variables(gcpProject))
	if err != nil {
		panic(err)
	}
	return client
})

func (g *gcpCloud) reader() reader {
	client := gcpClient().Over(quiet{g.w}, unhurried)
	return reader{client.Ledger("webhooks"), client.Records("webhooks")}
}

func (g *gcpCloud) ports(p *process) operatorPorts {
	client := g.client(p)
	return operatorPorts{client.Ledger("webhooks"), client.Topic("outbound")}
}

func (g *gcpCloud) start(p *process) {
	client := g.client(p)
	to := stores{client.Ledger("webhooks"), client.Records("webhooks"),
		client.Topic("events"), client.Topic("outbound"), client.Topic("dead")}
	switch p.kind {
	case "ingest":
		keyrings := secrets.NewCache(g.mount(p, "webhook"), g.w.platforms.Schemes(), p.since, p.jitter, p.log)
		handle := ingesthttp.Handler(newIngest(g.w, p, keyrings, to), gcp.RequestID)
		p.front = func(ctx context.Context, r request) (int, string) { return post(ctx, 10*time.Second, handle, r) }
	case "worker":
		p.batch = push(30*time.Second, newWorker(g.w, p, to))
	case "outbound":
		p.batch = g.w.starting(p, g.mount(p, "outbound"), func(settings calls.Settings) batch {
			return push(time.Minute, newOutbound(g.w, p, to, settings))
		})
	}
}

// mount stands for gcp.Mounted, which reads a real file in a goroutine of its own:
// the read is a call here.
func (g *gcpCloud) mount(p *process, name string) secrets.Fetch {
	return func(ctx context.Context) ([]byte, time.Time, error) {
		begun := p.since()
		a := g.w.do(ctx, &call{site: "gcp " + p.kind + ": read secret", port: mounted, serve: func() answer {
			return answer{status: 200, body: g.w.secrets.text(name)}
		}})
		return a.body, begun, a.err
	}
}

// post is Cloud Run's front door: at the end of the function's time it answers by itself,
// and the context ends, as the functions framework has it.
func post(ctx context.Context, timeout time.Duration, handle http.Handler, r request) (status int, body string) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	hr := httptest.NewRequestWithContext(ctx, r.method, r.path+"?"+r.query, bytes.NewReader(r.body))
	for name, value := range r.header {
		hr.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	handle.ServeHTTP(w, hr)
	if ctx.Err() != nil {
		return http.StatusGatewayTimeout, ""
	}
	return w.Code, w.Body.String()
}

// push is a push subscription: one message per request.
func push(timeout time.Duration, of *worker.Worker) batch {
	handle := gcp.Push(of)
	return func(ctx context.Context, messages []queue.Received) ([]bool, error) {
		acks := make([]bool, len(messages))
		for i, m := range messages {
			body, err := json.Marshal(map[string]any{"deliveryAttempt": m.Receives, "subscription": "projects/project/subscriptions/s",
				"message": map[string]any{"data": base64.StdEncoding.EncodeToString(m.Body), "messageId": m.ID, "attributes": m.Attributes}})
			if err != nil {
				return nil, err
			}
			status, _ := post(ctx, timeout, handle, request{method: "POST", path: "/", header: map[string]string{"Content-Type": "application/json"}, body: body})
			acks[i] = status >= 200 && status < 300
		}
		return acks, nil
	}
}

func (g *gcpCloud) call(r *http.Request, body []byte) *call {
	path := r.URL.Path
	operation := path[strings.LastIndexByte(path, ':')+1:]
	name := "gcp " + caller(r.Context()) + ": " + operation
	switch r.URL.Host {
	case "pubsub.sim:80":
		return &call{site: name, port: pubSub, serve: g.w.by(r, func() answer { return g.publish(path, body) })}
	case "firestore.sim:80":
		return &call{site: name, port: fireStore,
			serve: func() answer { status, out := g.database.Serve(path, body); return g.w.known(name, status, out) },
			holds: func() []string { return g.database.Writes(path, body) },
			clash: func(names []string) (int, []byte) { return g.database.Conflict(path, body, names) },
		}
	}
	return nil
}

func (g *gcpCloud) publish(path string, body []byte) answer {
	var in struct {
		Messages []struct {
			Data       []byte
			Attributes map[string]string
		}
	}
	if json.Unmarshal(body, &in) != nil || len(in.Messages) != 1 {
		return gcpError(400, "INVALID_ARGUMENT")
	}
	topic := strings.TrimSuffix(path, ":publish")
	id := g.w.queueNamed(topic).Send(in.Messages[0].Data, in.Messages[0].Attributes)
	out, _ := json.Marshal(map[string][]string{"messageIds": {id}})
	return answer{status: 200, body: out}
}
