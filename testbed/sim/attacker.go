package sim

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/sim/field"
)

// attacks posts what no platform signed. Nothing of it may be stored.
func attacks(random *rand.Rand, d *drawn) func(*world) {
	e := d.field.Event()
	form := random.IntN(9)
	cut := random.IntN(len(e.Body) + 1)
	return func(w *world) {
		e := w.carried(e)
		r, right := w.sign(e, w.plan.secretOf(e.Platform, 9)), w.sign(e, w.signing(e.Platform))
		missing, mismatch := e.Statuses()
		want := mismatch
		switch header := w.plan.signings[e.Platform].HeaderOf(e.Platform); form {
		case 0:
			delete(r.header, header)
			want = missing
		case 1: // the signature of another body
			other := e
			other.Body = e.Body[:cut]
			r = w.altered(e, r, w.sign(other, w.signing(e.Platform)), append(slices.Clone(e.Body), ' '))
		case 4: // white space behind what was signed
			r = w.altered(e, r, right, append(slices.Clone(e.Body), ' '))
		case 5: // the same JSON, written in another way
			r = w.altered(e, r, right, slices.Insert(slices.Clone(e.Body), min(1, len(e.Body)), ' '))
		case 6: // the begin of a signature
			r.header[header] = right.header[header][:16]
		case 7: // a signature with another end
			r.header[header] = right.header[header][:16] + r.header[header][16:]
		case 2: // an empty secret
			if r = w.sign(e, ""); r.header[header] == "" {
				want = missing
			}
		case 3: // the name of a platform as its secret
			r = w.sign(e, e.Platform)
		}
		w.note("an attacker posts forgery %d of %s", form, e.About())
		w.forge(e, r, want)
	}
}

// altered puts another body behind a right signature, unless the signature covers none:
// then the forgery stays what it is.
func (w *world) altered(e field.Event, forgery, right request, body []byte) request {
	if w.plan.signings[e.Platform].Uncovered {
		return forgery
	}
	right.body = body
	return right
}

// captures has an attacker read a delivery on its way and post it again: as it was, or
// with something altered of what is signed beside the body.
func captures(random *rand.Rand, d *drawn) func(*world) {
	e := d.field.Event()
	form, off := random.IntN(6), pick(random, -time.Nanosecond, 0, time.Nanosecond, time.Second, 3*time.Hour)
	return func(w *world) {
		s := w.plan.signings[e.Platform]
		if !s.HasTime() {
			return // repeats of bytes are drawn elsewhere
		}
		first := w.delivery(e, random)
		w.attempt(first)
		w.at(first.request.signedAt.Add(s.Before+off), func() {
			if form == 0 {
				w.note("an attacker repeats %s", first.event.About())
				w.post(first.event, first.request, func(int) {})
				return
			}
			r, want, changed := w.alter(form, first.event, first.request)
			if changed {
				w.note("an attacker alters %s in way %d", first.event.About(), form)
				w.forge(first.event, r, want)
			}
		})
	}
}

// alter changes what is signed beside the body, and gives the answer that is due.
func (w *world) alter(form int, e field.Event, r request) (altered request, want int, changed bool) {
	s := w.plan.signings[e.Platform]
	written := s.Written(r.signedAt)
	missing, mismatch := e.Statuses()
	want, altered = mismatch, r
	altered.header = maps.Clone(r.header)
	replace := func(old, by string) {
		for name, value := range altered.header {
			altered.header[name] = strings.Replace(value, old, by, 1)
			changed = changed || altered.header[name] != value
		}
	}
	switch form {
	case 1: // the time of today
		replace(written, s.Written(time.Now()))
	case 2: // another id
		if s.HasID {
			replace(e.SignedID, e.SignedID+"0")
		}
	case 3: // a digit moves from the time to the body: where nothing stands between them the signature stays right
		altered.body = append(slices.Clone(r.body), written[0])
		altered.anyCode = true
		replace(written, written[1:])
	case 4: // the other way
		if len(r.body) > 0 {
			altered.body = r.body[:len(r.body)-1]
			replace(written, string(r.body[len(r.body)-1])+written)
		}
	case 5: // no time
		want = missing
		replace("t="+written+",", "")
		replace("v="+written+",", "")
		maps.DeleteFunc(altered.header, func(_, value string) bool { changed = changed || value == written; return value == written })
	}
	return altered, want, changed
}

func (w *world) forge(e field.Event, r request, want int) {
	p := w.process("ingest")
	if p == nil {
		return
	}
	status := 502
	w.invoke(p, "forgery to /"+e.Platform, func(ctx context.Context) { status, _ = p.front(ctx, r) }, func(t *task) {
		if !t.killed && status < 500 && status != want {
			w.violate("G4: a forgery to /%s is answered %d, want %d", e.Platform, status, want)
		}
		if !r.anyCode && slices.Contains(t.codes, webhook.CodeStale) {
			w.violate("G4: a forgery to /%s is called stale", e.Platform)
		}
	})
}
