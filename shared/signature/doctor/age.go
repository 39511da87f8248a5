package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/signature"
)

var units = map[signature.Unit]string{signature.Seconds: "seconds", signature.Millis: "milliseconds", signature.RFC3339: "a date of RFC 3339"}

// age says what is wrong with the time of a right signature.
func (c Case) age(h hit) (causes []Cause) {
	t := c.Platform.Scheme.Time
	if t.From == "" || h.changesTime() {
		return nil
	}
	text := h.time
	if text == "" {
		text, _ = c.value(t.From)
	}
	at, ok := readTime(text)
	unit := unitOf(text, at)
	switch {
	case text == "":
		return nil
	case !ok:
		return []Cause{{"time-unit", "The time in " + place(t.From) + " cannot be read: the scheme says " + units[t.Unit] + "."}}
	case unit != t.Unit:
		said := units[unit]
		if said == "" {
			said = "another unit"
		}
		causes = append(causes, Cause{"time-unit", "The time in " + place(t.From) + " is in " + said + "; the scheme says " + units[t.Unit] + "."})
	}
	late, up := c.Now.Sub(at), time.Second-1
	switch {
	case late > t.Tolerance:
		causes = append(causes, Cause{"stale", fmt.Sprintf("The signature is right and its time is %d seconds before now: %d are allowed.", (late+up)/time.Second, t.Tolerance/time.Second)})
	case -late > t.Tolerance && !t.PastOnly:
		causes = append(causes, Cause{"stale", fmt.Sprintf("The signature is right and its time is %d seconds after now: %d are allowed.", (up-late)/time.Second, t.Tolerance/time.Second)})
	}
	return causes
}

// inItsUnit is the scheme with the unit of the time that came, nil if that is its own.
func (c Case) inItsUnit() *signature.Scheme {
	fixed := c.Platform.Scheme
	text, _ := c.value(fixed.Time.From)
	at, ok := readTime(text)
	if unit := unitOf(text, at); ok && unit != fixed.Time.Unit && unit != "" {
		fixed.Time.Unit = unit
		return &fixed
	}
	return nil
}

func (h hit) changesTime() bool {
	for _, cause := range h.causes {
		if strings.HasPrefix(cause.Code, "time-unit") || cause.Code == "time-changed" {
			return true
		}
	}
	return false
}

// unitOf is how a time is written, "" if no scheme can say it.
func unitOf(text string, at time.Time) signature.Unit {
	switch digits := strings.Trim(text, "0123456789") == ""; {
	case digits && readAs(text, at.Unix()):
		return signature.Seconds
	case digits && readAs(text, at.UnixMilli()):
		return signature.Millis
	}
	if _, err := time.Parse(time.RFC3339, text); err == nil {
		return signature.RFC3339
	}
	return ""
}

func readAs(text string, n int64) bool { return strings.TrimLeft(text, "0") == fmt.Sprint(n) }

// hints are what to look at where nothing was found.
func (c Case) hints() (all []string) {
	q := c.Request
	if length, ok := c.value("header:Content-Length"); ok && length != fmt.Sprint(len(q.Body)) {
		all = append(all, fmt.Sprintf("The body has %d bytes, and Content-Length says another number: compare what was captured with what was sent.", len(q.Body)))
	}
	if len(q.Header.Values("Content-Encoding")) > 0 {
		all = append(all, "There is a Content-Encoding: the platform may have signed the body before or after it was compressed.")
	}
	if len(q.Body) == 0 {
		all = append([]string{"The body is empty: it was lost on the way, or read before the signature was looked at."}, all...)
	} else if n, ok := parse(q.Body); ok {
		w := writer{spacings[0], &escapings[0], &orderings[0], &numberings[0], false}
		if string(w.append(nil, n, 0)) != strings.TrimSpace(string(q.Body)) {
			all = append(all, "The body has white space between its values: a program between the platform and here may have read it and written it anew.")
		}
	}
	for _, secret := range c.Platform.Secrets {
		if err := signature.CheckSecret(secret.Value); err != nil && !c.Platform.isPublic() {
			all = append(all, secret.ID+": the "+err.Error()+".")
		}
	}
	return append(all, "The secret may be another one: rotated, or of another endpoint, account or environment. Copy it from the platform again.",
		"Bytes of the body may have been changed: capture it where it arrives, before a proxy or a framework reads it.")
}

func (p Platform) isPublic() bool {
	a := p.Scheme.Algorithm
	return a == signature.Ed25519 || a == signature.ECDSA || a == signature.RSA
}
