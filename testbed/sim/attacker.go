package sim

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/webhook-functions/template/testbed/sim/field"
)

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
