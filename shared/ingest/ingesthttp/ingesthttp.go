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
	"time"

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
			Query:  r.URL.RawQuery,
			Header: webhook.Header(r.Header),
			ID:     requestID(r),
		}
		if err := receive(ctx, w, r, in, &d); err != nil {
			hangUp(w, in.Refuse(ctx, d, err))
			return
		}
		reply := in.Handle(ctx, d)
		if len(d.Body) > in.Limit() {
			hangUp(w, reply)
			return
		}
		write(w, reply)
	})
}

// Server serves a handler as a front must be served: a peer that stalls is bounded,
// and "OPTIONS *", which net/http would answer 200, comes to the handler.
func Server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
	}
}

// receive reads the body of a request that has a route.
func receive(ctx context.Context, w http.ResponseWriter, r *http.Request, in *ingest.Ingest, d *webhook.Delivery) error {
	// A slow body must not hold a connection longer than a request may take. The
	// server lifts the deadline itself before the next request.
	deadline, _ := ctx.Deadline()
	err := http.NewResponseController(w).SetReadDeadline(deadline)
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return ingest.ErrMalformed // the connection is gone already
	}
	if _, routed := in.Route(d.Path); !routed {
		return ingest.ErrNoRoute // without a route no body is read
	}
	d.Body, err = io.ReadAll(io.LimitReader(r.Body, int64(in.Limit())+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ingest.ErrSlow
	case err != nil:
		return ingest.ErrMalformed
	}
	return nil
}

// path is the path as it was sent: a mux would clean "//name" into a route. On
// Google Cloud there is one in front of us, the framework's: it answers such a
// path with 307 to the clean one, and we never see it.
func path(r *http.Request) string { return r.URL.EscapedPath() }

// hangUp answers although the body was not read to its end. Without the header
// the server would first wait for a quarter of a megabyte of it.
func hangUp(w http.ResponseWriter, reply webhook.Reply) {
	w.Header().Set("Connection", "close")
	write(w, reply)
}

func write(w http.ResponseWriter, reply webhook.Reply) {
	for name, value := range reply.Header() {
		w.Header().Set(name, value)
	}
	w.WriteHeader(reply.Status)
	_, _ = io.WriteString(w, reply.Body) // the peer may be gone: nothing is left to undo
}
