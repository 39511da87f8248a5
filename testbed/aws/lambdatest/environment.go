package lambdatest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// environment is one process and the Runtime API it speaks to.
type environment struct {
	config  Config
	process *exec.Cmd
	api     *http.Server
	next    chan *invocation
	exited  chan struct{} // closed once the process has ended
	doomed  atomic.Bool   // it was killed, though it may not have ended yet

	mu      sync.Mutex
	current *invocation
	initErr error
}

type invocation struct {
	id      string
	payload []byte
	answer  chan answer
}

type answer struct {
	payload     []byte
	err         error
	interrupted bool // nothing was answered
}

func start(c Config) (*environment, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &environment{config: c, next: make(chan *invocation), exited: make(chan struct{})}
	e.api = &http.Server{Handler: e.routes()}
	e.process = exec.Command(c.Command[0], c.Command[1:]...)
	e.process.Env = append(lambdaEnv(listener.Addr().String()), c.Env...)
	e.process.Stdout, e.process.Stderr = c.Log, c.Log
	e.process.WaitDelay = time.Second // what a killed process leaves open must not hold us
	if err := e.process.Start(); err != nil {
		_ = listener.Close() // nothing was served
		return nil, err
	}
	go func() { _ = e.api.Serve(listener) }() // ends with the process
	go e.wait()
	return e, nil
}

func (e *environment) wait() {
	_ = e.process.Wait() // that it ended is all that counts: Lambda functions never end by themselves
	_ = e.api.Close()
	close(e.exited)
}

// lambdaEnv is what Lambda sets for an OS-only runtime ("Defined runtime
// environment variables"), with credentials that open nothing.
func lambdaEnv(api string) []string {
	return []string{
		"AWS_LAMBDA_RUNTIME_API=" + api,
		"AWS_LAMBDA_FUNCTION_NAME=lambdatest",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/lambdatest",
		"AWS_LAMBDA_LOG_STREAM_NAME=2026/11/21/[$LATEST]lambdatest",
		"AWS_REGION=us-east-1",
		"AWS_DEFAULT_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=lambdatest",
		"AWS_SECRET_ACCESS_KEY=lambdatest",
		"AWS_SESSION_TOKEN=lambdatest",
		"_HANDLER=bootstrap",
		"LAMBDA_TASK_ROOT=/var/task",
		"LAMBDA_RUNTIME_DIR=/var/runtime",
		"PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin",
		"LANG=en_US.UTF-8",
		"TZ=:UTC",
	}
}

// invoke waits for the process to ask for work, then for its answer. Lambda
// does not use an environment again in which an invocation did not end well.
func (e *environment) invoke(ctx context.Context, payload []byte) ([]byte, error) {
	inv := &invocation{id: requestID(), payload: payload, answer: make(chan answer, 1)}
	if err := e.hand(ctx, inv); err != nil {
		e.kill()
		return nil, err
	}
	got := e.await(ctx, inv)
	if got.interrupted {
		e.kill()
	}
	return got.payload, got.err
}

func (e *environment) hand(ctx context.Context, inv *invocation) error {
	ctx, cancel := context.WithTimeoutCause(ctx, e.config.Timeout, ErrTimeout)
	defer cancel()
	select {
	case e.next <- inv:
		return nil
	case <-e.exited:
		return e.crash()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (e *environment) await(ctx context.Context, inv *invocation) answer {
	ctx, cancel := context.WithTimeoutCause(ctx, e.config.Timeout, ErrTimeout)
	defer cancel()
	select {
	case a := <-inv.answer:
		return a
	case <-ctx.Done():
		return answer{err: context.Cause(ctx), interrupted: true}
	case <-e.exited:
	}
	select { // it may have ended right after it answered
	case a := <-inv.answer:
		return a
	default:
		return answer{err: e.crash(), interrupted: true}
	}
}

// kill does not return before the process has ended.
func (e *environment) kill() {
	e.doomed.Store(true)
	_ = e.process.Process.Kill() // it may have ended by itself
	<-e.exited
}

func (e *environment) ended() bool {
	select {
	case <-e.exited:
		return true
	default:
		return e.doomed.Load()
	}
}

func (e *environment) crash() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.initErr != nil {
		return e.initErr
	}
	return ErrCrashed
}

// routes is the Runtime API, version 2018-06-01.
func (e *environment) routes() http.Handler {
	const runtime = "/2018-06-01/runtime"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+runtime+"/invocation/next", e.serveNext)
	mux.HandleFunc("POST "+runtime+"/invocation/{id}/response", e.serveResponse)
	mux.HandleFunc("POST "+runtime+"/invocation/{id}/error", e.serveError)
	mux.HandleFunc("POST "+runtime+"/init/error", e.serveInitError)
	return mux
}

func (e *environment) serveNext(w http.ResponseWriter, r *http.Request) {
	var inv *invocation
	select {
	case inv = <-e.next:
	case <-r.Context().Done():
		return
	}
	e.mu.Lock()
	e.current = inv
	e.mu.Unlock()
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(e.config.Timeout).UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:lambdatest")
	h.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
	h.Set("Content-Length", strconv.Itoa(len(inv.payload)))
	_, _ = w.Write(inv.payload) // a process that is gone is noticed by wait
	_ = http.NewResponseController(w).Flush()
	if e.killAt(Handed) {
		e.kill()
	}
}

func (e *environment) serveResponse(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		return // the process died while it was answering
	}
	e.accept(w, r, answer{payload: payload})
}

func (e *environment) serveError(w http.ResponseWriter, r *http.Request) {
	e.accept(w, r, answer{err: functionError(r)})
}

func (e *environment) serveInitError(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	e.initErr = functionError(r)
	e.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}

// accept takes the answer to the invocation in hand and to no other.
func (e *environment) accept(w http.ResponseWriter, r *http.Request, a answer) {
	if e.killAt(Responding) {
		e.kill()
		return
	}
	e.mu.Lock()
	inv := e.current
	e.current = nil
	e.mu.Unlock()
	if inv == nil || inv.id != r.PathValue("id") {
		http.Error(w, `{"errorType":"InvalidRequestID"}`, http.StatusBadRequest)
		return
	}
	killed := e.killAt(Responded)
	if killed {
		e.doomed.Store(true) // before the answer is out, or the next invocation would still come here
	}
	inv.answer <- a
	if killed {
		e.kill()
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (e *environment) killAt(s Step) bool { return e.config.KillAt != nil && e.config.KillAt(s) }

func functionError(r *http.Request) error {
	var f FunctionError
	if err := json.NewDecoder(r.Body).Decode(&f); err != nil {
		return errors.New("the function failed with an error that is not JSON")
	}
	return &f
}

// requestID looks like Lambda's: a UUID of version 4.
func requestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
