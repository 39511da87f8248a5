package sim

import (
	"math/rand/v2"
	"time"

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
	{"attacker captures", 6, 1, 2, captures},
	{"platform asks", 4, 1, 3, asks},
}

// drawn is what the acts of one history share.
type drawn struct {
	platforms []string
	field     *field.Drawer
	grants    int
}

func drawActs(random *rand.Rand, p *plan, length time.Duration, platforms []string) (acts []act) {
	d := &drawn{platforms: platforms, field: field.NewDrawer(rand.New(rand.NewPCG(random.Uint64(), 1)), p.rules)}
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
