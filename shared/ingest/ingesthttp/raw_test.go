package ingesthttp_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
)

const usage = ingesttest.MadeUpBody

// sign makes the made-up platform's signature.
func sign(body string) string {
	m := hmac.New(sha256.New, []byte(ingesttest.Secret("made-up")))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

// post begins a request to the made-up route; lines and body follow.
func post(lines ...string) string {
	return "POST /made-up HTTP/1.1\r\nHost: localhost\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
}

func signature(body string) string { return "X-Made-Up-Signature: " + sign(body) }

func length(n int) string { return fmt.Sprintf("Content-Length: %d", n) }

const chunked = "Transfer-Encoding: chunked"

// chunks writes a body as one chunk and the last one.
func chunks(body string) string { return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body) }

// What only bytes on a wire can say. Rows with their numbers stand in the
// catalogue, package ingesttest; the others are this front's own.
func TestHandler_rawRequests(t *testing.T) {
	overCap := strings.Repeat(" ", ingest.DefaultMaxBody+1)
	for _, row := range []struct {
		name    string
		request string
		status  int
		stored  int
	}{
		{"chunked, signed", post(chunked, signature(usage)) + chunks(usage), 200, 1},
		{"B16 chunked, over the cap", post(chunked, signature(overCap)) + chunks(overCap), 413, 0},
		{"B16 chunked, over the cap, and no end", post(chunked, signature(overCap)) + "fffffff\r\n" + overCap, 413, 0},
		{"B17 a length smaller than the body", post(length(len(usage)-2), signature(usage)) + usage, 403, 0},
		{"B19 a length and chunks, the chunks signed", post(chunked, length(5), signature(usage)) + chunks(usage), 200, 1},
		{"B19 a length and chunks, the length signed", post(chunked, length(5), signature(chunks(usage)[:5])) + chunks(usage), 403, 0},
		{"B19 two lengths", post(length(len(usage)), length(5), signature(usage)) + usage, 400, 0},
		{"B19 a negative length", post(length(-1), signature(usage)) + usage, 400, 0},
		{"B19 an unknown encoding", post("Transfer-Encoding: xchunked", signature(usage)) + chunks(usage), 501, 0},
		{"B19 a chunk that lies about its size", post(chunked, signature(usage)) + "5\r\n" + usage + "\r\n0\r\n\r\n", 400, 0},
		{"B29 10,000 headers", post(strings.Repeat("X-Header: a\r\n", 10_000)+length(len(usage)), signature(usage)) + usage, 431, 0},
		{"B29 a header of a megabyte", post("X-Header: "+strings.Repeat("a", 1<<20), length(len(usage)), signature(usage)) + usage, 431, 0},
		{"B30 the signature in a trailer", post(chunked, "Trailer: X-Made-Up-Signature") + trailed(usage), 400, 0},
		{"B30 the signature in a trailer that was not announced", post(chunked) + trailed(usage), 400, 0},
		{"B79 the signature on a continuation line", post(length(len(usage)), "X-Made-Up-Signature:\r\n "+sign(usage)) + usage, 200, 1},
		{"B79 half of the signature on a continuation line", post(length(len(usage)), "X-Made-Up-Signature: "+sign(usage)[:32]+"\r\n "+sign(usage)[32:]) + usage, 403, 0},
		{"B79 a space before the colon", post(length(len(usage)), "X-Made-Up-Signature : "+sign(usage)) + usage, 400, 0},
		{"a bare line feed in a header's value", post(length(len(usage)), "X-Header: a\nX-Made-Up-Signature: "+sign(usage)) + usage, 200, 1},
		{"no Host", "POST /made-up HTTP/1.1\r\n" + length(len(usage)) + "\r\n" + signature(usage) + "\r\n\r\n" + usage, 400, 0},
		{"HTTP/1.0", "POST /made-up HTTP/1.0\r\n" + length(len(usage)) + "\r\n" + signature(usage) + "\r\n\r\n" + usage, 200, 1},
		{"the whole URL as target", "POST http://other.example/made-up HTTP/1.1\r\nHost: localhost\r\n" + length(len(usage)) + "\r\n" + signature(usage) + "\r\n\r\n" + usage, 200, 1},
		{"a star as target", "POST * HTTP/1.1\r\nHost: localhost\r\n" + length(len(usage)) + "\r\n" + signature(usage) + "\r\n\r\n" + usage, 404, 0},
		{"not HTTP", "\x16\x03\x01\x02\x00\r\n\r\n", 400, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := ingesttest.NewWorld(t)
			f := serve(t, w)
			c := f.dial(t)
			defer c.Close()
			start := time.Now()
			response := c.exchange(t, "POST", []byte(row.request))
			if response.StatusCode != row.status {
				t.Errorf("status %d, want %d", response.StatusCode, row.status)
			}
			if took := time.Since(start); took > ingest.Budget/2 {
				t.Errorf("the answer took %v, as if a deadline had to pass", took)
			}
			if n := len(w.Events.Messages()) + len(w.DeadLetters.Messages()); n != row.stored {
				t.Errorf("%d stored, want %d", n, row.stored)
			}
			w.CheckSilence(t, ingesttest.Secret("made-up"), sign(usage))
		})
	}
}

// Only a stored event is answered 200, and only POST to a route can store one.
// Servers answer some requests themselves, and never with a 2xx.
func TestHandler_no200WithoutAnEvent(t *testing.T) {
	signed := length(len(usage)) + "\r\n" + signature(usage)
	for _, row := range []struct {
		name, line, header string
		status             int
	}{
		{"OPTIONS *", "OPTIONS * HTTP/1.1", signed, 404},
		{"OPTIONS * in HTTP/1.0", "OPTIONS * HTTP/1.0", signed, 404},
		{"OPTIONS of a route", "OPTIONS /made-up HTTP/1.1", signed, 405},
		{"OPTIONS of the root", "OPTIONS / HTTP/1.1", signed, 404},
		{"OPTIONS of a server", "OPTIONS http://localhost HTTP/1.1", signed, 404},
		{"a preflight", "OPTIONS /made-up HTTP/1.1", "Origin: https://a.example\r\nAccess-Control-Request-Method: POST", 405},
		{"HEAD *", "HEAD * HTTP/1.1", "", 404},
		{"GET *", "GET * HTTP/1.1", "", 404},
		{"TRACE *", "TRACE * HTTP/1.1", "", 404},
		{"CONNECT to a host", "CONNECT localhost:80 HTTP/1.1", "", 404},
		{"CONNECT to a route", "CONNECT /made-up HTTP/1.1", signed, 405},
		{"HTTP/2 with prior knowledge", "PRI * HTTP/2.0", "", 404},
		{"an upgrade to HTTP/2", "GET /made-up HTTP/1.1", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__", 405},
		{"an upgrade to WebSocket", "GET /made-up HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket", 405},
		{"an expectation of another kind", "POST /made-up HTTP/1.1", "Expect: 200-ok\r\n" + signed, 417},
		{"a health check", "GET /healthz HTTP/1.1", "", 404},
		{"the root", "GET / HTTP/1.1", "", 404},
		{"the profiler", "GET /debug/pprof/ HTTP/1.1", "", 404},
		{"variables", "GET /debug/vars HTTP/1.1", "", 404},
		{"an icon", "GET /favicon.ico HTTP/1.1", "", 404},
		{"a version to come", "POST /made-up HTTP/3.0", signed, 505},
		{"a request without a version", "POST /made-up", "", 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := ingesttest.NewWorld(t)
			c := serve(t, w).dial(t)
			defer c.Close()
			method, _, _ := strings.Cut(row.line, " ")
			request := row.line + "\r\nHost: localhost\r\n" + row.header + "\r\n\r\n"
			if strings.Contains(row.header, signed) {
				request += usage
			}
			if response := c.exchange(t, method, []byte(request)); response.StatusCode != row.status {
				t.Errorf("status %d, want %d", response.StatusCode, row.status)
			}
			if n := w.Events.Calls() + w.DeadLetters.Calls() + w.Keyrings.Lookups(); n != 0 {
				t.Errorf("%d calls to queues and secrets", n)
			}
		})
	}
}

func trailed(body string) string {
	return fmt.Sprintf("%x\r\n%s\r\n0\r\nX-Made-Up-Signature: %s\r\n\r\n", len(body), body, sign(body))
}

// B17.
func TestHandler_restOfACutBody(t *testing.T) {
	w := ingesttest.NewWorld(t)
	c := serve(t, w).dial(t)
	defer c.Close()
	c.exchange(t, "POST", []byte(post(length(len(usage)-2), signature(usage))+usage+"\r\n\r\n"))
	if next := c.read(t, "POST"); next.StatusCode != 400 {
		t.Errorf("status %d, want 400", next.StatusCode)
	}
	if n := w.Events.Calls() + w.DeadLetters.Calls(); n != 0 {
		t.Errorf("%d calls to the queues", n)
	}
}

// B18.
func TestHandler_stalledPeer(t *testing.T) {
	t.Parallel()
	w := ingesttest.NewWorld(t)
	f := serve(t, w)
	stalled := map[string]string{
		"within the body":         post(length(len(usage)+1), signature(usage)) + usage,
		"before the body":         post(length(len(usage)), signature(usage)),
		"within a chunk":          post(chunked, signature(usage)) + "ff\r\n{",
		"before the last chunk":   post(chunked, signature(usage)) + strings.TrimSuffix(chunks(usage), "0\r\n\r\n"),
		"behind Expect: continue": post("Expect: 100-continue", length(len(usage)), signature(usage)),
	}
	start := time.Now()
	peers := map[string]*conn{}
	for name, request := range stalled { // all of them first: their deadlines pass together
		peers[name] = f.dial(t)
		defer peers[name].Close()
		if _, err := io.WriteString(peers[name], request); err != nil {
			t.Fatal(err)
		}
	}
	for name, peer := range peers {
		response := peer.read(t, "POST")
		if response.StatusCode == http.StatusContinue {
			response = peer.read(t, "POST")
		}
		answer := answerOf(t, response)
		ingesttest.CheckAnswer(t, ingesttest.Request{Method: "POST"}, answer)
		if answer.Status != 408 {
			t.Errorf("%s: status %d, want 408", name, answer.Status)
		}
	}
	if took := time.Since(start); took > ingest.Budget+time.Second {
		t.Errorf("the answers took %v, the budget is %v", took, ingest.Budget)
	}
	if n := w.Events.Calls() + w.DeadLetters.Calls() + w.Keyrings.Lookups(); n != 0 {
		t.Errorf("%d calls to queues and secrets", n)
	}
}

// B18.
func TestHandler_peerThatHangsUp(t *testing.T) {
	w := ingesttest.NewWorld(t)
	c := serve(t, w).dial(t)
	defer c.Close()
	if _, err := io.WriteString(c, post(length(len(usage)+1), signature(usage))+usage); err != nil {
		t.Fatal(err)
	}
	if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if response := c.read(t, "POST"); response.StatusCode != 400 {
		t.Errorf("status %d, want 400", response.StatusCode)
	}
	if n := w.Events.Calls() + w.DeadLetters.Calls(); n != 0 {
		t.Errorf("%d calls to the queues", n)
	}
}

// A request without a route is answered at once, however long its body claims to be.
func TestHandler_unknownRouteEndsTheConnection(t *testing.T) {
	w := ingesttest.NewWorld(t)
	c := serve(t, w).dial(t)
	defer c.Close()
	start := time.Now()
	response := c.exchange(t, "POST", []byte("POST /nope HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"))
	if took := time.Since(start); response.StatusCode != 404 || !response.Close || took > ingest.Budget/2 {
		t.Errorf("status %d after %v, closing: %v, want 404 at once and the end", response.StatusCode, took, response.Close)
	}
}

// B31.
func TestHandler_expectContinue(t *testing.T) {
	w := ingesttest.NewWorld(t)
	c := serve(t, w).dial(t)
	defer c.Close()
	first := c.exchange(t, "POST", []byte(post("Expect: 100-continue", length(len(usage)), signature(usage))))
	if first.StatusCode != http.StatusContinue {
		t.Fatalf("status %d, want 100", first.StatusCode)
	}
	second := c.exchange(t, "POST", []byte(usage))
	if second.StatusCode != 200 || len(w.Events.Messages()) != 1 {
		t.Errorf("status %d and %d stored, want 200 and one", second.StatusCode, len(w.Events.Messages()))
	}
}

// A connection serves one request after another, each with a budget of its own.
func TestHandler_budgetPerRequest(t *testing.T) {
	t.Parallel()
	w := ingesttest.NewWorld(t)
	f := serve(t, w)
	c := f.dial(t)
	defer c.Close()
	for i := range 2 {
		if i > 0 {
			time.Sleep(ingest.Budget + ingest.Budget/10)
		}
		response := c.exchange(t, "POST", []byte(post(length(len(usage)), signature(usage))+usage))
		if response.StatusCode != 200 || response.Close {
			t.Fatalf("status %d, closing: %v", response.StatusCode, response.Close)
		}
	}
}
