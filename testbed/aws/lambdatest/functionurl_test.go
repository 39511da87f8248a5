package lambdatest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/webhook-functions/template/testbed/aws/lambdatest"
)

// seen posts a request to the probe and gives the event it saw.
func seen(t *testing.T, r *http.Request) events.LambdaFunctionURLRequest {
	t.Helper()
	w := httptest.NewRecorder()
	lambdatest.URL(deploy(t, lambdatest.Config{})).ServeHTTP(w, r)
	var event events.LambdaFunctionURLRequest
	if err := json.Unmarshal(w.Body.Bytes(), &event); w.Code != 200 || err != nil {
		t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
	}
	return event
}

func TestTheEventOfARequest(t *testing.T) {
	r := httptest.NewRequest("POST", "/gabber?Tenant=A&x=1&x=2", strings.NewReader(`{"a":1}`))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header["X-Webhook-Signature"] = []string{"one", "two"}
	r.Header.Set("Cookie", "a=1; b=2")
	got := seen(t, r)
	for what, pair := range map[string][2]string{
		"version":         {got.Version, "2.0"},
		"method":          {got.RequestContext.HTTP.Method, "POST"},
		"path":            {got.RawPath, "/gabber"},
		"query":           {got.RawQueryString, "Tenant=A&x=1&x=2"},
		"query parameter": {got.QueryStringParameters["Tenant"] + got.QueryStringParameters["x"], "A1,2"},
		"two headers":     {got.Headers["x-webhook-signature"], "one,two"},
		"length":          {got.Headers["content-length"], "7"},
		"host":            {got.Headers["host"], "example.com"},
		"cookies":         {strings.Join(got.Cookies, " ") + got.Headers["cookie"], "a=1 b=2"},
		"body":            {got.Body, `{"a":1}`},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s %q, want %q", what, pair[0], pair[1])
		}
	}
	if got.IsBase64Encoded || got.RequestContext.RequestID == "" || got.RequestContext.TimeEpoch == 0 {
		t.Errorf("event %+v", got)
	}
}

func TestHowABodyTravels(t *testing.T) {
	for mediaType, want := range map[string]string{
		"application/json":                "{\ufffd}", // as on Lambda: bytes that are not UTF-8 are lost
		"text/plain":                      "{\ufffd}",
		"Application/XML ; charset=utf-8": "{\ufffd}",
		"application/javascript":          "{\ufffd}",
		"application/octet-stream":        "e/99",
		"":                                "e/99",
	} {
		t.Run(mediaType, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", strings.NewReader("{\xff}"))
			r.Header.Set("Content-Type", mediaType)
			if got := seen(t, r); got.Body != want || got.IsBase64Encoded != (want == "e/99") {
				t.Errorf("body %q, base64 %t", got.Body, got.IsBase64Encoded)
			}
		})
	}
}

func TestTheReplyOfAnAnswer(t *testing.T) {
	front := lambdatest.URL(deploy(t, lambdatest.Config{}))
	for name, row := range map[string]struct {
		path, answer string
		status       int
		body         string
	}{
		"a reply":                          {"/body", `{"statusCode":403,"headers":{"retry-after":"1"},"body":"no","cookies":["a=1"]}`, 403, "no"},
		"a reply in base64":                {"/body", `{"statusCode":200,"body":"/w==","isBase64Encoded":true}`, 200, "\xff"},
		"no statusCode is taken for a 200": {"/body", `{"ok":true}`, 200, `{"ok":true}`},
		"any JSON is taken for a 200":      {"/body", `null`, 200, "null"},
		"not JSON":                         {"/body", `{`, 502, ""},
		"a status that is none":            {"/body", `{"statusCode":20}`, 502, ""},
		"a body that is not base64":        {"/body", `{"statusCode":200,"body":"?","isBase64Encoded":true}`, 502, ""},
		"a crash":                          {"/exit", ``, 502, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", row.path, strings.NewReader(row.answer))
			r.Header.Set("Content-Type", "text/plain")
			w := httptest.NewRecorder()
			front.ServeHTTP(w, r)
			if w.Code != row.status || row.body != "" && w.Body.String() != row.body {
				t.Errorf("status %d, body %q", w.Code, w.Body)
			}
			if row.status == 403 && (w.Header().Get("Retry-After") != "1" || w.Header().Get("Set-Cookie") != "a=1") {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

func TestAnEventOver6MB(t *testing.T) {
	front := lambdatest.URL(deploy(t, lambdatest.Config{}))
	for size, want := range map[int]int{4 << 20: 200, 5 << 20: 413, 7 << 20: 413} { // base64 adds a third
		r := httptest.NewRequest("POST", "/", io.LimitReader(zeros{}, int64(size)))
		w := httptest.NewRecorder()
		if front.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%d bytes: status %d, want %d", size, w.Code, want)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
