package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/ingest/ingesthttp"
	"github.com/webhook-functions/template/shared/webhook"
)

type serveCmd struct {
	Addr    string `default:"127.0.0.1:8080" help:"Where to listen."`
	Verbose bool   `help:"Log every delivery and every event, not only what needs attention; on a terminal always so."`
	Fakes   bool   `name:"fake-apis" help:"Call fakes of the platforms' APIs in this process instead of the configured ones."`
}

func (c *serveCmd) Run(ctx context.Context, file *database) error {
	level := slog.LevelWarn
	if c.Verbose || terminal(os.Stderr) {
		level = slog.LevelInfo
	}
	log := newLog(level)
	env, err := environment()
	if err == nil {
		err = logUnknown(log)
	}
	if err != nil {
		return err
	}
	also := ""
	if c.Fakes {
		fake, err := startFakes(env)
		if err != nil {
			return err
		}
		defer fake.Close()
		env, also = fake.env, ", fake APIs on "+fake.url
	}
	settings, err := loadSettings(env)
	if err != nil {
		return err
	}
	for _, problem := range settings.keyrings.Problems() {
		if !errors.Is(problem, webhook.ErrNotConfigured) { // a platform without a secret is no fault
			log.Warn("a platform's route answers 503", "code", webhook.CodeConfig, "cause", problem.Error())
		}
	}
	db, err := file.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	return serve(ctx, newPipeline(db, portsOf(db, settings), settings, log), c.Addr, func(addr net.Addr) {
		fmt.Printf("hooks: listening on http://%s, database %s%s\n%s\n", addr, file.DB, also, settings.routes())
	})
}

// routes says which platforms can be believed.
func (s settings) routes() string {
	problems := s.keyrings.Problems()
	var on, off string
	for _, p := range s.providers {
		switch {
		case problems[p.Name] == nil:
			on += " /" + p.Name
		case p.Tenant != nil:
			off += " /" + p.Name + " (unless a chatbot has its own)"
		default:
			off += " /" + p.Name
		}
	}
	if off != "" {
		off = "; 503 for want of a usable secret:" + off
	}
	return "hooks: serving" + cmp.Or(on, " nothing") + off
}

// serve runs a pipeline until ctx is done: first no new delivery is taken, then
// the deliveries and batches in hand are finished. What is still queued waits in
// the file for the next start.
func serve(ctx context.Context, p *pipeline, addr string, ready func(net.Addr)) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("that address is of no use (%s): --addr is HOST:PORT, such as 127.0.0.1:8081", faultOf(err))
	}
	// What a killed process had in hand is taken up at once, but for outbound's: a
	// call it had sent may still land, so these messages wait until it no longer can.
	if err := p.db.Queue(local.Events).Release(ctx); err != nil {
		return err
	}
	server := ingesthttp.Server(p.front)
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	worked := make(chan struct{})
	go func() { defer close(worked); p.work(working) }()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	ready(listener.Addr())

	select {
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = server.Shutdown(grace)
	case err = <-failed:
	}
	stopWorking()
	<-worked
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
