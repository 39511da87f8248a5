package main

import (
	"maps"
	"net"
	"net/http"
	"time"

	"github.com/webhook-functions/template/shared/outbound/fakeapi"
)

// fakes runs fakes of what outbound calls on a free loopback port.
type fakes struct {
	*fakeapi.API
	url    string
	env    func(string) (string, bool) // the configuration, pointed at the fakes
	server *http.Server
}

func startFakes(env func(string) (string, bool)) (*fakes, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	api := fakeapi.New()
	f := &fakes{API: api, url: "http://" + listener.Addr().String(), server: &http.Server{Handler: api, ReadHeaderTimeout: 5 * time.Second}}
	there := fakeapi.Addresses(f.url)
	maps.Copy(there, fakeapi.Secrets())
	f.env = func(name string) (string, bool) {
		if value, ok := there[name]; ok {
			return value, true
		}
		return env(name)
	}
	go f.server.Serve(listener) //nolint:errcheck // ends with Close
	return f, nil
}

// Close stops the fakes; what they were told can still be asked for.
func (f *fakes) Close() { _ = f.server.Close() }
