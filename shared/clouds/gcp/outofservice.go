package gcp

import (
	"log/slog"
	"net/http"
)

// OutOfService answers for a function that cannot start: 503 to everything, so
// that platforms and Pub/Sub try again, with the reason in the log each time. A
// process that ended instead would say no more than that it did.
func OutOfService(log *slog.Logger, reason error) http.Handler {
	complain := func() { log.Error("out of service", "code", "CFG", "cause", reason.Error()) }
	complain()
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		complain()
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusServiceUnavailable)
	})
}

// answer writes a status and nothing else: whoever calls reads no more.
func answer(w http.ResponseWriter, status int) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
}
