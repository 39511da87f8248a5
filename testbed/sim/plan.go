package sim

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/testbed/sim/field"
)

// plan is what is to happen in a history, but for faults: it is drawn before.
type plan struct {
	cloud     string
	safety    bool // faults never stop, and only what must hold at every step is checked
	rules     field.Rules
	env       map[string]string // of worker and outbound
	rates     rates
	bursts    float64       // how many acts come with another one
	gather    time.Duration // how long a queue waits for a batch, at most
	lag       time.Duration // from a write to when a read sees it that is eventually consistent
	faultsEnd time.Duration // then faults stop, unless safety is all that is checked
	acts      []act
	unknown   string        // a human whom the platform does not know at first
	known     time.Duration // when it does
	replay    time.Duration // after the end: all messages are delivered once more
	signings  map[string]signing
	decodes   time.Duration // until then no decoder reads usage; 0: they always do
}

// act is one thing that a sender, an operator or an attacker does by itself.
type act struct {
	at   time.Duration
	what string
	do   func(w *world)
}

// rates are how often calls fail.
type rates struct {
	usual   float64
	late    bool // limits are put late more often: after a newer one
	seldom  bool // call sites that are seldom reached fail more often
	outages []outage
}

// outage is a time in which one port, or all, mostly fail.
type outage struct {
	port     string // "" for all
	from, to time.Duration
	rate     float64
	only     Fault // None: any
}

// rate gives how often a call of a port fails, and the one fault it then has, if it is one.
func (r rates) rate(port string, at time.Duration) (rate float64, only Fault) {
	rate = r.usual
	for _, o := range r.outages {
		if (o.port == "" || o.port == port) && o.from <= at && at < o.to && o.rate > rate {
			rate, only = o.rate, o.only
		}
	}
	return rate, only
}

// newPlan draws a plan. What an act does is drawn from a stream of its own, so that
// leaving one out leaves the others as they are.
func newPlan(seed uint64, platforms []string) plan {
	random := rand.New(rand.NewPCG(seed, 0))
	p := plan{
		cloud:  pick(random, slices.Sorted(maps.Keys(clouds))...),
		safety: random.IntN(5) == 0,
		replay: upTo(random, 400*24*time.Hour),
	}
	p.rules, p.env = drawRules(random)
	length := pick(random, time.Minute, 20*time.Minute, 3*time.Hour, 36*time.Hour)
	p.faultsEnd = upTo(random, length)
	p.bursts = pick(random, 0.2, 0.8)
	p.gather = pick(random, 20*time.Millisecond, 20*time.Millisecond, time.Second, time.Minute)
	p.lag = pick(random, 0, 20*time.Millisecond, longestLag)
	p.unknown, p.known = pick(random, "", "", "", "ann", "bob"), upTo(random, 2*length)
	p.rates = drawRates(random, length)
	p.acts = drawActs(random, &p, length, platforms)
	p.drawSignings(rand.New(rand.NewPCG(seed, 1<<51)), platforms)
	return p
}

// longestLag is longer than DynamoDB is ever behind, as far as one knows.
const longestLag = 2 * time.Second

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

func drawRules(random *rand.Rand) (r field.Rules, env map[string]string) {
	r = field.Rules{Price: 1_000_000, Window: 15 * time.Minute, Anonymous: []string{"anonymous"}}
	env = map[string]string{"TARIFF": "conversational_seconds=1"}
	switch random.IntN(3) {
	case 0:
		r.Price, env["TARIFF"] = 250_000, "conversational_seconds=0.25"
	case 1:
		r.CallPrice, env["TARIFF"] = 500_000, "conversational_seconds=1,call_seconds=0.5"
	}
	switch random.IntN(6) {
	case 0:
		r.Window, env["IDLESS_WINDOW"] = 0, "0s"
	case 1:
		r.Window, env["IDLESS_WINDOW"] = -1, "forever"
	}
	if random.IntN(2) == 0 {
		env["LEADS_FORWARD_URL"] = platformURL + fakeapi.LeadsPath
	}
	if random.IntN(2) == 0 {
		env["END_EXHAUSTED_SESSIONS"] = "true"
	}
	if random.IntN(4) == 0 {
		env["GABBER_LEDGER"], env["GABBER_CREDIT"] = "beside", "credit-1"
	}
	return r, env
}

func drawRates(random *rand.Rand, length time.Duration) (all rates) {
	all.usual, all.seldom, all.late = pick(random, 0, 0.02, 0.05, 0.1, 0.25), random.IntN(2) == 0, random.IntN(4) == 0
	for range random.IntN(3) {
		from := upTo(random, length)
		all.outages = append(all.outages, outage{pick(random, append(portNames(), "")...), from, from + upTo(random, min(length, 2*time.Hour)), pick(random, 0.3, 0.7, 1), pick(random, None, None, Slow, Late)})
	}
	return all
}
