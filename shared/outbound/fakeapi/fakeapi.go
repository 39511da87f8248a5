// Package fakeapi plays what outbound calls: the part of Gabber's API v1 (2025)
// that reactions use, and a service of your own that leads are forwarded to.
//
//	fake := fakeapi.New()
//	server := httptest.NewServer(fake)    // outbound reads Addresses(server.URL) and Secrets()
//	…
//	limit, ok := fake.Limit("member-20417", "conversational_seconds")
//	wrong := fake.State().Wrong           // must be empty
//
// It is as strict about method, path, headers and body as the vendor's
// generated clients are: what they could not have sent is refused and
// counted as a wrong call. It keeps what it was told and forgets it with the
// process. GET / shows all of it as JSON.
//
// A session exists until it is ended; then it is not found, which is inferred.
// A used idempotency key is answered 400, which the vendor's example app expects
// and nothing documents.
package fakeapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"sync"
)

// API is an [http.Handler]. It is safe for concurrent use.
type API struct {
	mux   *http.ServeMux
	mu    sync.Mutex
	state State
}

// State is everything it was told.
type State struct {
	GabberState
	LeadsState
	Wrong []string `json:"wrong_calls"` // what was wrong, never with the words of the call
}

// service is one of those that outbound calls.
type service struct {
	handle    func(*API)
	addresses func(base string) map[string]string
	secrets   map[string]string
}

var services = []service{
	gabber,
	leads,
}

// Addresses gives the environment in which outbound calls this API at base.
func Addresses(base string) map[string]string {
	all := map[string]string{}
	for _, s := range services {
		maps.Copy(all, s.addresses(base))
	}
	return all
}

// Secrets gives the secrets outbound must call with, by their names in the
// environment or in its secret.
func Secrets() map[string]string {
	all := map[string]string{}
	for _, s := range services {
		maps.Copy(all, s.secrets)
	}
	return all
}

// SecretJSON is Secrets as a cloud's secret holds them.
func SecretJSON() string {
	text, _ := json.Marshal(Secrets()) // strings only
	return string(text)
}

// New makes an API that was told nothing.
func New() *API {
	a := &API{mux: http.NewServeMux()}
	for _, s := range services {
		s.handle(a)
	}
	a.handle("GET /{$}", func(*http.Request, []byte) (any, error) { return a.state, nil })
	a.handle("/", func(*http.Request, []byte) (any, error) { return nil, wrong(404, "no such call") })
	return a
}

// ServeHTTP answers one call.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// refusal is an answer other than 200. A wrong call is one that our own code
// should never have made.
type refusal struct {
	status int
	reason string
	wrong  bool
}

func (r *refusal) Error() string { return r.reason }

func wrong(status int, reason string) error { return &refusal{status, reason, true} }

// handle answers a pattern. The lock is held throughout: one call at a time.
func (a *API) handle(pattern string, answer func(*http.Request, []byte) (any, error)) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		a.mu.Lock()
		defer a.mu.Unlock()
		var given any
		if err == nil {
			given, err = answer(r, body)
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			given = a.refuse(w, pattern, err)
		}
		_ = json.NewEncoder(w).Encode(given) // the caller may have gone
	})
}

func (a *API) refuse(w http.ResponseWriter, pattern string, err error) any {
	r := &refusal{status: 400, reason: "the body cannot be read", wrong: true}
	errors.As(err, &r)
	if r.wrong {
		a.state.Wrong = append(a.state.Wrong, pattern+": "+r.reason)
	}
	w.WriteHeader(r.status)
	return map[string]string{"type": "invalid_input", "message": r.reason}
}

// read checks what every call with a body has in common and reads it: no member
// that is not documented, nothing behind it.
func read[B any](r *http.Request, body []byte) (b B, err error) {
	if r.Header.Get("Content-Type") != "application/json" {
		return b, wrong(400, "the content type is not application/json")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return b, wrong(400, "the body is not what is documented")
	}
	if _, err := d.Token(); err != io.EOF {
		return b, wrong(400, "something follows the body")
	}
	return b, nil
}

// State gives a copy of what it was told so far.
func (a *API) State() (told State) {
	a.mu.Lock()
	defer a.mu.Unlock()
	data, err := json.Marshal(a.state)
	if err == nil {
		err = json.Unmarshal(data, &told)
	}
	if err != nil {
		panic(err) // it was JSON when it came
	}
	return told
}
