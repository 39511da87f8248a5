package sim

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/testbed/sim/field"
)

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
		old, next := w.plan.secretOf(platform, 1), w.plan.secretOf(platform, 2)
		w.attempt(w.delivery(before, random))
		w.note("the secret of %s is rotated", platform)
		w.rotated[platform] = time.Now()
		w.canary(next)
		w.secrets.valid[platform] = []string{next, old}
		w.in(1, w.reboot)
		w.in(told, func() {
			w.signers[platform] = next
			w.attempt(w.delivery(after, random))
		})
		w.in(told+forgotten, func() {
			w.secrets.valid[platform] = []string{next}
			w.in(1, w.reboot)
		})
		w.in(told+forgotten+withdrawn, func() {
			if !w.faultsOn && time.Since(w.secretFault) > withdrawn {
				_, want := late.Statuses()
				w.forge(late, w.sign(w.carried(late), old), want)
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
