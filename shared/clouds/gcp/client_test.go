package gcp

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/webhook"
)

// google plays a Google API: it gives the answers of a list, one per request.
type google struct {
	*httptest.Server
	mu       sync.Mutex
	answers  []http.HandlerFunc // the last one stays
	requests []*http.Request
	bodies   []string
}

func newGoogle(t *testing.T, answers ...http.HandlerFunc) *google {
	g := &google{answers: answers}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *google) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	g.requests, g.bodies = append(g.requests, r), append(g.bodies, string(body))
	answer := g.answers[0]
	if len(g.answers) > 1 {
		g.answers = g.answers[1:]
	}
	g.mu.Unlock()
	answer(w, r)
}

func (g *google) first() *http.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.requests[0]
}

func (g *google) calls() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.requests)
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func refuses(status int, code string) http.HandlerFunc {
	return says(status, fmt.Sprintf(`{"error": {"code": %d, "status": %q, "message": "canary-message"}}`, status, code))
}

func hangsUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func stalls(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// reach makes a client whose Pub/Sub is g, without a token.
func reach(t *testing.T, g *google) *Client {
	t.Helper()
	env := map[string]string{"GOOGLE_CLOUD_PROJECT": "demo-project", "PUBSUB_EMULATOR_HOST": strings.TrimPrefix(g.URL, "http://")}
	c, err := FromEnv(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	c.random = func() float64 { return 0.5 }
	return c
}

var (
	stored  = says(200, `{"messageIds": ["1"]}`)
	example = webhook.Event{
		ID: "0123456789", Source: "/webhooks/acme", Type: "acme.thing.made", Basis: webhook.ByID,
		Time: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), Data: []byte("canary-body"),
	}
)

// A silent Pub/Sub must leave time for a whole second try, and Publish end with
// the time that ingest has.
func TestPublishLeavesTimeForASecondTry(t *testing.T) {
	if need := 2*pubsubTry + backoff; need >= publishBudget || publishBudget > ingest.Budget {
		t.Errorf("two tries take up to %v, Publish may take %v and ingest %v", need, publishBudget, ingest.Budget)
	}
}

func TestPublish(t *testing.T) {
	for name, row := range map[string]struct {
		answers []http.HandlerFunc
		err     string // "" for stored
		calls   int
	}{
		"stored":                              {[]http.HandlerFunc{stored}, "", 1},
		"busy, then stored":                   {[]http.HandlerFunc{refuses(429, "RESOURCE_EXHAUSTED"), refuses(503, "UNAVAILABLE"), stored}, "", 3},
		"aborted, cancelled, then stored":     {[]http.HandlerFunc{refuses(409, "ABORTED"), refuses(499, "CANCELLED"), stored}, "", 3},
		"aborted again and again":             {[]http.HandlerFunc{refuses(409, "ABORTED")}, "publish: ABORTED", 3},
		"the connection breaks, then stored":  {[]http.HandlerFunc{hangsUp, stored}, "", 2},
		"the connection breaks for good":      {[]http.HandlerFunc{hangsUp}, "publish: EOF", 3},
		"one try stalls, then stored":         {[]http.HandlerFunc{stalls, stored}, "", 2},
		"down":                                {[]http.HandlerFunc{refuses(503, "UNAVAILABLE")}, "publish: UNAVAILABLE", 3},
		"down behind a proxy":                 {[]http.HandlerFunc{says(502, "<html>")}, "publish: HTTP 502", 3},
		"no such topic":                       {[]http.HandlerFunc{refuses(404, "NOT_FOUND")}, "publish: NOT_FOUND", 1},
		"not allowed says why":                {[]http.HandlerFunc{refuses(403, "PERMISSION_DENIED")}, "publish: PERMISSION_DENIED: canary-message", 1},
		"refused does not quote":              {[]http.HandlerFunc{refuses(400, "INVALID_ARGUMENT")}, "publish: INVALID_ARGUMENT", 1},
		"a redirect is not followed":          {[]http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusTemporaryRedirect) }}, "publish: HTTP 307", 1},
		"an answer that confirms nothing":     {[]http.HandlerFunc{says(200, `{}`)}, "publish: the answer confirms no message", 1},
		"an answer that confirms an empty id": {[]http.HandlerFunc{says(200, `{"messageIds": [""]}`)}, "publish: the answer confirms no message", 1},
		"an answer that is not JSON":          {[]http.HandlerFunc{says(200, "ok")}, "publish: the answer is not JSON of the expected shape", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGoogle(t, row.answers...)
			err := reach(t, g).Topic("events").Publish(t.Context(), example)
			if text := errorText(err); text != row.err || g.calls() != row.calls {
				t.Errorf("error %q after %d calls, want %q after %d", text, g.calls(), row.err, row.calls)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestPublishEndsInTime(t *testing.T) {
	t.Parallel()
	c := reach(t, newGoogle(t, stalls))
	start := time.Now()
	if err := c.Topic("events").Publish(context.Background(), example); err == nil {
		t.Error("stored, although Pub/Sub stalls")
	}
	if took := time.Since(start); took > publishBudget+500*time.Millisecond {
		t.Errorf("took %v, the budget is %v", took, publishBudget)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start = time.Now()
	if err := c.Topic("events").Publish(ctx, example); err == nil || time.Since(start) > time.Second {
		t.Errorf("error %v after %v, the caller gave 50ms", err, time.Since(start))
	}
}

func TestPublishSends(t *testing.T) {
	dead := example
	dead.Reason = "payload.value is missing"
	long := example
	long.Type = "acme." + strings.Repeat("x", 2000)
	for name, row := range map[string]struct {
		event      webhook.Event
		attributes map[string]string
	}{
		"an event":        {example, map[string]string{"content-type": webhook.ContentType, "type": "acme.thing.made"}},
		"a dead letter":   {dead, map[string]string{"content-type": webhook.ContentType, "type": "acme.thing.made", "reason": "payload.value is missing"}},
		"an endless type": {long, map[string]string{"content-type": webhook.ContentType}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGoogle(t, stored)
			if err := reach(t, g).Topic("events").Publish(t.Context(), row.event); err != nil {
				t.Fatal(err)
			}
			var sent publish
			if err := json.Unmarshal([]byte(g.bodies[0]), &sent); err != nil || len(sent.Messages) != 1 {
				t.Fatalf("%d messages, %v", len(sent.Messages), err)
			}
			if got := sent.Messages[0]; string(got.Data) != string(row.event.Encode()) || !reflect.DeepEqual(got.Attributes, row.attributes) {
				t.Errorf("sent %s with %q, want attributes %q", got.Data, got.Attributes, row.attributes)
			}
			if strings.Contains(g.bodies[0], "orderingKey") {
				t.Error("there is an ordering key")
			}
			if path := g.requests[0].URL.Path; path != "/v1/projects/demo-project/topics/events:publish" {
				t.Errorf("path %s", path)
			}
		})
	}
}

func TestFromEnv(t *testing.T) {
	for name, row := range map[string]struct {
		env  map[string]string
		want string
	}{
		"nothing":        {nil, "GOOGLE_CLOUD_PROJECT is not set"},
		"complete":       {map[string]string{"GOOGLE_CLOUD_PROJECT": "demo-project"}, ""},
		"an old project": {map[string]string{"GOOGLE_CLOUD_PROJECT": "example.com:demo"}, ""},
		"all wrong": {map[string]string{"GOOGLE_CLOUD_PROJECT": "../canary", "FIRESTORE_DATABASE": "Canary", "PUBSUB_EMULATOR_HOST": "canary", "FIRESTORE_EMULATOR_HOST": "canary"},
			"GOOGLE_CLOUD_PROJECT is not the id of a project\nFIRESTORE_DATABASE is not the id of a database\nPUBSUB_EMULATOR_HOST is not host:port\nFIRESTORE_EMULATOR_HOST is not host:port"},
	} {
		_, err := FromEnv(func(name string) string { return row.env[name] })
		if got := errorText(err); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

// Calls that shared one connection would all end with it.
func TestNewHTTPKeepsToHTTP1(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	client := newHTTP()
	client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	r, err := client.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if spoken, err := io.ReadAll(r.Body); err != nil || string(spoken) != "HTTP/1.1" {
		t.Errorf("%s (%v)", spoken, err)
	}
}

func TestFromEnvDatabase(t *testing.T) {
	for id, want := range map[string]bool{
		"webhooks": true, "webhooks-dev2": true, "a234": true, "(default)": true, strings.Repeat("x", 63): true,
		"abc": false, strings.Repeat("x", 64): false, "Webhooks": false, "web_hooks": false, "webhooks-": false, "-webhooks": false,
		"1webhooks": false, "web/hooks": false, "web hooks": false, "webhooks\n": false, "default)": false, "caf\u00e9s": false,
	} {
		env := map[string]string{"GOOGLE_CLOUD_PROJECT": "demo-project", "FIRESTORE_DATABASE": id}
		if _, err := FromEnv(func(name string) string { return env[name] }); (err == nil) != want {
			t.Errorf("%q: error %v", id, err)
		}
	}
}
