package awslocal

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// ServeHTTP answers a call of AWS, of a platform, or the question what became of
// them.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /":
		s.show(w, r)
		return
	case "GET /operator":
		_, _ = fmt.Fprintln(w, "export", strings.Join(Operator(s.URL), " ")) // who asked may be gone
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	operation := r.Header.Get("X-Amz-Target")
	seen := &status{ResponseWriter: w}
	s.answer(seen, r, operation)
	s.print(cmp.Or(operation, r.Method+" "+r.URL.Path), seen.code, body)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, operation string) {
	switch {
	case strings.HasPrefix(operation, "DynamoDB_"): // moto's transactions are not isolated
		s.table.Lock()
		defer s.table.Unlock()
		s.proxy.ServeHTTP(w, r)
	case operation != "" || strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256"):
		s.proxy.ServeHTTP(w, r)
	default:
		s.fake.ServeHTTP(w, r)
	}
}

// status remembers the status of an answer.
type status struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements [http.ResponseWriter].
func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// print shows people a call and how it was answered.
func (s *Server) print(call string, status int, body []byte) {
	s.printing.Lock()
	defer s.printing.Unlock()
	var text bytes.Buffer
	if json.Indent(&text, body, "", "  ") != nil {
		text.Reset() // not JSON: there is nothing to show
	}
	_, _ = fmt.Fprintf(s.out, "%s → %d %s\n", call, cmp.Or(status, http.StatusOK), &text)
}
