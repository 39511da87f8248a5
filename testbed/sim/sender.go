package sim

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/webhook-functions/template/testbed/sim/field"
)

// sends has a platform deliver an event, and again by its schedule until it is
// answered 2xx.
func sends(random *rand.Rand, d *drawn) func(*world) {
	e := d.field.Event()
	waits := field.Schedule(e.Platform, random)
	return func(w *world) { w.attempt(w.delivery(e, random, waits...)) }
}

// repeatsBytes has a platform send the same bytes of an event without an id twice: at one end
// of the dedup window, the nanosecond before or the one after.
func repeatsBytes(random *rand.Rand, d *drawn) func(*world) {
	e := until(d.field.Event, func(e field.Event) bool { return e.Wants.NoID })
	off := time.Duration(random.IntN(3) - 1)
	return func(w *world) {
		again := w.again(e, random)
		send := func() {
			for range random.IntN(3) { // nearly at the same moment
				w.in(upTo(random, 20*time.Millisecond), func() { w.attempt(again()) })
			}
			w.attempt(again())
		}
		send()
		if window := w.plan.rules.Window; window > 0 {
			w.in(window+off, send)
		}
	}
}

// again gives deliveries of an event: where they have a signed id each has its own, or
// all have one.
func (w *world) again(e field.Event, random *rand.Rand) func() *delivery {
	if !w.plan.signings[e.Platform].HasID || random.IntN(2) == 0 {
		return func() *delivery { return w.delivery(e, random) }
	}
	one := w.delivery(e, random)
	return func() *delivery { return &delivery{event: one.event, random: random} }
}

// delivery is an event on its way, with its retries.
type delivery struct {
	event    field.Event
	waits    []time.Duration
	random   *rand.Rand
	answered bool
	request  request // of the last attempt
}

func (w *world) delivery(e field.Event, random *rand.Rand, waits ...time.Duration) *delivery {
	return &delivery{event: w.carried(e), waits: waits, random: random}
}

// attempt posts a delivery once and plans the next attempt.
func (w *world) attempt(d *delivery) {
	if d.answered {
		return
	}
	if d.request.header == nil || !w.plan.signings[d.event.Platform].once {
		d.request = w.sign(d.event, w.signingWith(d)...)
	}
	r := d.request
	w.signed[string(r.body)] = true
	w.expect(d.event)
	retry := func(after time.Duration) {
		if len(d.waits) == 0 {
			w.note("the sender gives up")
			return
		}
		next := d.waits[0]
		d.waits = d.waits[1:]
		w.in(after+next, func() { w.attempt(d) })
	}
	deliver := func(answerLost bool) {
		w.post(d.event, r, func(status int) {
			if answerLost || status/100 != 2 {
				retry(0)
				return
			}
			d.answered = true
		})
	}
	fault := w.senderFault(d.random)
	w.note("a sender posts %s%s", d.event.About(), fault.told())
	switch fault {
	case Before:
		retry(0)
	case Lost:
		deliver(true)
	case Late: // gives up and tries again while the first attempt is still on its way
		w.in(upTo(d.random, time.Minute), func() { deliver(true) })
		retry(5 * time.Second)
	default:
		deliver(false)
	}
}

// senderFault draws what happens between the sender and the front door.
func (w *world) senderFault(random *rand.Rand) (fault Fault) {
	if w.faultsOn && random.Float64() < w.plan.rates.usual {
		fault = pick(random, Before, Lost, Late)
	}
	w.coverage.hit(w.plan.cloud+" sender: POST", fault)
	return fault
}

// signingWith gives the secrets of an attempt. Where there is room for several signatures,
// some are of a key that ingest does not have.
func (w *world) signingWith(d *delivery) []string {
	right := w.signing(d.event.Platform)
	if !w.plan.signings[d.event.Platform].Many {
		return []string{right}
	}
	other := w.plan.secretOf(d.event.Platform, 8)
	return [][]string{{right}, {right, other}, {other, right}, {other, other, right}}[d.random.IntN(4)]
}

// signing is the secret that a platform signs with now: the newest, once it was told.
func (w *world) signing(platform string) string {
	if s, ok := w.signers[platform]; ok {
		return s
	}
	return w.plan.secretOf(platform, 1)
}

// post has a front door take a request; over gets the status the platform would see.
func (w *world) post(e field.Event, r request, over func(status int)) {
	p := w.process("ingest")
	if p == nil {
		over(429)
		return
	}
	status := 502
	began := time.Now()
	for name, value := range r.header {
		if len(value) > 16 && value != "application/json" && !isTime(name) {
			w.canary(value)
		}
	}
	clock := p.now()
	w.invoke(p, "delivery to /"+e.Platform, func(ctx context.Context) { status, _ = p.front(ctx, r) }, func(t *task) {
		if t.killed {
			status = 502
		} else if took := time.Since(began); took > 3*time.Second+100*time.Millisecond && !t.frozen {
			w.violate("G9: ingest took %v", took)
		}
		w.note("the sender is answered %d", status)
		found := w.freshness(e, r, clock, p.now())
		w.judgeStatus(e, found, status, t.codes)
		w.sent = append(w.sent, field.Accepted{Event: e, Status: status, Stale: found == stale, Received: began})
		if status == 200 {
			w.stored(r.body)
		}
		over(status)
	})
}
