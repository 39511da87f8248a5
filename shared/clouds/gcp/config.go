package gcp

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/config"
)

// Client calls the services of one project as one principal.
// It is safe for concurrent use, and one per process is enough.
type Client struct {
	project   string
	pubsub    service
	firestore service
	http      *http.Client
	now       func() time.Time
	random    func() float64 // in [0, 1)
}

// service is how one API is reached.
type service struct {
	url       string        // without a slash at the end
	tokens    *tokens       // nil: an emulator, which asks for none
	timeout   time.Duration // of one try
	transient []string      // codes below 500 that say nothing about the request
}

const (
	// pubsubTry lets two tries fit into the 3 s ingest has.
	pubsubTry = 1400 * time.Millisecond
	// firestoreTry leaves room for a write that waits for another one's lock.
	firestoreTry = 4 * time.Second
)

type variables struct {
	Project  string `env:"GOOGLE_CLOUD_PROJECT"`
	Database string `env:"FIRESTORE_DATABASE,optional"` // of those functions that have one
}

// FromEnv makes a client of a function, which runs as its service account.
func FromEnv(env func(string) string) (*Client, error) {
	return New(env, metadata(newHTTP(), env("GCE_METADATA_HOST"), time.Now))
}

// New makes a client with tokens of a source; env gives "" for a variable that is
// not set. All faults are reported together and no value is quoted.
func New(env func(string) string, source TokenSource) (*Client, error) {
	v, err := config.Read[variables](env)
	faults := []error{err}
	if v.Project != "" && !isProject(v.Project) {
		faults = append(faults, errors.New("GOOGLE_CLOUD_PROJECT is not the id of a project"))
	}
	if v.Database != "" && !isDatabase(v.Database) {
		faults = append(faults, errors.New("FIRESTORE_DATABASE is not the id of a database"))
	}
	c := &Client{project: v.Project, http: newHTTP(), now: time.Now, random: rand.Float64}
	tokens := newTokens(source, c.now)
	at := func(host, emulator string, timeout time.Duration, transient ...string) service {
		address := env(emulator)
		if address == "" {
			return service{"https://" + host, tokens, timeout, transient}
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			faults = append(faults, fmt.Errorf("%s is not host:port", emulator))
		}
		return service{"http://" + address, nil, timeout, transient}
	}
	// Google's own client repeats these two as well. Firestore's ABORTED is
	// contention: the caller waits longer, or makes another plan.
	c.pubsub = at("pubsub.googleapis.com", "PUBSUB_EMULATOR_HOST", pubsubTry, "ABORTED", "CANCELLED")
	c.firestore = at("firestore.googleapis.com", "FIRESTORE_EMULATOR_HOST", firestoreTry)
	return c, errors.Join(faults...)
}

// isProject: lower-case letters, digits and hyphens; old projects have a domain
// and a colon in front. A URL's delimiters are refused.
func isProject(id string) bool {
	return len(id) <= 62 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-.:") == ""
}

// isDatabase: "(default)", or 4 to 63 lower-case letters, digits and hyphens from
// a letter to a letter or digit. Firestore refuses another name as if the entry
// were invalid, and every event would become a dead letter.
func isDatabase(id string) bool {
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	if id == "(default)" {
		return true
	}
	return 4 <= len(id) && len(id) <= 63 && strings.Trim(id, letters+digits+"-") == "" &&
		strings.Contains(letters, id[:1]) && !strings.HasSuffix(id, "-")
}

// newHTTP keeps to HTTP/1.1: an instance may be frozen between two requests, and a
// connection that died meanwhile must cost one call a try, not all that share it.
func newHTTP() *http.Client {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a token is meant for one host
		Transport: &http.Transport{
			Protocols:           &protocols,
			DialContext:         (&net.Dialer{Timeout: time.Second}).DialContext,
			TLSHandshakeTimeout: time.Second,
			MaxIdleConnsPerHost: 100, // as many as requests an instance takes at once
			IdleConnTimeout:     time.Minute,
		},
	}
}

// Over gives a client that calls through transport and takes its jitter from random, in
// [0, 1): a simulation is both.
func (c *Client) Over(transport http.RoundTripper, random func() float64) *Client {
	over := *c
	over.http, over.random = &http.Client{Transport: transport, CheckRedirect: c.http.CheckRedirect}, random
	return &over
}
