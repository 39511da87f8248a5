package main

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesthttp"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// ports is everything the pipeline writes to and calls.
type ports struct {
	events, eventsDead     webhook.Publisher
	outbound, outboundDead webhook.Publisher
	ledger                 books
	records                records.Store
	platforms              outbound.Doer
}

// books is a ledger that also knows which limits were pushed.
type books interface {
	ledger.Store
	ledger.LimitMarks
}

func portsOf(db *local.DB, s settings) ports {
	events, calls := db.Queue(local.Events), db.Queue(local.Outbound)
	return ports{
		events: events, eventsDead: events.Dead(),
		outbound: calls, outboundDead: calls.Dead(),
		ledger: db.Ledger(), records: db.Records(),
		platforms: &outbound.Client{Hosts: s.outbound.Hosts(), Transport: outbound.NewTransport()},
	}
}

// handler is what a poller feeds.
type handler func(context.Context, []worker.Message) []worker.Verdict

// pipeline is ingest, worker and outbound wired to one database file.
type pipeline struct {
	front    http.Handler
	worker   handler
	outbound handler
	db       *local.DB
	log      *slog.Logger
}

func newPipeline(db *local.DB, to ports, s settings, log *slog.Logger) *pipeline {
	routes := ingest.Routes(s.providers.Providers()...)
	in := &ingest.Ingest{
		Providers:   routes,
		Keyrings:    s.keyrings,
		Events:      to.events,
		DeadLetters: to.eventsDead,
		Now:         time.Now,
		Log:         slog.New(listen(log.Handler())),
	}
	work := worker.Worker{
		Handlers:    handlers.Table(s.reactions, to.ledger, to.records, time.Now, log),
		Unknown:     handlers.KeepUnknown(to.records),
		FollowUps:   to.outbound,
		DeadLetters: to.eventsDead,
		Redecode:    ingest.Redecode(routes),
		Now:         time.Now,
		Log:         log,
	}
	out := work
	out.Unknown = nil
	out.Handlers = calls.Table(s.outbound, calls.Ports{
		Ledger: to.ledger, Records: to.records, Doer: to.platforms, Now: time.Now,
		Jitter: func() time.Duration { return rand.N(time.Second) },
	}, log)
	out.DeadLetters = to.outboundDead
	return &pipeline{
		front:    timed(ingesthttp.Handler(in, requestID())),
		worker:   work.Handle,
		outbound: out.Handle,
		db:       db,
		log:      log,
	}
}

// requestID numbers requests for the log.
func requestID() func(*http.Request) string {
	var n atomic.Int64
	return func(*http.Request) string { return strconv.FormatInt(n.Add(1), 10) }
}

// work handles queued events until ctx is done and the batches in hand are settled.
func (p *pipeline) work(ctx context.Context) {
	var pollers sync.WaitGroup
	options := local.PollOptions{Log: p.log}
	pollers.Go(func() { local.Poll(ctx, p.db.Queue(local.Events), p.worker, options) })
	pollers.Go(func() { local.Poll(ctx, p.db.Queue(local.Outbound), p.outbound, options) })
	pollers.Wait()
}
