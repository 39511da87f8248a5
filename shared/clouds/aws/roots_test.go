package aws

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// What is shipped are the five public roots and nothing else, and none of them
// ends soon.
func TestAmazonRoots(t *testing.T) {
	var names []string
	for rest := amazonRoots; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, root.Subject.CommonName)
		if !root.IsCA || root.CheckSignatureFrom(root) != nil {
			t.Errorf("%s is not a root", root.Subject.CommonName)
		}
		if end := time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC); root.NotAfter.Before(end) {
			t.Errorf("%s ends on %v", root.Subject.CommonName, root.NotAfter)
		}
	}
	want := []string{"Amazon Root CA 1", "Amazon Root CA 2", "Amazon Root CA 3", "Amazon Root CA 4", "Starfield Services Root Certificate Authority - G2"}
	if !slices.Equal(names, want) {
		t.Errorf("roots %q, want %q", names, want)
	}
}

// counted counts what passes.
type counted struct {
	http.RoundTripper
	n int
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n++
	return c.RoundTripper.RoundTrip(r)
}

func newTLSServer(t *testing.T, h http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it would report the refused handshakes
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// kind tells the two ways apart in which a certificate can be wrong.
func kind(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	return fmt.Sprint(err == nil, errors.As(err, &unknown), errors.As(err, &name))
}

func TestRoots(t *testing.T) {
	server := newTLSServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := new(strings.Builder)
		if err := r.Write(body); err != nil || !strings.Contains(body.String(), "hello") {
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	its, none := x509.NewCertPool(), x509.NewCertPool()
	its.AddCert(server.Certificate())

	misnamed := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	for _, row := range []struct {
		name, url      string
		amazon, system *x509.CertPool
		err            error
		atSystem       int // of two requests
	}{
		{"the chain ends in a shipped root", server.URL, its, none, nil, 0},
		{"the chain ends in a root of the system", server.URL, none, its, nil, 2},
		{"the root is unknown", server.URL, none, none, x509.UnknownAuthorityError{}, 2},
		{"wrong for another reason, which is no case for other roots", misnamed, its, its, x509.HostnameError{}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			amazon, system := &counted{RoundTripper: withRoots(row.amazon)}, &counted{RoundTripper: withRoots(row.system)}
			client := http.Client{Transport: &transport{amazon: amazon, system: system}}
			for range 2 {
				response, err := client.Post(row.url, "text/plain", strings.NewReader("hello"))
				if kind(err) != kind(row.err) {
					t.Errorf("error %v, want a %T", err, row.err)
				}
				if err == nil {
					response.Body.Close()
					if response.StatusCode != http.StatusOK {
						t.Errorf("status %d: the body did not arrive", response.StatusCode)
					}
				}
			}
			if system.n != row.atSystem {
				t.Errorf("the system's roots were asked %d times, want %d", system.n, row.atSystem)
			}
			if row.err == nil && row.atSystem > 0 && amazon.n != 1 {
				t.Errorf("the shipped roots were tried %d times, want once", amazon.n)
			}
		})
	}
}

// AWS's endpoints speak TLS 1.2 and 1.3; what speaks less is not one of them.
func TestRootsSpeakNoOldTLS(t *testing.T) {
	for _, c := range []struct {
		name   string
		newest uint16
		works  bool
	}{
		{"TLS 1.0", tls.VersionTLS10, false},
		{"TLS 1.1", tls.VersionTLS11, false},
		{"TLS 1.2", tls.VersionTLS12, true},
		{"TLS 1.3", tls.VersionTLS13, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.NotFoundHandler())
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: c.newest}
			server.StartTLS()
			t.Cleanup(server.Close)
			its := x509.NewCertPool()
			its.AddCert(server.Certificate())
			response, err := (&http.Client{Transport: withRoots(its)}).Get(server.URL)
			if (err == nil) != c.works {
				t.Errorf("error %v, want success: %v", err, c.works)
			}
			if err == nil {
				response.Body.Close()
			}
		})
	}
}
