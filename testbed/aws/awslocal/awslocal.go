// Package awslocal is a stand-in for AWS and for the platforms' APIs, for trying
// functions on this machine with `sam local invoke` or package lambdatest:
//
//	server, err := awslocal.Start(ctx, awslocal.Config{Root: ".", Addrs: awslocal.Addrs("4600"), Out: os.Stdout})
//	defer server.Close()
//
// AWS is moto, with the queues, tables and secrets of template.yaml under the
// names `sam local` calls them by. The platforms are package fakeapi. All of it
// answers at one address, is empty at the start and forgotten at the end.
//
//	GET /              what waits in the queues, what the tables hold, what platforms were told
//	GET /operator      what hooks-aws must know of it, for a shell's eval
//	a call of AWS      moto
//	anything else      package fakeapi
//
// What moto does not do: IAM, throttling, delivering a queue to a function. Its
// transactions are not isolated, so calls of DynamoDB go through one at a time.
package awslocal

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/testbed/aws/lambdatest"
)

// Config says how to start.
type Config struct {
	Root  string    // of the repository: .tools/moto is in it, and the test secrets
	Addrs []string  // where to listen, the loopback first
	Out   io.Writer // where calls are printed
}

// Server is a running stand-in.
type Server struct {
	URL string // on the loopback

	moto  *Moto
	proxy http.Handler
	fake  *fakeapi.API
	http  http.Server
	table sync.Mutex // held by a call of DynamoDB

	printing sync.Mutex
	out      io.Writer
}

// Start starts a stand-in. Close it.
func Start(ctx context.Context, c Config) (*Server, error) {
	m, err := StartMoto(ctx, c.Root)
	if err != nil {
		return nil, err
	}
	s := &Server{moto: m, proxy: forward(m.URL), fake: fakeapi.New(), out: c.Out}
	if err = create(ctx, m.URL, lambdatest.TestSecrets()); err == nil {
		err = s.listen(c.Addrs)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func forward(to string) http.Handler {
	target, _ := url.Parse(to) // made of an address
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // queue URLs are made of it
	}}
}

func (s *Server) listen(addrs []string) error {
	s.http.Handler = s
	for _, addr := range addrs {
		listener, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		if s.URL == "" {
			s.URL = "http://" + listener.Addr().String()
		}
		go func() { _ = s.http.Serve(listener) }() // until Close
	}
	return nil
}

// Close ends it.
func (s *Server) Close() error {
	return errors.Join(s.http.Close(), s.moto.Close())
}

// Addrs are where functions of this machine find a stand-in on a port: the
// loopback, and the address Docker's containers reach the machine by where that
// is another. Both are this machine's own; nothing listens to the network.
func Addrs(port string) []string {
	addrs := []string{net.JoinHostPort("127.0.0.1", port)}
	bridge, err := net.InterfaceByName("docker0") // absent under Docker Desktop, which leads to the loopback
	if err != nil {
		return addrs
	}
	all, _ := bridge.Addrs() // without one there is nothing to listen on
	for _, a := range all {
		if network, ok := a.(*net.IPNet); ok && network.IP.To4() != nil {
			addrs = append(addrs, net.JoinHostPort(network.IP.String(), port))
		}
	}
	return addrs
}
