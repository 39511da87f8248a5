package webhook

import (
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Delivery is one HTTP request, translated at the edge and not yet verified.
type Delivery struct {
	Method string
	Path   string // as sent, not cleaned: "//gabber" is another path than "/gabber"
	Header Header
	Body   []byte // the exact bytes; an edge reads at most one byte over the cap
	ID     string // the front door's request id, for log lines only; unsigned, so never part of an identity
}

// LogValue keeps headers and body out of every log line.
func (d Delivery) LogValue() slog.Value {
	return slog.GroupValue(slog.String("request", d.ID), slog.Int("bytes", len(d.Body)))
}

// String keeps headers and body out of %v.
func (d Delivery) String() string { return "delivery " + d.ID }

// GoString keeps them out of %#v.
func (d Delivery) GoString() string { return "webhook.Delivery{" + d.ID + "}" }

// Header holds header fields under the names they arrived with. Front doors differ in
// the case of names: look them up with [Header.Values] only.
type Header map[string][]string

// Values gives every value of the named field, in any case. EqualFold also folds
// U+212A to k; the length check excludes it.
func (h Header) Values(name string) []string {
	var all []string
	for key, values := range h {
		if len(key) == len(name) && strings.EqualFold(key, name) {
			all = append(all, values...)
		}
	}
	return all
}

// Reply is the answer to the platform. Body is always a constant.
type Reply struct {
	Status     int
	Body       string
	Allow      string        // the Allow header of a 405, else empty
	RetryAfter time.Duration // the Retry-After header of a 503, else 0
}

// Header is what goes with the reply, by lower-case name.
func (r Reply) Header() map[string]string {
	h := map[string]string{"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
	if r.Allow != "" {
		h["allow"] = r.Allow
	}
	if r.RetryAfter > 0 {
		h["retry-after"] = strconv.Itoa(int(r.RetryAfter.Seconds()))
	}
	return h
}
