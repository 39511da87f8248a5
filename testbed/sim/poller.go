package sim

import (
	"context"
	"strings"
	"time"

	"github.com/webhook-functions/template/testbed/sim/queue"
)

// planPoll plans the next poll of a queue for when it has something to give.
func (w *world) planPoll(q *queue.Queue) {
	next, ok := q.Next()
	if !ok || q == w.dead {
		return
	}
	if now := time.Now(); next.Before(now) {
		next = now
	}
	next = next.Add(upTo(w.random, w.plan.gather))
	if planned, ok := w.polled[q]; ok && !planned.After(next) {
		return
	}
	w.polled[q] = next
	w.at(next, func() {
		if w.polled[q].Equal(next) {
			delete(w.polled, q)
			w.poll(q)
		}
	})
}

// poll has the cloud deliver a batch, as Lambda's event source mapping and a push
// subscription do.
func (w *world) poll(q *queue.Queue) {
	kind := map[*queue.Queue]string{w.events: "worker", w.outbound: "outbound"}[q]
	p := w.process(kind)
	if p == nil && w.cloud.oneProcess() {
		w.pollLater(q, w.pools[kind][0])
		return
	}
	defer w.planPoll(q)
	if p == nil && w.random.IntN(4) > 0 {
		w.polled[q] = time.Now().Add(time.Second)
		w.at(w.polled[q], func() { delete(w.polled, q); w.poll(q) })
		return
	}
	received := q.Receive(w.cloud.batch(w.random))
	if len(received) == 0 {
		return
	}
	fault := w.pollerFault(kind)
	if p == nil || fault == Throttle { // no instance takes them: their receive counts rise
		w.note("no instance takes %s", idsOf(received))
		return
	}
	w.deliver(q, p, received, fault)
}

func (w *world) pollerFault(kind string) (fault Fault) {
	site := w.plan.cloud + " " + kind + ": delivery of a batch"
	if w.faultsOn && w.random.Float64() < w.plan.rates.usual {
		fault = pick(w.random, faultsOf(site)...)
	}
	w.coverage.hit(site, fault)
	return fault
}

// deliver has an instance handle messages, and acknowledges or retries them by its answer.
func (w *world) deliver(q *queue.Queue, p *process, received []queue.Received, fault Fault) {
	var acks []bool
	var err error
	what := idsOf(received)
	w.note("%s %d gets %s%s", p.kind, p.id, what, fault.told())
	w.invoke(p, what, func(ctx context.Context) { acks, err = p.batch(ctx, received) }, func(t *task) {
		defer w.planPoll(q)
		if took := time.Since(t.begun); !t.killed && !t.frozen && took > w.cloud.longest(len(received)) {
			w.violate("G9: %s took %v for %s", p.kind, took, what)
		}
		if t.killed || err != nil || fault == Lost {
			return
		}
		for i, r := range received {
			w.verdict(q, r, acks[i])
		}
	})
}

func (w *world) verdict(q *queue.Queue, r queue.Received, ack bool) {
	if ack {
		w.note("%s is acknowledged", r.ID)
		q.Ack(r)
		return
	}
	w.note("%s is to be retried", r.ID)
	q.Retry(r)
}

// idsOf lists the ids of messages.
func idsOf(received []queue.Received) string {
	var ids []string
	for _, r := range received {
		ids = append(ids, r.ID)
	}
	return strings.Join(ids, ", ")
}
