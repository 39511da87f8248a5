package webhook

import (
	"cmp"
	"log/slog"
	"strconv"
	"time"

	"github.com/webhook-functions/template/shared/signature"
)

// Delivery is one HTTP request, translated at the edge and not yet verified.
type Delivery struct {
	Method string
	Path   string // as sent, not cleaned: "//gabber" is another path than "/gabber"
	Query  string // as sent, without its "?"
	Header Header
	Body   []byte // the exact bytes; an edge reads at most one byte over the cap
	ID     string // the front door's request id, for log lines only; unsigned, so never part of an identity
}

// Signed is what a signature may cover of a delivery.
func (d Delivery) Signed() signature.Request {
	return signature.Request{Method: d.Method, Query: d.Query, Header: d.Header, Body: d.Body}
}

// LogValue keeps headers and body out of every log line.
func (d Delivery) LogValue() slog.Value {
	return slog.GroupValue(slog.String("request", d.ID), slog.Int("bytes", len(d.Body)))
}

// String keeps headers and body out of %v.
func (d Delivery) String() string { return "delivery " + d.ID }

// GoString keeps them out of %#v.
func (d Delivery) GoString() string { return "webhook.Delivery{" + d.ID + "}" }

// Header holds header fields; see [signature.Header].
type Header = signature.Header

// Reply is the answer to the platform. Body is a constant, or the answer of a
// [Handshake].
type Reply struct {
	Status      int
	ContentType string // empty: text/plain in UTF-8
	Body        string
	Allow       string        // the Allow header of a 405, else empty
	RetryAfter  time.Duration // the Retry-After header of a 503, else 0
}

// Header is what goes with the reply, by lower-case name.
func (r Reply) Header() map[string]string {
	h := map[string]string{"content-type": cmp.Or(r.ContentType, "text/plain; charset=utf-8"), "x-content-type-options": "nosniff"}
	if r.Allow != "" {
		h["allow"] = r.Allow
	}
	if r.RetryAfter > 0 {
		h["retry-after"] = strconv.Itoa(int(r.RetryAfter.Seconds()))
	}
	return h
}
