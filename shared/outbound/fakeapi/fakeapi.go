// Package fakeapi plays what outbound calls: the part of Gabber's API v1 (2025)
// that reactions use, and a service of your own that leads are forwarded to.
//
//	fake := fakeapi.New()
//	server := httptest.NewServer(fake)    // GABBER_API_URL=server.URL, GABBER_API_KEY=fakeapi.Key
//	…
//	limit, ok := fake.Limit("member-20417", "conversational_seconds")
//	wrong := fake.State().Wrong           // must be empty
//
// It is as strict about method, path, headers and body as the vendor's
// generated clients are: whatever they could not have sent is refused and
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
	"net/http"
	"sync"
)

// Key is the API key it accepts.
const Key = "fake-gabber-api-key"

// API is an [http.Handler]. It is safe for concurrent use.
type API struct {
	mux   *http.ServeMux
	mu    sync.Mutex
	state State
}

// State is everything it was told.
type State struct {
	Limits   map[string]map[string]int64 `json:"limits"`   // by human, then by usage type
	Spoken   map[string][]string         `json:"spoken"`   // texts by session
	Attached map[string]string           `json:"attached"` // human by session
	Ended    []string                    `json:"ended"`    // sessions, in the order they were ended
	Ledger   []Entry                     `json:"ledger"`
	Leads    []Lead                      `json:"leads"`
	Wrong    []string                    `json:"wrong_calls"` // what was wrong, never with the words of the call
}

// Entry is one entry of the credit ledger.
type Entry struct {
	ID        string `json:"id"`
	CreatedAt string `json:"created_at"`
	Credit    string `json:"credit"`
	Human     string `json:"human"`
	Amount    int64  `json:"amount"`
	Balance   int64  `json:"balance"`
	Key       string `json:"idempotency_key"`
}

// New makes an API that was told nothing.
func New() *API {
	a := &API{mux: http.NewServeMux(), state: State{
		Limits: map[string]map[string]int64{}, Spoken: map[string][]string{}, Attached: map[string]string{},
	}}
	a.handle("PUT /v1/usage/token", a.putLimits)
	a.handle("POST /v1/realtime/{session}/speak", a.speak)
	a.handle("POST /v1/realtime/{session}/end", a.end)
	a.handle("POST /v1/realtime/session/{session}/attach_human", a.attachHuman)
	a.handle("POST /v1/credit/{credit}/ledger", a.postCredit)
	a.handle("GET /v1/credit/{credit}/ledger/latest", a.latestCredit)
	a.handle("POST "+LeadsPath, a.lead)
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

// notFound is what every session answers that is over.
var notFound = &refusal{status: 404, reason: "no such object"}

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

// Limit gives the limit of a human for a usage type; false if none was put.
func (a *API) Limit(human, usage string) (int64, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	limit, ok := a.state.Limits[human][usage]
	return limit, ok
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
