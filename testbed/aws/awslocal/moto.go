package awslocal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"time"
)

// Moto is a running moto_server, empty.
type Moto struct {
	URL     string
	process *exec.Cmd
	ended   chan struct{}
}

// StartMoto starts the one that `make tools` installs below root, on a free port
// of the loopback. Close it.
func StartMoto(ctx context.Context, root string) (*Moto, error) {
	program := filepath.Join(root, ".tools/moto/bin/moto_server")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_ = listener.Close() // moto takes the port over
	m := &Moto{URL: "http://127.0.0.1:" + port, process: exec.Command(program, "-H", "127.0.0.1", "-p", port), ended: make(chan struct{})}
	if err := m.process.Start(); err != nil {
		return nil, fmt.Errorf("moto cannot be started: %w", err)
	}
	go func() {
		_ = m.process.Wait() // that it ended is all that counts
		close(m.ended)
	}()
	if err := m.await(ctx); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// await waits for the first answer; a first start compiles moto's sources.
func (m *Moto) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		response, err := http.Get(m.URL + "/moto-api/")
		if err == nil {
			return response.Body.Close()
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-m.ended:
			return errors.New("moto ended at once: start it by hand to see why")
		case <-ctx.Done():
			return fmt.Errorf("moto does not answer: %w", ctx.Err())
		}
	}
}

// Close ends it; what it knows lives in memory.
func (m *Moto) Close() error {
	_ = m.process.Process.Kill() // it may have ended
	<-m.ended
	return nil
}
