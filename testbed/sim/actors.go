package sim

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/testbed/sim/field"
	"github.com/webhook-functions/template/testbed/sim/queue"
)

// actors is a row per actor: in how many histories of twelve it acts, how often at most,
// and how an act is drawn.
var actors = []struct {
	name        string
	twelfth     int
	least, most int
	draw        func(random *rand.Rand, d *drawn) func(*world)
}{
	{"sender", 12, 2, 5, sends},
	{"operator grants", 7, 1, 2, grants},
	{"operator redrives", 5, 1, 2, redrives},
	{"operator rotates", 3, 1, 1, rotates},
	{"attacker", 6, 1, 3, attacks},
	{"sender repeats bytes", 4, 1, 1, repeatsBytes},
	{"queue delivers twice", 6, 1, 3, doubles},
	{"balance runs out", 3, 1, 1, runsOut},
	{"balance changes twice", 3, 1, 1, changesTwice},
	{"operator names a phone owner", 2, 1, 1, phoneOwners},
	{"tools give results", 2, 1, 1, tools},
}

// drawn is what the acts of one history share.
type drawn struct {
	platforms []string
	field     *field.Drawer
	events    []field.Event
	grants    int
	length    time.Duration
}

func drawActs(random *rand.Rand, p *plan, length time.Duration, platforms []string) (acts []act) {
	d := &drawn{platforms: platforms, field: field.NewDrawer(rand.New(rand.NewPCG(random.Uint64(), 1)), p.rules), length: length}
	for _, actor := range actors {
		n := actor.least + random.IntN(actor.most-actor.least+1)
		if random.IntN(12) >= actor.twelfth {
			continue
		}
		for range n {
			at := upTo(random, length)
			if len(acts) > 0 && random.Float64() < p.bursts { // beside another one
				at = acts[random.IntN(len(acts))].at + upTo(random, 30*time.Millisecond)
			}
			own := rand.New(rand.NewPCG(random.Uint64(), 2))
			acts = append(acts, act{at, actor.name, actor.draw(own, d)})
		}
	}
	return acts
}

// sends has a platform deliver an event, and again by its schedule until it is
// answered 2xx.
func sends(random *rand.Rand, d *drawn) func(*world) {
	e := d.field.Event()
	d.events = append(d.events, e)
	waits := field.Schedule(e.Platform, random)
	return func(w *world) { w.attempt(&delivery{event: e, waits: waits, random: random}) }
}

// repeatsBytes has a platform send the same bytes of an event without an id twice: at one end
// of the dedup window, the nanosecond before or the one after.
func repeatsBytes(random *rand.Rand, d *drawn) func(*world) {
	e := until(d.field.Event, func(e field.Event) bool { return e.Wants.NoID })
	off := time.Duration(random.IntN(3) - 1)
	return func(w *world) {
		send := func() {
			for range random.IntN(3) { // nearly at the same moment
				w.in(upTo(random, 20*time.Millisecond), func() { w.attempt(&delivery{event: e, random: random}) })
			}
			w.attempt(&delivery{event: e, random: random})
		}
		send()
		if window := w.plan.rules.Window; window > 0 {
			w.in(window+off, send)
		}
	}
}

// delivery is an event on its way, with its retries.
type delivery struct {
	event    field.Event
	waits    []time.Duration
	random   *rand.Rand
	answered bool
}

// attempt posts a delivery once and plans the next attempt.
func (w *world) attempt(d *delivery) {
	if d.answered {
		return
	}
	secret := w.signing(d.event.Platform)
	r := signed(d.event, secret)
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
			w.judgeStatus(d.event.Platform, secret, status)
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

func signed(e field.Event, secret string) request {
	return request{method: "POST", path: "/" + e.Platform, body: e.Body,
		header: map[string]string{strings.ToLower(e.Header): e.Sign(secret), "content-type": "application/json"}}
}

// signing is the secret that a platform signs with now: the newest, once it was told.
func (w *world) signing(platform string) string {
	if s, ok := w.signers[platform]; ok {
		return s
	}
	return secretOf(platform, 1)
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
	for _, value := range r.header {
		if len(value) > 16 && value != "application/json" {
			w.canary(value)
		}
	}
	w.invoke(p, "delivery to /"+e.Platform, func(ctx context.Context) { status = p.front(ctx, r) }, func(t *task) {
		if t.killed {
			status = 502
		} else if took := time.Since(began); took > 3*time.Second+100*time.Millisecond && !t.frozen {
			w.violate("G9: ingest took %v", took)
		}
		w.note("the sender is answered %d", status)
		w.sent = append(w.sent, field.Accepted{Event: e, Status: status, Received: began})
		if status == 200 {
			w.stored(r.body)
		}
		over(status)
	})
}

// grants has an operator book credits, and again with the same key until it is done.
func grants(random *rand.Rand, d *drawn) func(*world) {
	d.grants++
	key := fmt.Sprint("grant-", d.grants)
	if random.IntN(4) == 0 && d.grants > 1 {
		key = fmt.Sprint("grant-", 1+random.IntN(d.grants-1)) // typed again
	}
	human := pick(random, "ann", "bob", "cyd") // who usage is of
	amount := int64(pick(random, 10, 60, 60, 600)) * 1_000_000
	return func(w *world) {
		if g, ok := w.grantOf(key); ok { // the same key means the same grant
			human, amount = g.Account, g.Amount
		}
		w.book(field.Grant{Account: human, Key: key, Amount: amount}, random)
	}
}

func (w *world) grantOf(key string) (field.Grant, bool) {
	i := slices.IndexFunc(w.granted, func(g field.Grant) bool { return g.Key == key })
	if i < 0 {
		return field.Grant{}, false
	}
	return w.granted[i], true
}

func (w *world) book(g field.Grant, random *rand.Rand) {
	if _, known := w.grantOf(g.Key); !known {
		w.granted = append(w.granted, g)
	}
	p := w.launch("operator")
	ports := w.cloud.ports(p)
	booked := false
	w.invoke(p, "grant "+g.Key, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		grants := accounts.Grants{Ledger: ports.ledger, FollowUps: ports.followUps, Now: time.Now}
		_, outcome, err := grants.Book(ctx, ledger.Grant, accounts.BalanceOf("", g.Account), g.Key, ledger.Micro(g.Amount), "")
		booked = err == nil
		if outcome == ledger.Conflict {
			w.violate("G2: a grant with a key of its own is a conflict")
		}
	}, func(*task) {
		w.retire(p)
		if !booked {
			w.in(upTo(random, time.Hour), func() { w.book(g, random) })
		}
	})
}

// redrives has an operator send all dead letters back to the events queue.
func redrives(*rand.Rand, *drawn) func(*world) { return (*world).redrive }

func (w *world) redrive() {
	for _, m := range w.dead.Messages() {
		w.dead.Redrive(m.ID, w.events)
	}
	w.planPoll(w.events)
}

// rotates has an operator rotate the secret of one platform: the store holds both, the
// platform signs with the new one, the store forgets the old one. The platform sends an
// event before and after, and an attacker with the old secret comes later.
func rotates(random *rand.Rand, d *drawn) func(*world) {
	platform := pick(random, d.platforms...)
	before, after, late := d.of(platform), d.of(platform), d.of(platform)
	told, forgotten := upTo(random, pick(random, 10*time.Minute, 2*time.Hour)), 24*time.Hour+upTo(random, time.Hour)
	return func(w *world) {
		old, next := secretOf(platform, 1), secretOf(platform, 2)
		w.attempt(&delivery{event: before, random: random})
		w.note("the secret of %s is rotated", platform)
		w.rotated[platform] = time.Now()
		w.canary(next)
		w.secrets.valid[platform] = []string{next, old}
		w.in(1, w.reboot)
		w.in(told, func() {
			w.signers[platform] = next
			w.attempt(&delivery{event: after, random: random})
		})
		w.in(told+forgotten, func() {
			w.secrets.valid[platform] = []string{next}
			w.in(1, w.reboot)
		})
		w.in(told+forgotten+withdrawn, func() {
			if !w.faultsOn && time.Since(w.secretFault) > withdrawn {
				_, want := late.Statuses()
				w.forge(late, signed(late, old), want)
			}
		})
	}
}

// sweep has an operator push the limits of the humans whom the platform did not know.
func (w *world) sweep() {
	w.plan.known = 0
	refused := w.api.refused
	w.api.refused = map[string]bool{}
	p := w.launch("operator")
	ports := w.cloud.ports(p)
	w.invoke(p, "sweep", func(ctx context.Context) {
		for _, human := range slices.Sorted(maps.Keys(refused)) {
			account, err := ports.ledger.Account(ctx, human)
			w.must(err)
			if e, due := accounts.Unpushed(account, time.Now()); due && refused[human] {
				w.must(ports.followUps.Publish(ctx, e))
			}
		}
	}, func(*task) { w.retire(p) })
}

// withdrawn is how long after the store forgot a secret ingest may still believe it,
// unless the store fails.
const withdrawn = 10 * time.Minute

// attacks posts what no platform signed. Nothing of it may be stored.
func attacks(random *rand.Rand, d *drawn) func(*world) {
	e := d.field.Event()
	form := random.IntN(9)
	cut := random.IntN(len(e.Body) + 1)
	return func(w *world) {
		r := signed(e, secretOf(e.Platform, 9))
		header := strings.ToLower(e.Header)
		missing, mismatch := e.Statuses()
		want := mismatch
		switch form {
		case 0:
			delete(r.header, header)
			want = missing
		case 1: // the signature of another body
			r.header[header] = field.Event{Platform: e.Platform, Header: e.Header, Body: e.Body[:cut]}.Sign(w.signing(e.Platform))
			r.body = append(slices.Clone(e.Body), ' ')
		case 4: // white space behind what was signed
			r.header[header] = e.Sign(w.signing(e.Platform))
			r.body = append(slices.Clone(e.Body), ' ')
		case 5: // the same JSON, written in another way
			r.header[header] = e.Sign(w.signing(e.Platform))
			r.body = slices.Insert(slices.Clone(e.Body), min(1, len(e.Body)), ' ')
		case 6: // the begin of a signature
			r.header[header] = e.Sign(w.signing(e.Platform))[:16]
		case 7: // a signature with another end
			r.header[header] = e.Sign(w.signing(e.Platform))[:16] + r.header[header][16:]
		case 2: // an empty secret
			r.header[header] = e.Sign("")
		case 3: // the name of a platform as its secret
			r.header[header] = e.Sign(e.Platform)
		}
		w.note("an attacker posts forgery %d of %s", form, e.About())
		w.forge(e, r, want)
	}
}

func (w *world) forge(e field.Event, r request, want int) {
	p := w.process("ingest")
	if p == nil {
		return
	}
	status := 502
	w.invoke(p, "forgery to /"+e.Platform, func(ctx context.Context) { status = p.front(ctx, r) }, func(t *task) {
		if !t.killed && status < 500 && status != want {
			w.violate("G4: a forgery to /%s is answered %d, want %d", e.Platform, status, want)
		}
	})
}

// doubles has a queue deliver a message once more.
func doubles(random *rand.Rand, _ *drawn) func(*world) {
	which := random.IntN(2)
	return func(w *world) {
		q := []*queue.Queue{w.events, w.outbound}[which]
		if q == w.outbound && time.Since(w.putLate) < apart {
			return
		}
		if q.Duplicate() {
			if q == w.outbound {
				w.repeated = time.Now()
			}
			w.note("%s delivers a message twice", w.queueName(q))
			w.planPoll(q)
		}
	}
}
