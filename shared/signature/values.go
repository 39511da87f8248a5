package signature

import (
	"strings"
	"time"
)

// values are what of a delivery is signed beside the body.
type values struct {
	texts [maxParts]string // of a template's sources, by the index of their part
	found [maxParts]bool   // of the items of a list
	time  time.Time        // zero if it is not in the template
	id    string
}

// receive reads the signatures and what is signed beside the body.
func (r *Keyring) receive(found *digests, signed *values, given string, q Request) error {
	if err := r.read(found, signed, given); err != nil {
		return err
	}
	return r.resolve(signed, q, r.urls[0])
}

// resolve reads the sources of the template, but for the body and the items of a list,
// and judges all of them.
func (r *Keyring) resolve(to *values, q Request, address string) error {
	for i := range r.signed {
		p := &r.signed[i]
		if p.from == nil || p.from == bodySource {
			continue
		}
		text, n := to.texts[i], 1
		if p.from.read != nil {
			text, n = p.from.read(r, p, q, address)
		} else if !to.found[i] {
			n = 0
		}
		switch {
		case n == 0:
			return ErrMissing
		case n > 1 || !p.allows(text):
			return ErrMalformed
		case p.isID:
			to.id = text
		case p.isTime:
			if to.time = r.scheme.Time.read(text, p.isLast); to.time.IsZero() {
				return ErrMalformed
			}
		}
		to.texts[i] = text
	}
	return nil
}

// moveTo reads again, for another address, what depends on it.
func (r *Keyring) moveTo(signed *values, q Request, address string) {
	for i := range r.signed {
		if p := &r.signed[i]; p.from != nil && p.from.isURL {
			signed.texts[i], _ = p.from.read(r, p, q, address)
		}
	}
}

// maxID bounds the signed id of a delivery, printable ASCII, in bytes.
const maxID = 256

// allows refuses a value that what is signed could be cut elsewhere with: one that holds
// the character beside it, and an id that is none.
func (p *part) allows(text string) bool {
	for _, mark := range [...]byte{p.mark, p.before} {
		if p.from.isLoose && mark != 0 && strings.IndexByte(text, mark) >= 0 {
			return false
		}
	}
	return !p.isID || isID(text)
}

func isID(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return text != "" && len(text) <= maxID
}
