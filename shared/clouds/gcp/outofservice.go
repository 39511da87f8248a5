package gcp

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"

	"github.com/webhook-functions/template/shared/secrets"
	"github.com/webhook-functions/template/shared/webhook"
)

// OutOfService answers for a function that cannot start: always 503, so that
// platforms and Pub/Sub try again, with the reason in the log each time.
func OutOfService(log *slog.Logger, reason error) http.Handler {
	return Starting(log, func() (http.Handler, error) { return nil, reason })
}

// Starting is for a function whose start can fail for a transient reason, such as a
// secret out of reach. It tries at once and with each request until it has started;
// meanwhile it is out of service.
func Starting(log *slog.Logger, start func() (http.Handler, error)) http.Handler {
	s := &starting{log: log, start: start}
	_ = s.try()
	return s
}

type starting struct {
	log   *slog.Logger
	start func() (http.Handler, error)

	mu      sync.Mutex
	started http.Handler // nil until it is
}

// try gives the started function, nil if it cannot start.
func (s *starting) try() http.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started != nil {
		return s.started
	}
	started, err := s.start()
	if err != nil {
		s.log.Error("out of service", "code", codeOf(err), "cause", err.Error())
		return nil
	}
	s.started = started
	return started
}

func codeOf(err error) string {
	if errors.Is(err, secrets.ErrSettings) {
		return webhook.CodeSecret
	}
	return webhook.CodeConfig
}

// ServeHTTP passes requests on once the function has started.
func (s *starting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := s.try()
	if started == nil {
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusServiceUnavailable)
		return
	}
	started.ServeHTTP(w, r)
}

// answer writes a status and no body.
func answer(w http.ResponseWriter, status int) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
}
