// Package lambdatest is AWS Lambda on this machine, as far as a function can
// tell: it runs the compiled bootstrap that is deployed, unchanged, with no
// account, no Docker and no network but loopback.
//
//	front := lambdatest.URL(ingest)     Function URL   → invocation → HTTP reply
//	poller := lambdatest.Poller{...}    SQS queue      → invocation → delete what is done
//	ingest.Invoke(ctx, payload)         any event      → invocation → its answer
//
// A [Function] has execution environments: processes started with Lambda's own
// environment variables, each speaking to a Runtime API of its own on a free
// loopback port. An environment handles one invocation at a time, keeps its
// memory between them, is killed when an invocation runs out of time, and is
// replaced after a crash. What differs from Lambda: an invocation waits for a
// free environment instead of being throttled; an idle one is not frozen; no
// memory limit, no IAM.
//
// Kill it at a chosen moment with [Config.KillAt] or at any moment with
// [Function.Kill]: the books must be right afterwards.
//
// The Runtime API is documented by AWS: "Using the Lambda runtime API for
// custom runtimes".
package lambdatest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// Config says what is deployed.
type Config struct {
	Command     []string        // the bootstrap; an emulator of its processor may stand before it
	Env         []string        // "NAME=value", beside what Lambda sets; nothing is inherited
	Timeout     time.Duration   // of one initialisation and of one invocation; 0 means 30 s
	Concurrency int             // environments at most; 0 means 1
	Log         io.Writer       // stdout and stderr of all environments; nil drops them
	KillAt      func(Step) bool // asked at every step; true kills the environment there. May be nil; is called concurrently
}

// Step is a moment of an invocation at which [Config.KillAt] may kill.
type Step string

const (
	Handed     Step = "handed over" // the process has the event
	Responding Step = "responding"  // the process has sent its answer, which is lost
	Responded  Step = "responded"   // the answer is accepted, the process does not learn it
)

var (
	// ErrCrashed: the process ended before it answered.
	ErrCrashed = errors.New("the function's process ended without an answer")
	// ErrTimeout: the process was killed because it took longer than its Timeout.
	ErrTimeout = errors.New("the function ran out of time")
)

// FunctionError is what a handler returned as an error, or what it panicked
// with. The text is the function's.
type FunctionError struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// Function is a deployed function. It is safe for concurrent use.
type Function struct {
	config Config
	slots  chan struct{} // one per environment that may run

	mu   sync.Mutex
	idle []*environment // the last used is the next used
	all  map[*environment]struct{}
}

// New deploys a function. Nothing runs before the first invocation, which is
// its cold start. Close it.
func New(c Config) *Function {
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.Log = &sharedLog{to: cmp.Or[io.Writer](c.Log, io.Discard)}
	return &Function{
		config: c,
		slots:  make(chan struct{}, cmp.Or(c.Concurrency, 1)),
		all:    make(map[*environment]struct{}),
	}
}

// Invoke hands payload to an environment and gives its answer. The error is a
// *FunctionError, ErrCrashed, ErrTimeout or that of ctx; an invocation that ctx
// interrupts takes its environment with it.
func (f *Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	env, err := f.take()
	if err != nil {
		return nil, err
	}
	defer f.giveBack(env)
	return env.invoke(ctx, payload)
}

// Kill ends every environment with SIGKILL. The next
// invocations start new ones.
func (f *Function) Kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for env := range f.all {
		env.kill()
	}
}

// Processes gives the ids of the processes that run, for measurements.
func (f *Function) Processes() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []int
	for env := range f.all {
		ids = append(ids, env.process.Process.Pid)
	}
	return ids
}

// Close waits for running invocations and ends the processes.
func (f *Function) Close() {
	for range cap(f.slots) {
		f.slots <- struct{}{}
	}
	f.Kill()
}

// take gives the environment that was used last, or a new one.
func (f *Function) take() (*environment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.idle) > 0 {
		env := f.idle[len(f.idle)-1]
		f.idle = f.idle[:len(f.idle)-1]
		if !env.ended() {
			return env, nil
		}
		delete(f.all, env)
	}
	env, err := start(f.config)
	if err == nil {
		f.all[env] = struct{}{}
	}
	return env, err
}

func (f *Function) giveBack(env *environment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if env.ended() {
		delete(f.all, env)
		return
	}
	f.idle = append(f.idle, env)
}

// sharedLog keeps the lines of several environments apart.
type sharedLog struct {
	mu sync.Mutex
	to io.Writer
}

func (l *sharedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}
