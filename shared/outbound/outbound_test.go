package outbound_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/webhook"
)

// serve runs an API on a loopback address and gives a client for it.
func serve(t *testing.T, api http.HandlerFunc) (*outbound.Client, string) {
	t.Helper()
	s := httptest.NewServer(api)
	t.Cleanup(s.Close)
	return &outbound.Client{Hosts: []string{strings.TrimPrefix(s.URL, "http://")}, Transport: outbound.NewTransport()}, s.URL
}

func TestClientDo_answers(t *testing.T) {
	for _, row := range []struct {
		status    int
		header    string
		is        error
		permanent bool
		after     time.Duration
	}{
		{status: 200},
		{status: 204},
		{status: 301, is: outbound.ErrRefused},
		{status: 307, is: outbound.ErrRefused},
		{status: 400, permanent: true},
		{status: 401, is: outbound.ErrRefused},
		{status: 403, is: outbound.ErrRefused},
		{status: 404, is: outbound.ErrNotFound},
		{status: 409, is: outbound.ErrRefused},
		{status: 409, is: outbound.ErrConflict},
		{status: 422, permanent: true},
		{status: 429, after: time.Second},
		{status: 429, header: "7", after: 7 * time.Second},
		{status: 429, header: "86400", after: 30 * time.Second},
		{status: 429, header: "-1", after: time.Second},
		{status: 429, header: "9223372037", after: 30 * time.Second},
		{status: 429, header: "Fri, 31 Dec 1999 23:59:57 GMT", after: 7 * time.Second},
		{status: 429, header: "Fri, 31 Dec 1999 23:59:40 GMT"},
		{status: 500, is: outbound.ErrUnknown},
		{status: 503, is: outbound.ErrUnknown},
		{status: 503, header: "7", is: outbound.ErrUnknown, after: 7 * time.Second},
	} {
		t.Run(fmt.Sprint(row.status, " ", row.header), func(t *testing.T) {
			calls := 0
			client, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				calls++
				if row.header != "" {
					w.Header().Set("Retry-After", row.header)
				}
				w.Header().Set("Date", "Fri, 31 Dec 1999 23:59:50 GMT")
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(row.status)
			})
			_, err := client.Do(t.Context(), "POST", url+"/v1", map[string]string{"x-api-key": "canary-key"}, []byte("{}"))
			_, permanent := webhook.PermanentReason(err)
			if (err == nil) != (row.status < 300) || permanent != row.permanent || row.is != nil && !errors.Is(err, row.is) || webhook.RetryDelay(err) != row.after {
				t.Errorf("error %v, after %v", err, webhook.RetryDelay(err))
			}
			if calls != 1 {
				t.Errorf("%d calls: neither redirects nor retries are ours to make", calls)
			}
		})
	}
}

// A connection that is kept may have died while the instance was frozen.
func TestNewTransport(t *testing.T) {
	var connections atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	client := &outbound.Client{Hosts: []string{s.Listener.Addr().String()}, Transport: outbound.NewTransport()}
	for range 3 {
		if _, err := client.Do(t.Context(), "POST", s.URL, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 3 {
		t.Errorf("%d connections for 3 calls", n)
	}
}

func TestClientDo_hosts(t *testing.T) {
	called := false
	client, url := serve(t, func(http.ResponseWriter, *http.Request) { called = true })
	port := url[strings.LastIndexByte(url, ':'):]
	client.Hosts = append(client.Hosts, "api.example.com", "localhost:9", "localhost.example.com", "128.0.0.1")
	for name, target := range map[string]string{
		"another host":                   "https://169.254.169.254/latest/meta-data/",
		"another port":                   "http://127.0.0.1:1/",
		"another name for the same host": "http://localhost" + port,
		"plain HTTP to a name that should mean this machine": "http://localhost:9",
		"plain HTTP to a name that begins like it":           "http://localhost.example.com/",
		"plain HTTP to a number that is no loopback address": "http://128.0.0.1/",
		"a user in front":           strings.Replace(url, "http://", "http://api.example.com@", 1),
		"plain HTTP to a real host": "http://api.example.com/",
		"another scheme":            "file:///etc/passwd",
		"no scheme":                 "//api.example.com/",
		"not a URL":                 "http://[::1",
		"nothing":                   "",
	} {
		if _, err := client.Do(t.Context(), "GET", target, nil, nil); !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if called {
		t.Error("the server was called")
	}
}

func TestClientDo_request(t *testing.T) {
	client, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s %s", r.Method, r.URL.Path, r.Header.Get("x-api-key"), r.Header.Get("Content-Type"), body)
	})
	answer, err := client.Do(t.Context(), "PUT", url+"/v1/usage/token", map[string]string{"x-api-key": "k"}, []byte(`{"a":1}`))
	if want := `PUT /v1/usage/token k application/json {"a":1}`; err != nil || string(answer) != want {
		t.Errorf("%s (%v), want %s", answer, err, want)
	}
}

// transport is an exchange that never takes place.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func TestClientDo_timeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		client := &outbound.Client{Hosts: []string{"api.example.com"}, Transport: transport(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, errors.New("dial canary")
		})}
		_, err := client.Do(t.Context(), "PUT", "https://api.example.com/", nil, nil)
		if took := time.Since(start); took != outbound.Timeout || !errors.Is(err, outbound.ErrUnknown) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestClientDo_brokenConnection(t *testing.T) {
	client, url := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if _, err := client.Do(t.Context(), "PUT", url, nil, nil); !errors.Is(err, outbound.ErrUnknown) || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("error %v, want an unknown outcome that names no address", err)
	}
}

// The status says that the call took effect: what follows is no reason to repeat it.
func TestClientDo_unreadAnswers(t *testing.T) {
	for _, row := range []struct {
		name       string
		status     int
		says, sent int // bytes
		want       int
	}{
		{"as long as allowed", 200, outbound.MaxAnswer, outbound.MaxAnswer, outbound.MaxAnswer},
		{"one byte too long", 200, outbound.MaxAnswer + 1, outbound.MaxAnswer + 1, outbound.MaxAnswer},
		{"cut", 200, 100, 5, 5},
		{"an error that is cut", 500, 100, 5, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", strconv.Itoa(row.says))
				w.WriteHeader(row.status)
				_, _ = w.Write(make([]byte, row.sent))
			})
			answer, err := client.Do(t.Context(), "GET", url, nil, nil)
			if (err == nil) != (row.status == 200) || len(answer) != row.want {
				t.Errorf("%d bytes (%v), want %d", len(answer), err, row.want)
			}
		})
	}
}
