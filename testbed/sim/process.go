package sim

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/webhook-functions/template/testbed/sim/queue"
)

// process is one instance of a function, or an operator's command: the production
// code with a memory of its own, which may die or stand still.
type process struct {
	id     int
	kind   string // "ingest", "worker", "outbound", "operator"
	dead   atomic.Bool
	thaw   time.Time // it stands still until then
	tasks  []*task
	mu     sync.Mutex // tasks may have been woken by timers
	random *rand.Rand
	skew   time.Duration // of its clock at first
	right  time.Time     // when its clock is set right
	log    *slog.Logger

	front front // of ingest
	batch batch // of worker and outbound
}

// front answers one request, as the cloud's front door passes it on.
type front func(ctx context.Context, r request) (status int, body string)

// batch handles messages and says which are acknowledged. An error acknowledges none.
type batch func(ctx context.Context, messages []queue.Received) (acks []bool, err error)

// request is what a sender posts.
type request struct {
	method, path string
	query        string
	header       map[string]string
	body         []byte
	signedAt     time.Time // zero: no time is signed
	anyCode      bool      // the signature of a forgery is right, and its time wrong
}

func (p *process) freeze(until time.Time) {
	if until.After(p.thaw) {
		p.thaw = until
	}
	for _, t := range p.tasks {
		t.frozen = true
	}
}

// jitter draws a number in [0, 1).
func (p *process) jitter() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.random.Float64()
}

// since is a clock that only measures: it is never set.
func (p *process) since() time.Time { return time.Now().Add(p.skew) }

// now is the time by the process's clock.
func (p *process) now() time.Time {
	if p.skew != 0 && !time.Now().Before(p.right) {
		return time.Now()
	}
	return p.since()
}

// mostProcesses of one function at a time.
const mostProcesses = 3

// process gives an instance of a function with room for another invocation, nil if
// there is none. Now and then it is a new one.
func (w *world) process(kind string) *process {
	room := slices.DeleteFunc(slices.Clone(w.pools[kind]), func(p *process) bool {
		return len(p.tasks) >= w.cloud.concurrency(kind) || p.thaw.After(time.Now())
	})
	if w.cloud.oneProcess() && len(w.pools[kind]) == 0 {
		w.boot()
		return w.pools[kind][0]
	}
	if !w.cloud.oneProcess() && len(w.pools[kind]) < mostProcesses && (len(room) == 0 || w.random.IntN(8) == 0) {
		return w.launch(kind)
	}
	if len(room) == 0 {
		return nil
	}
	return room[w.random.IntN(len(room))]
}

func (w *world) launch(kind string) *process {
	w.processes++
	p := &process{id: w.processes, kind: kind, random: rand.New(rand.NewPCG(w.history.Seed, 1<<40+uint64(w.processes)))}
	p.log = slog.New(coded{w.cloud.log(&listener{w, p}).Handler()})
	if kind == "ingest" && p.random.IntN(6) == 0 { // its clock decides about identities without an id, and about signed times
		p.skew = pick(p.random, -time.Hour, -time.Second, time.Second, time.Hour)
		p.right = time.Now().Add(upTo(rand.New(rand.NewPCG(w.history.Seed, 1<<43+uint64(p.id))), time.Hour))
	}
	w.cloud.start(p)
	w.pools[kind] = append(w.pools[kind], p)
	w.note("%s %d starts", kind, p.id)
	return p
}

// retire ends an instance that has nothing to do.
func (w *world) retire(p *process) {
	if len(p.tasks) == 0 {
		w.leave(p)
	}
}

func (w *world) leave(p *process) {
	p.dead.Store(true)
	w.pools[p.kind] = slices.DeleteFunc(w.pools[p.kind], func(other *process) bool { return other == p })
}

// functions are those that one process may run together.
var functions = []string{"ingest", "worker", "outbound"}

// together gives the instances that live and die with one, itself included.
func (w *world) together(p *process) (all []*process) {
	if !w.cloud.oneProcess() || p.kind == "operator" {
		return []*process{p}
	}
	for _, kind := range functions {
		all = append(all, w.pools[kind]...)
	}
	return all
}

// kill ends an instance and what it is doing.
func (w *world) kill(p *process) {
	if p.dead.Load() {
		return
	}
	for _, one := range w.together(p) {
		w.die(one)
	}
	if w.cloud.oneProcess() {
		w.in(upTo(w.random, 5*time.Second), func() { w.process("worker") })
	}
}

func (w *world) die(p *process) {
	w.note("%s %d is killed", p.kind, p.id)
	w.leave(p)
	for _, t := range slices.Clone(p.tasks) {
		if c := t.call; c != nil {
			t.call = nil
			t.resume <- answer{}
		}
	}
}

// invoke starts a task and calls over when it has ended.
func (w *world) invoke(p *process, what string, f func(context.Context), over func(t *task)) {
	t := w.schedule.start(p, what, f)
	t.over = func() {
		p.tasks = slices.DeleteFunc(p.tasks, func(other *task) bool { return other == t })
		if !t.killed {
			w.note("%s %d is done with %s", p.kind, p.id, what)
		}
		if t.crashed {
			w.kill(p)
		}
		over(t)
	}
}

// coded notes the alarm codes that a task logs.
type coded struct{ slog.Handler }

func (c coded) Handle(ctx context.Context, r slog.Record) error {
	if t, ok := ctx.Value(taskKey{}).(*task); ok {
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "code" {
				t.codes = append(t.codes, a.Value.String())
			}
			return true
		})
	}
	return c.Handler.Handle(ctx, r)
}

// listener reads what a process logs.
type listener struct {
	w *world
	p *process
}

// Write keeps one line to be checked. What a dead process would have logged is lost.
func (l *listener) Write(line []byte) (int, error) {
	if !l.p.dead.Load() {
		l.w.report(func() { l.w.lines = append(l.w.lines, string(line)) })
	}
	return len(line), nil
}
