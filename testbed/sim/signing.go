package sim

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/sim/field"
)

// signing is how a platform signs in one history.
type signing struct {
	*field.Signing
	once bool // repeats carry the first attempt's signature
}

// drawSignings draws how each platform signs. In most histories, and for most platforms
// of the others, that is as documented.
func (p *plan) drawSignings(random *rand.Rand, platforms []string) {
	p.signings = map[string]signing{}
	set := random.IntN(2) == 0
	for _, name := range platforms {
		own := signing{Signing: field.Signings[0]}
		if set {
			own.Signing = weighed(random)
			own.once = own.HasTime() && random.IntN(8) == 0
		}
		p.signings[name] = own
	}
	if set && random.IntN(4) == 0 {
		p.decodes = upTo(random, p.faultsEnd)
	}
}

func weighed(random *rand.Rand) *field.Signing {
	var all []*field.Signing
	for _, s := range field.Signings {
		for range s.Weight {
			all = append(all, s)
		}
	}
	return pick(random, all...)
}

// configured reads how platforms sign as the functions do: in a cloud from one variable,
// on a laptop from one per platform.
func configured(p *plan) providers.Entries {
	env, all := map[string]string{}, ""
	for _, name := range slices.Sorted(maps.Keys(p.signings)) {
		s := p.signings[name]
		if s.Setting != "" && p.cloud == "laptop" {
			env[providers.EnvName(name)+"_SIGNATURE"] = s.Setting
		} else if s.Setting != "" {
			all += "platform=" + name + ";" + s.Setting + ";"
		}
	}
	if all != "" {
		env[providers.Schemes] = all
	}
	table, err := providers.Configured(variables(env))
	if err != nil {
		panic(err)
	}
	for i := range table {
		table[i].Handshakes = []webhook.Handshake{subscribe}
	}
	return table
}

// errDecoder is why a decoder fails that will be fixed.
var errDecoder = errors.New("simulated decoder")

// routes are the platforms as a release has them: the first one cannot read usage in
// some histories.
func (w *world) routes() map[string]webhook.Provider {
	if w.plan.decodes == 0 {
		return ingest.Routes(w.platforms.Providers()...)
	}
	all := w.platforms.Providers()
	for i := range all {
		decode := all[i].Decode
		all[i].Decode = func(body []byte) (webhook.Parsed, error) {
			parsed, err := decode(body)
			if err == nil && parsed.Type == "usage.tracked" && parsed.Known && time.Since(w.start) < w.plan.decodes {
				return webhook.Parsed{Type: parsed.Type}, errDecoder
			}
			return parsed, err
		}
	}
	return ingest.Routes(all...)
}

// sign gives the request that a platform makes of an event now.
func (w *world) sign(e field.Event, secrets ...string) request {
	s := w.plan.signings[e.Platform]
	r := request{method: "POST", path: "/" + e.Platform, body: e.Body, header: s.Sign(e.Platform, e.Body, time.Now(), e.SignedID, secrets...)}
	r.header["content-type"] = "application/json"
	w.ids++
	if !s.HasID { // then it is not signed
		r.header["webhook-id"] = deliveryID(w.ids)
	}
	if s.HasTime() {
		r.signedAt = s.Moment(time.Now())
	}
	return r
}

// carried gives an event as the next delivery of its platform carries it.
func (w *world) carried(e field.Event) field.Event {
	s, id := w.plan.signings[e.Platform], ""
	if s.HasID {
		w.ids++
		id = deliveryID(w.ids)
	}
	return s.Carry(e, id)
}

func deliveryID(n int) string { return "msg_" + strconv.Itoa(n) }

// freshness is what ingest's clock may say of a signed time.
type freshness int

const (
	fresh   freshness = iota
	unclear           // while the request was handled it became stale, or the clock was set
	stale
)

// freshness compares the signed time of a request with a clock that showed one moment
// before ingest looked at it, and another one afterwards.
func (w *world) freshness(e field.Event, r request, before, after time.Time) freshness {
	s := w.plan.signings[e.Platform]
	age := func(at time.Time) int {
		switch age := at.Sub(r.signedAt); {
		case age > s.Before:
			return 1
		case age < -s.After:
			return -1
		}
		return 0
	}
	one, two := age(before), age(after)
	switch {
	case !s.HasTime() || one == 0 && two == 0:
		return fresh
	case one == two && !after.Before(before):
		return stale
	}
	return unclear
}

// isTime says whether a header's value is a time, which logs show.
func isTime(name string) bool {
	return strings.HasSuffix(name, "time") || strings.HasSuffix(name, "timestamp")
}
