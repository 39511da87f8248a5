package signature

import (
	"crypto/subtle"
	"slices"
	"strings"
	"time"
)

// Verify says who signed a request and what that proves, or fails with [ErrMissing],
// [ErrMalformed], [ErrMismatch] or [ErrStale]. Every key and every signature is
// evaluated: the time does not depend on which ones matched.
func (r *Keyring) Verify(q Request, now time.Time) (Verified, error) {
	given, err := r.given(&q)
	if err != nil {
		return Verified{}, err
	}
	switch {
	case r.scheme.isToken():
		return r.verifyToken(given, &q, now)
	case r.scheme.Algorithm == Static:
		return r.verifyStatic(given)
	}
	var found digests
	var signed values
	if err := r.read(&found, &signed, given); err != nil {
		return Verified{}, err
	}
	if err := r.resolve(&signed, &q, r.urls[0]); err != nil {
		return Verified{}, err
	}
	keyID, ok := "", false
	if r.scheme.IsPublic() {
		keyID, ok = r.matchPublic(&found, &q, &signed)
	} else {
		keyID, ok = r.matchDigest(&found, &q, &signed)
	}
	if !ok || !r.hashesMatch(&q) {
		return Verified{}, ErrMismatch
	}
	return r.verified(keyID, &q, &signed, now)
}

// given is the text of the signature, or of the list with it.
func (r *Keyring) given(q *Request) (string, error) {
	text, n := "", 0
	if r.scheme.From == "" {
		text, n = r.header.of(q.Header)
	} else {
		text, n = q.place(r.scheme.From)
	}
	switch {
	case n == 0 || n == 1 && text == "":
		return "", ErrMissing
	case n > 1: // which one counts differs between fronts, so none does
		return "", ErrMalformed
	}
	return text, nil
}

// matchDigest finds the key that made one of the digests.
func (r *Keyring) matchDigest(found *digests, q *Request, signed *values) (keyID string, ok bool) {
	if found.n == 0 {
		return "", false
	}
	for i, address := range r.urls {
		if i > 0 {
			if !r.signed.needsURL() {
				break
			}
			r.moveTo(signed, q, address)
		}
		for i := len(r.keys) - 1; i >= 0; i-- { // of equal secrets the first is named
			k := &r.keys[i]
			m := k.macs.Get().(*mac)
			sum := r.digest(m, k, q.Body, signed)
			for i := range found.all[:found.n] {
				if subtle.ConstantTimeCompare(found.all[i][:r.size], sum) == 1 {
					keyID, ok = k.id, true
				}
			}
			k.macs.Put(m)
		}
	}
	return keyID, ok
}

// digest is valid until m is used again.
func (r *Keyring) digest(m *mac, k *key, body []byte, signed *values) []byte {
	m.hash.Reset()
	if r.scheme.Algorithm == SortedSHA1 {
		m.hash.Write(sorted(r.signed, k.text(), signed))
		return m.hash.Sum(m.sum[:0])
	}
	m.held = 0
	for i := range r.signed {
		switch p := &r.signed[i]; p.kind {
		case fromBody:
			m.flush()
			m.hash.Write(body)
		case fromLiteral:
			m.write(p.name)
		default:
			m.write(signed.texts[i])
		}
	}
	m.flush()
	return m.hash.Sum(m.sum[:0])
}

// write holds texts back until flush, or until there are many.
func (m *mac) write(text string) {
	for text != "" {
		n := copy(m.scratch[m.held:], text)
		m.held += n
		if text = text[n:]; text != "" {
			m.flush()
		}
	}
}

func (m *mac) flush() {
	if m.held > 0 {
		m.hash.Write(m.scratch[:m.held])
		m.held = 0
	}
}

// message joins what is signed.
func (r *Keyring) message(body []byte, signed *values) []byte {
	var joined []byte
	for i, p := range r.signed {
		switch p.kind {
		case fromBody:
			joined = append(joined, body...)
		case fromLiteral:
			joined = append(joined, p.name...)
		default:
			joined = append(joined, signed.texts[i]...)
		}
	}
	return joined
}

func sorted(t template, secret string, signed *values) []byte {
	texts := []string{secret}
	for i := range t {
		texts = append(texts, signed.texts[i])
	}
	slices.Sort(texts)
	return []byte(strings.Join(texts, ""))
}

// verified fills in what a right signature proves, and refuses a time that is too far
// away. A time that is no part of the template is a member of the signed body: of a
// stranger's body it is not read.
func (r *Keyring) verified(keyID string, q *Request, signed *values, now time.Time) (Verified, error) {
	v := Verified{KeyID: keyID, ID: signed.id, Time: signed.time, Covers: r.covers}
	if r.scheme.Time.From == "" {
		return v, nil
	}
	if v.Time.IsZero() {
		text, n := r.valueOf(&r.time, q, "")
		if v.Time = r.scheme.Time.read(text); n != 1 || v.Time.IsZero() {
			return Verified{}, ErrMalformed
		}
	}
	if !r.scheme.Time.accepts(v.Time, now) {
		return Verified{}, ErrStale
	}
	return v, nil
}

// read reads a time: ASCII digits of a bounded number, or RFC 3339. It gives the zero
// time for any other text. A zero in front may be the end of what stands before the time.
func (t *Time) read(text string) time.Time {
	if t.Unit == RFC3339 {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil || len(text) > 40 {
			return time.Time{}
		}
		return at
	}
	if text == "" || len(text) > 14 || text[0] == '0' {
		return time.Time{}
	}
	n := int64(0)
	for i := range len(text) {
		c := text[i]
		if c < '0' || c > '9' {
			return time.Time{}
		}
		n = 10*n + int64(c-'0')
	}
	if t.Unit == Millis {
		return time.UnixMilli(n)
	}
	return time.Unix(n, 0)
}

// accepts says whether a moment is near enough to now.
func (t *Time) accepts(at, now time.Time) bool {
	age := now.Sub(at)
	return age <= t.Tolerance && (t.PastOnly || age >= -t.Tolerance)
}
