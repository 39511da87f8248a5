package sim

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing/synctest"
	"time"
)

// schedule runs one goroutine at a time, in virtual time. What happens next is on
// its agenda; a task that waits for the answer of a call is resumed from there.
type schedule struct {
	agenda   agenda
	tasks    int     // started so far
	starting []*task // that have not begun
	again    string  // how the history is run again
	steps    int     // entries of the agenda that were carried out

	mu    sync.Mutex // tasks report while the schedule sleeps
	calls []*call    // made since the last look
	ended []*task    // likewise
	lines []string   // of logs, likewise
	wake  chan struct{}
}

// event is one entry of the agenda.
type event struct {
	at  time.Time
	seq int
	run func()
}

type agenda struct {
	events []event
	seq    int
}

func (a *agenda) Len() int { return len(a.events) }

func (a *agenda) Less(i, j int) bool {
	return cmp.Or(a.events[i].at.Compare(a.events[j].at), a.events[i].seq-a.events[j].seq) < 0
}

func (a *agenda) Swap(i, j int) { a.events[i], a.events[j] = a.events[j], a.events[i] }

func (a *agenda) Push(e any) { a.events = append(a.events, e.(event)) }

func (a *agenda) Pop() any {
	last := a.events[len(a.events)-1]
	a.events = a.events[:len(a.events)-1]
	return last
}

// at puts something on the agenda.
func (s *schedule) at(t time.Time, run func()) {
	s.agenda.seq++
	heap.Push(&s.agenda, event{t, s.agenda.seq, run})
}

// run carries out the agenda until it is empty or over says so. admit is given the
// calls that tasks made and the tasks that ended, in the order of tasks.
func (s *schedule) run(admit func([]*call, []*task), over func() bool) {
	for {
		synctest.Wait()
		calls, ended := s.reported()
		admit(calls, ended)
		if s.begin() {
			continue
		}
		if len(s.agenda.events) == 0 || over() {
			return
		}
		if !s.sleepUntil(s.agenda.events[0].at) {
			continue
		}
		s.steps++
		heap.Pop(&s.agenda).(event).run()
		s.begin()
	}
}

// begin lets the tasks begin that were started since the last time, one after the other:
// none runs beside what started it. It says whether there were any.
func (s *schedule) begin() bool {
	starting := s.starting
	s.starting = nil
	for _, t := range starting {
		close(t.begin)
		synctest.Wait()
	}
	return len(starting) > 0
}

func (s *schedule) reported() (calls []*call, ended []*task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls, s.calls = s.calls, nil
	ended, s.ended = s.ended, nil
	select {
	case <-s.wake:
	default:
	}
	slices.SortFunc(calls, func(a, b *call) int { return a.task.id - b.task.id })
	slices.SortFunc(ended, func(a, b *task) int { return a.id - b.id })
	return calls, ended
}

// sleepUntil lets virtual time pass. It gives false if a task, which a timer of the
// product woke, reported meanwhile: its report comes first.
func (s *schedule) sleepUntil(t time.Time) bool {
	if d := time.Until(t); d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.wake:
		}
		synctest.Wait()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)+len(s.ended) == 0 && time.Until(t) <= 0
}

func (s *schedule) report(add func()) {
	s.mu.Lock()
	add()
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// task is one invocation of a function, or one command of an operator.
type task struct {
	id      int
	process *process
	what    string
	begun   time.Time
	begin   chan struct{}
	resume  chan answer
	call    *call // under way, nil if none is
	killed  bool
	crashed bool     // by a panic
	frozen  bool     // has been, at any time
	codes   []string // of the alarms it logged
	over    func()
}

type taskKey struct{}

// taskOf gives the task that a context belongs to.
func taskOf(ctx context.Context) *task { return ctx.Value(taskKey{}).(*task) }

// start runs f as a task of a process. Its over is called when f
// returned or the process was killed.
func (s *schedule) start(p *process, what string, f func(context.Context)) *task {
	s.tasks++
	t := &task{id: s.tasks, process: p, what: what, begun: time.Now(), begin: make(chan struct{}), resume: make(chan answer)}
	p.tasks = append(p.tasks, t)
	s.starting = append(s.starting, t)
	go func() {
		<-t.begin
		t.killed = true
		defer s.report(func() { s.ended = append(s.ended, t) })
		defer t.crash(s.again)
		f(context.WithValue(context.Background(), taskKey{}, t))
		t.killed = false
	}()
	return t
}

// panicked is what a task panics with. No log may show it: what a panic says may quote
// an event.
type panicked string

const simulatedPanic panicked = "the words of a panic"

// crash ends a task whose panic the product did not recover from, as if its process
// were killed. Any other panic is one of the simulation or the product.
func (t *task) crash(again string) {
	if what := recover(); what != nil && what != simulatedPanic {
		panic(fmt.Sprintf("%v; the history is %s", what, again))
	} else if what != nil {
		t.crashed = true
	}
}

// do makes a call of a task and waits for what the schedule answers. A killed task
// ends here, with its deferred functions run and no panic that product code could
// recover from.
func (s *schedule) do(ctx context.Context, c *call) answer {
	t := taskOf(ctx)
	if t.process.dead.Load() {
		runtime.Goexit()
	}
	c.task = t
	c.deadline, _ = ctx.Deadline()
	s.report(func() { s.calls = append(s.calls, c) })
	a := <-t.resume
	if t.process.dead.Load() {
		runtime.Goexit()
	}
	if a.panics {
		panic(simulatedPanic)
	}
	return a
}
