package sim

import (
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// stores are what the functions of an instance write to, on any cloud.
type stores struct {
	ledger interface {
		ledger.Store
		ledger.LimitMarks
	}
	records                records.Store
	events, outbound, dead webhook.Publisher
}

// newIngest wires ingest as its entry points do.
func newIngest(w *world, p *process, keyrings webhook.Keyrings, to stores) *ingest.Ingest {
	return &ingest.Ingest{
		Providers:   w.routes(),
		Keyrings:    keyrings,
		Events:      to.events,
		DeadLetters: to.dead,
		Now:         p.now,
		Log:         p.log,
	}
}

// newWorker wires the worker as its entry points do.
func newWorker(w *world, p *process, to stores) *worker.Worker {
	of := withoutHandlers(w, p, to)
	of.Handlers = handlers.Table(w.reactions(), to.ledger, to.records, time.Now, p.log)
	of.Unknown = handlers.KeepUnknown(to.records)
	return of
}

// newOutbound wires outbound as its entry points do.
func newOutbound(w *world, p *process, to stores, settings calls.Settings) *worker.Worker {
	of := withoutHandlers(w, p, to)
	of.Handlers = calls.Table(settings, calls.Ports{
		Ledger:  to.ledger,
		Records: to.records,
		Doer:    &outbound.Client{Hosts: settings.Hosts(), Transport: w},
		Now:     time.Now,
		Jitter:  func() time.Duration { return time.Duration(p.jitter() * float64(time.Second)) },
	}, p.log)
	return of
}

func withoutHandlers(w *world, p *process, to stores) *worker.Worker {
	return &worker.Worker{
		FollowUps:   to.outbound,
		DeadLetters: to.dead,
		Redecode:    ingest.Redecode(w.routes()),
		Now:         time.Now,
		Log:         p.log,
	}
}
