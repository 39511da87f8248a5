// Package ingesthttp puts ingest behind net/http: for a laptop and for Cloud Run
// functions. It translates shapes and bounds time and size; every decision is
// made in package ingest.
package ingesthttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/webhook"
)

// Handler serves every route of in. requestID names a request in the log.
func Handler(in *ingest.Ingest, requestID func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), ingest.Budget)
		defer cancel()
		d := webhook.Delivery{
			Method: r.Method,
			Path:   path(r),
			Header: webhook.Header(r.Header),
			ID:     requestID(r),
		}
		if _, routed := in.Providers[d.Path]; !routed {
			write(w, in.Refuse(ctx, d, ingest.ErrNoRoute)) // no body is read for a stranger
			return
		}
		// A slow body must not hold a connection longer than a request may take.
		// The server lifts the deadline itself before the next request.
		err := http.NewResponseController(w).SetReadDeadline(in.Now().Add(ingest.Budget))
		if err != nil && !errors.Is(err, http.ErrNotSupported) {
			write(w, in.Refuse(ctx, d, ingest.ErrMalformed)) // the connection is gone already
			return
		}
		if d.Body, err = io.ReadAll(io.LimitReader(r.Body, int64(in.Limit())+1)); err != nil {
			write(w, in.Refuse(ctx, d, bodyError(err)))
			return
		}
		write(w, in.Handle(ctx, d))
	})
}

// path is the path as it was sent: a mux would clean "//gabber" into a route.
func path(r *http.Request) string { return r.URL.EscapedPath() }

func bodyError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ingest.ErrSlow
	}
	return ingest.ErrMalformed
}

func write(w http.ResponseWriter, reply webhook.Reply) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	if reply.Allow != "" {
		h.Set("Allow", reply.Allow)
	}
	if reply.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(reply.RetryAfter.Seconds())))
	}
	w.WriteHeader(reply.Status)
	_, _ = io.WriteString(w, reply.Body) // the peer may be gone: nothing is left to undo
}
