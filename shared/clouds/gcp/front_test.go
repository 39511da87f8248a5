package gcp

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"github.com/webhook-functions/template/shared/ingest/ingesthttp"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/toolstest"
)

// The catalogue through the front that gcp-ingest has: its handler, served by
// the framework.
func TestCatalogue(t *testing.T) {
	s := serveCatalogue(t)
	ingesttest.Run(t, func(t *testing.T, w *ingesttest.World) ingesttest.Front {
		return &front{s, ingesthttp.Handler(w.Ingest, RequestID)}
	})
	for _, row := range answersOfTheFramework {
		t.Run("the framework answers "+row.line, func(t *testing.T) { s.checkUnseen(t, row.line, row.status) })
	}
}

// answersOfTheFramework never come to our code: it builds the server and the mux
// itself and has no setting for them. Decision 0015 speaks of them; where one
// is ours at last, the decision is out of date.
var answersOfTheFramework = []struct {
	line   string
	status int
}{
	{"OPTIONS *", 200}, // net/http's: http.Server.DisableGeneralOptionsHandler is not set
	{"POST *", 400},    // the mux's, as the next three
	{"GET *", 400},
	{"POST //acme", 307},
	{"POST /./acme", 307},
}

// checkUnseen sends a request line and wants an answer that no function gave.
func (s *served) checkUnseen(t *testing.T, line string, status int) {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s.fronts.Store(conn.LocalAddr().String(), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the function was asked") }))
	defer s.fronts.Delete(conn.LocalAddr().String())
	fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", line)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer response.Body.Close()
	if response.StatusCode != status {
		t.Errorf("status %d, the framework used to answer %d", response.StatusCode, status)
	}
}

// served is one server of the framework, which cannot be stopped, for the fronts
// of all worlds: it tells them apart by the connection.
type served struct {
	addr   string
	fronts sync.Map // http.Handler by the client's address
}

func serveCatalogue(t *testing.T) *served {
	t.Helper()
	t.Setenv("FUNCTION_TARGET", "Catalogue")
	s := &served{addr: toolstest.FreeAddr(t)}
	functions.HTTP("Catalogue", func(w http.ResponseWriter, r *http.Request) {
		front, _ := s.fronts.Load(r.RemoteAddr)
		front.(http.Handler).ServeHTTP(w, r)
	})
	host, port, _ := net.SplitHostPort(s.addr)
	go func() { _ = funcframework.StartHostPort(host, port) }()
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		conn, err := net.Dial("tcp", s.addr)
		if err == nil {
			_ = conn.Close()
			return s
		}
		if time.Since(start) > 10*time.Second {
			t.Fatal(err)
		}
	}
}

// front speaks raw HTTP/1.1, because a client library would refuse to send half
// of the catalogue.
type front struct {
	*served
	handler http.Handler
}

// Send uses a connection per request.
func (f *front) Send(t testing.TB, r ingesttest.Request) ingesttest.Answer {
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	f.fronts.Store(conn.LocalAddr().String(), f.handler)
	defer f.fronts.Delete(conn.LocalAddr().String())
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	var writing sync.WaitGroup
	writing.Go(func() { _, _ = conn.Write(raw(r)) }) // a server that refuses stops listening
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: r.Method})
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("the answer breaks off: %v", err)
	}
	writing.Wait()
	if redirected(t, r, response) {
		return ingesttest.Answer{Status: 404, Body: "not found", Header: http.Header{}, Unseen: true}
	}
	return ingesttest.Answer{Status: response.StatusCode, Body: string(body), Header: response.Header}
}

// redirected is about the one answer that is not ours. The framework's mux sends
// a path that is not clean ("//acme") elsewhere before any function sees it.
// Nothing is stored then either, so the catalogue's 404 stands for it.
func redirected(t testing.TB, r ingesttest.Request, response *http.Response) bool {
	target, _, _ := strings.Cut(r.Target, "?")
	clean := path.Clean(target)
	if strings.HasSuffix(target, "/") && clean != "/" {
		clean += "/"
	}
	if clean == target || r.Method == http.MethodConnect {
		return false
	}
	if location := response.Header.Get("Location"); response.StatusCode != http.StatusTemporaryRedirect || location != clean {
		t.Errorf("%s: status %d to %q, the framework used to redirect it to %s, as decision 0015 says", target, response.StatusCode, location, clean)
	}
	return true
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
