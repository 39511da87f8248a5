package signature

import "time"

// Verify says who signed a request and what that proves, or fails with [ErrMissing],
// [ErrMalformed], [ErrMismatch] or [ErrStale]. Every key and every signature is
// evaluated: the time does not depend on which ones matched.
func (r *Keyring) Verify(q Request, now time.Time) (Verified, error) {
	given, err := r.given(q)
	if err != nil {
		return Verified{}, err
	}
	return r.method.verify(r, given, q, now)
}

// given is the text of the signature, or of the list with it.
func (r *Keyring) given(q Request) (string, error) {
	text, n := "", 0
	if r.scheme.From == "" {
		text, n = r.header.of(q.Header)
	} else {
		text, n = q.Value(r.scheme.From)
	}
	switch {
	case n == 0 || n == 1 && text == "":
		return "", ErrMissing
	case n > 1: // which one counts differs between fronts, so none does
		return "", ErrMalformed
	}
	return text, nil
}

// verified fills in what a right signature proves, and refuses a time that is too far
// away. A time that is no part of the template is a member of the signed body: of a
// stranger's body it is not read.
func (r *Keyring) verified(keyID string, q Request, signed *values, now time.Time) (Verified, error) {
	v := Verified{KeyID: keyID, ID: signed.id, Time: signed.time, Covers: r.covers}
	if r.scheme.Time.From == "" {
		return v, nil
	}
	if v.Time.IsZero() {
		text, n := r.time.from.read(r, &r.time, q, "")
		if v.Time = r.scheme.Time.read(text, true); n != 1 || v.Time.IsZero() {
			return Verified{}, ErrMalformed
		}
	}
	if !r.scheme.Time.accepts(v.Time, now) {
		return Verified{}, ErrStale
	}
	return v, nil
}

// read reads a time: ASCII digits of a bounded number, or RFC 3339. It gives the zero
// time for any other text: a zero in front may be the end of what stands before the
// time. At the end of what is signed a time of RFC 3339 may be without its zone and is
// then UTC, as Ultravox writes it.
func (t *Time) read(text string, isLast bool) time.Time {
	if t.Unit == RFC3339 {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil && isLast { // or the end of a time without a zone could be the body's begin
			at, err = time.Parse("2006-01-02T15:04:05", text)
		}
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
