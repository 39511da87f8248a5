package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// phase is a moment at a call: before it is carried out, or after it was and
// before the caller knows.
type phase string

const (
	before phase = "before"
	after  phase = "after"
)

// fault decides what happens at one moment: true, and the connection breaks.
type fault func(process, operation string, at phase) bool

// proxy stands between one process and both emulators.
type proxy struct {
	system  *system
	process string
	server  *httptest.Server

	mu    sync.Mutex
	fault fault
}

func newProxy(s *system, process string) *proxy {
	p := &proxy{system: s, process: process}
	p.server = httptest.NewServer(p)
	s.Cleanup(p.server.Close)
	return p
}

func (p *proxy) addr() string { return p.server.Listener.Addr().String() }

// inject sets what goes wrong from now on; nil for nothing.
func (s *system) inject(f fault) {
	for _, p := range s.proxies {
		p.mu.Lock()
		p.fault = f
		p.mu.Unlock()
	}
}

// moment breaks the connection if it must.
func (p *proxy) moment(operation string, at phase) {
	p.mu.Lock()
	f := p.fault
	p.mu.Unlock()
	if f != nil && f(p.process, operation, at) {
		panic(http.ErrAbortHandler)
	}
}

// ServeHTTP passes a call of the process on.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	host, operation := p.system.parts.pubsub.Addr, r.URL.Path[strings.LastIndexAny(r.URL.Path, "/:")+1:]
	if strings.Contains(r.URL.Path, "/databases/") {
		host = p.system.parts.firestore.Addr
	} else {
		topic := strings.TrimSuffix(r.URL.Path, ":publish")
		operation += " " + topic[strings.LastIndexByte(topic, '/')+1:]
	}
	p.moment(operation, before)
	status, answer := forward("http://"+host+r.URL.Path, r, body)
	if operation == "publish events" {
		p.system.notePublished(answer)
	}
	p.moment(operation, after)
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

func forward(url string, r *http.Request, body []byte) (status int, answer []byte) {
	// Carried out even if the caller is dead by then: that is the point.
	request, err := http.NewRequest(r.Method, url, bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	request.Header = r.Header.Clone()
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return response.StatusCode, answer
}

func (s *system) notePublished(answer []byte) {
	var published struct{ MessageIDs []string }
	_ = json.Unmarshal(answer, &published) // a refusal has none
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range published.MessageIDs {
		s.published[id] = true
	}
}

// push stands between Pub/Sub and the worker. Where a connection breaks it says
// 503, as Cloud Run does for an instance that died.
func (s *system) push(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if broken := recover(); broken != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	p := s.proxies[workerFn]
	p.moment("push", before)
	status, answer := forward(s.url(workerFn), r, body)
	p.moment("push", after)
	var envelope struct{ Message struct{ MessageID string } }
	if err := json.Unmarshal(body, &envelope); err != nil {
		s.Errorf("a push that is not JSON: %v", err)
	}
	if status == http.StatusOK {
		s.mu.Lock()
		s.done[envelope.Message.MessageID] = true
		s.mu.Unlock()
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}
