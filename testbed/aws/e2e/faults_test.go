package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// service is one AWS service, or a platform's API, as a function sees it: the
// real server behind a proxy that can hurt calls on purpose.
type service struct {
	URL string

	mu    sync.Mutex
	hurt  func(operation string) fault
	calls map[string]int // by operation
}

// fault carries out one call in a wrong way; nil lets it through.
type fault func(w http.ResponseWriter, r *http.Request, server http.Handler)

func newService(t *testing.T, server string) *service {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = quiet // a caller that was killed is no news
	s := &service{calls: map[string]int{}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := s.fault(operationOf(r)); f != nil {
			f(w, r, proxy)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	s.URL = front.URL
	return s
}

// operationOf names a call: "SendMessage", or "PUT /v1/usage/token" where the
// path is the operation.
func operationOf(r *http.Request) string {
	if _, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return operation
	}
	return r.Method + " " + r.URL.Path
}

func (s *service) fault(operation string) fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[operation]++
	if s.hurt == nil {
		return nil
	}
	return s.hurt(operation)
}

// Hurt asks choose for a fault at every call from now on; nil ends it.
func (s *service) Hurt(choose func(operation string) fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hurt = choose
}

// Calls gives how often an operation was called.
func (s *service) Calls(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[operation]
}

// Total gives how many calls there were.
func (s *service) Total() (sum int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.calls {
		sum += n
	}
	return sum
}

// refused: the service says no and has done nothing.
func refused(status int, code string) fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		refuse(w, r, status, map[string]any{"__type": "com.amazonaws#" + code, "message": "on purpose"})
	}
}

// replyLost: the service has done it and says that it failed.
func replyLost(w http.ResponseWriter, r *http.Request, server http.Handler) {
	server.ServeHTTP(httptest.NewRecorder(), r)
	refused(http.StatusInternalServerError, "InternalServerError")(w, r, nil)
}

// cut: the service has done it and the connection breaks.
func cut(_ http.ResponseWriter, r *http.Request, server http.Handler) {
	server.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// conflicted: another transaction was at work on the last item.
func conflicted(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	var transaction struct{ TransactItems []json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&transaction); err != nil || len(transaction.TransactItems) == 0 {
		http.Error(w, fmt.Sprintf("not a transaction: %v", err), http.StatusBadRequest)
		return
	}
	reasons := make([]map[string]string, len(transaction.TransactItems))
	for i := range reasons {
		reasons[i] = map[string]string{"Code": "None"}
	}
	reasons[len(reasons)-1] = map[string]string{"Code": "TransactionConflict", "Message": "on purpose"}
	refuse(w, r, http.StatusBadRequest, map[string]any{
		"__type":              "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
		"message":             "on purpose",
		"CancellationReasons": reasons,
	})
}

func refuse(w http.ResponseWriter, r *http.Request, status int, answer map[string]any) {
	_, _ = io.Copy(io.Discard, r.Body) // a caller that was killed is no news
	body, _ := json.Marshal(answer)    // strings only
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	w.WriteHeader(status)
	_, _ = io.Copy(w, bytes.NewReader(body)) // nor here
}

// killedBefore: the caller dies, the service never hears of the call.
func killedBefore(kill func()) fault {
	return func(http.ResponseWriter, *http.Request, http.Handler) {
		kill()
		panic(http.ErrAbortHandler)
	}
}

// killedAfter: the service has done it, the caller dies before it learns.
func killedAfter(kill func()) fault {
	return func(_ http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(httptest.NewRecorder(), r)
		kill()
		panic(http.ErrAbortHandler)
	}
}
