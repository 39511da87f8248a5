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

// proxy stands between one process, both emulators and the fakes of the platforms.
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
	host, operation := p.system.whatIs(r)
	p.moment(operation, before)
	status, answer := forward("http://"+host+r.URL.Path, r, body)
	if topic, ok := strings.CutPrefix(operation, "publish "); ok {
		p.system.notePublished(topic, answer)
	}
	p.moment(operation, after)
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// whatIs says whom a call is for and what to call it: "commit", "publish events"
// or, for a platform's API, "PUT /v1/usage/token".
func (s *system) whatIs(r *http.Request) (host, operation string) {
	path := r.URL.Path
	method := path[strings.LastIndexAny(path, "/:")+1:]
	switch {
	case !strings.HasPrefix(path, "/v1/projects/"):
		return s.fakes.Listener.Addr().String(), r.Method + " " + path
	case strings.Contains(path, "/databases/"):
		return s.parts.firestore.Addr, method
	}
	topic := strings.TrimSuffix(path, ":publish")
	return s.parts.pubsub.Addr, method + " " + topic[strings.LastIndexByte(topic, '/')+1:]
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

// notePublished notes what will be pushed.
func (s *system) notePublished(topic string, answer []byte) {
	var published struct{ MessageIDs []string }
	_ = json.Unmarshal(answer, &published) // a refusal has none
	s.mu.Lock()
	defer s.mu.Unlock()
	for function := range s.processes {
		if topicOf[function] != topic {
			continue
		}
		for _, id := range published.MessageIDs {
			s.published[topic+" "+id] = true
		}
	}
}

// push stands between Pub/Sub and a function. Where a connection breaks it says
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
	function := strings.TrimPrefix(r.URL.Path, "/")
	p := s.proxies[function]
	p.moment("push", before)
	status, answer := forward(s.url(function), r, body)
	p.moment("push", after)
	var envelope struct{ Message struct{ MessageID string } }
	if err := json.Unmarshal(body, &envelope); err != nil {
		s.Errorf("a push that is not JSON: %v", err)
	}
	if status == http.StatusOK {
		s.mu.Lock()
		s.done[topicOf[function]+" "+envelope.Message.MessageID] = true
		s.mu.Unlock()
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}
