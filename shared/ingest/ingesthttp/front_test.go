package ingesthttp_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest/ingesthttp"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
)

func TestCatalogue(t *testing.T) {
	ingesttest.Run(t, func(t *testing.T, w *ingesttest.World) ingesttest.Front { return serve(t, w) })
}

// front speaks raw HTTP/1.1 to a server on a TCP port, because a client library
// would refuse to send half of the catalogue.
type front struct {
	addr string
	mu   sync.Mutex
	idle []*conn
}

type conn struct {
	net.Conn
	in *bufio.Reader
}

// serve starts a server as `hooks serve` does.
func serve(t testing.TB, w *ingesttest.World) *front {
	t.Helper()
	handler := ingesthttp.Handler(w.Ingest, func(*http.Request) string { return "r-1" })
	server := httptest.NewUnstartedServer(handler)
	server.Config = ingesthttp.Server(handler)
	server.Config.ErrorLog = slog.NewLogLogger(w.Log.Handler(), slog.LevelError)
	server.Start()
	f := &front{addr: server.Listener.Addr().String()}
	t.Cleanup(func() {
		for _, c := range f.idle {
			_ = c.Close()
		}
		server.Close()
	})
	return f
}

func (f *front) dial(t testing.TB) *conn {
	t.Helper()
	c, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	return &conn{Conn: c, in: bufio.NewReader(c)}
}

// Send uses a connection again if the last answer left it open.
func (f *front) Send(t testing.TB, r ingesttest.Request) ingesttest.Answer {
	c := f.take(t)
	response := c.exchange(t, r.Method, raw(r))
	if response.Close {
		_ = c.Close()
	} else {
		f.put(c)
	}
	return answerOf(t, response)
}

func (f *front) take(t testing.TB) *conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.idle); n > 0 {
		c := f.idle[n-1]
		f.idle = f.idle[:n-1]
		return c
	}
	return f.dial(t)
}

func (f *front) put(c *conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle = append(f.idle, c)
}

func raw(r ingesttest.Request) []byte {
	var out bytes.Buffer
	host := "Host: localhost\r\n"
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\n", r.Method, r.Target)
	for _, h := range r.Header {
		if strings.EqualFold(h[0], "Host") {
			host = ""
		}
		fmt.Fprintf(&out, "%s: %s\r\n", h[0], h[1])
	}
	fmt.Fprintf(&out, "%sContent-Length: %d\r\n\r\n", host, len(r.Body))
	out.Write(r.Body)
	return out.Bytes()
}

// exchange writes a request and reads one answer, which may come while there is
// still something to write.
func (c *conn) exchange(t testing.TB, method string, request []byte) *http.Response {
	t.Helper()
	var writing sync.WaitGroup
	writing.Go(func() { _, _ = c.Write(request) }) // a server that refuses stops listening
	response := c.read(t, method)
	writing.Wait()
	return response
}

// read reads one answer with its body.
func (c *conn) read(t testing.TB, method string) *http.Response {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(c.in, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("the answer breaks off: %v", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response
}

func answerOf(t testing.TB, r *http.Response) ingesttest.Answer {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return ingesttest.Answer{Status: r.StatusCode, Body: string(body), Header: r.Header}
}

func TestServer_boundsAPeerThatStalls(t *testing.T) {
	for name, bound := range map[string]time.Duration{
		"a header that does not end":     ingesthttp.Server(nil).ReadHeaderTimeout,
		"a connection without a request": ingesthttp.Server(nil).IdleTimeout,
	} {
		if bound <= 0 || bound > 5*time.Minute {
			t.Errorf("%s is waited for %v", name, bound)
		}
	}
}
