package aws

import (
	"crypto/tls"
	"crypto/x509"
	_ "embed" // amazon-roots.pem
	"errors"
	"net/http"
	"sync/atomic"
	"time"
)

// amazonRoots are the public certificates at the end of every AWS endpoint's
// chain. Reading a system's whole pool (some 140 certificates) costs a 128 MB
// function most of the time of its first request.
//
//go:embed amazon-roots.pem
var amazonRoots []byte

// transport tries Amazon's roots and, where a chain does not end in one of them
// (a proxy, a local server, roots of the future), the system's. Nothing is ever
// accepted that the system would not accept or Amazon did not sign.
type transport struct {
	amazon, system http.RoundTripper
	useSystem      atomic.Bool
}

func newTransport() http.RoundTripper {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(amazonRoots)
	return &transport{amazon: withRoots(pool), system: withRoots(nil)}
}

// withRoots makes a transport for few hosts and few requests at a time. nil are
// the system's roots, which Go reads at the first handshake.
func withRoots(pool *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		TLSClientConfig:       &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   attemptTimeout,
		ResponseHeaderTimeout: attemptTimeout,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       50 * time.Second, // less than the services keep theirs
		DisableCompression:    true,             // answers are small
	}
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.useSystem.Load() {
		return t.system.RoundTrip(r)
	}
	response, err := t.amazon.RoundTrip(r)
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); !unknown {
		return response, err
	}
	again := r.Clone(r.Context()) // nothing was sent: the handshake failed
	if again.Body, err = r.GetBody(); err != nil {
		return nil, err
	}
	response, err = t.system.RoundTrip(again)
	if err == nil {
		t.useSystem.Store(true)
	}
	return response, err
}
