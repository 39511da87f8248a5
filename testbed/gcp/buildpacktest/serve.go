package buildpacktest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/toolstest"
)

// Process is a compiled function that is running.
type Process struct {
	Addr string // host:port
	Log  *Log

	command *exec.Cmd
	ended   chan struct{}
}

// Log is what processes wrote, several at once if they share it.
type Log struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

// Write appends.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes.Write(p)
}

// String gives all of it so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes.String()
}

// Start runs a function with nothing but env ("NAME=value") for an environment
// and waits until it listens. It is killed when the test ends.
func Start(t testing.TB, binary, target string, log *Log, env ...string) *Process {
	t.Helper()
	p, err := Serve(t.Context(), binary, target, toolstest.FreeAddr(t), log, env...)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	p.Log = log
	t.Cleanup(p.Kill)
	return p
}

// Serve runs a function at addr, likewise; its output goes to out.
func Serve(ctx context.Context, binary, target, addr string, out io.Writer, env ...string) (*Process, error) {
	p := &Process{Addr: addr, command: exec.Command(binary), ended: make(chan struct{})}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	p.command.Env = append([]string{"HOST=" + host, "PORT=" + port, "FUNCTION_TARGET=" + target, "K_SERVICE=" + target}, env...)
	p.command.Stdout, p.command.Stderr = out, out
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.command.Wait()
		close(p.ended)
	}()
	if err := p.await(ctx); err != nil {
		p.Kill()
		return nil, fmt.Errorf("%s does not listen on %s: %w", target, addr, err)
	}
	return p, nil
}

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// PID is the process's number.
func (p *Process) PID() int { return p.command.Process.Pid }

// Kill ends the process with SIGKILL and waits until it is gone.
func (p *Process) Kill() {
	_ = p.command.Process.Signal(os.Kill)
	<-p.ended
}

func (p *Process) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.Addr)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.ended:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}
