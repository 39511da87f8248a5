// Command run serves the three functions of Google Cloud on this machine, with no
// account:
//
//	make run-gcp
//
// It compiles them as Google's builder does, starts the emulators of Pub/Sub and
// Firestore, makes topics and subscriptions as terraform/gcp does, and a fake of
// the platforms' APIs for outbound to call. Secrets are the public ones of
// events/SIGNATURES.tsv, so it runs in the root of the repository. It prints the addresses and what to type next, and the
// functions' log. All of it, and everything stored, is gone when it is
// interrupted.
//
// What is not there: IAM, tokens and the ingress settings. Every function can be
// called by every program on this machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where ingest listens, on the loopback")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, os.Stdout); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

// run returns when ctx is done, or a function ends, and leaves nothing behind.
func run(ctx context.Context, addr string, out io.Writer) error {
	s := &system{out: out}
	defer s.close()
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"starting the emulators of Pub/Sub and Firestore", s.emulate},
		{"compiling the functions; the first time that takes a minute or two", s.compile},
		{"making topics and subscriptions", s.wire(addr)},
		{"starting the functions", s.serve},
	} {
		fmt.Fprintln(out, step.what)
		stop := counting(out)
		err := step.do(ctx)
		if stop(); err != nil {
			return err
		}
	}
	s.invite()
	return s.wait(ctx)
}

// counting says every three seconds how long a step has taken, until it is stopped.
func counting(out io.Writer) (stop func()) {
	began, ticks, ended := time.Now(), time.NewTicker(3*time.Second), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticks.C:
				fmt.Fprintf(out, "  %.0f s\r", time.Since(began).Seconds())
			case <-ended:
				return
			}
		}
	}()
	return func() { ticks.Stop(); close(ended) }
}
