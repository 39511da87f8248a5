package gcp

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// kept is a queue in memory.
type kept []webhook.Event

func (k *kept) Publish(_ context.Context, e webhook.Event) error {
	*k = append(*k, e)
	return nil
}

// desk is a worker behind a push subscription.
type desk struct {
	front http.Handler
	dead  kept
	seen  []webhook.Event
	log   bytes.Buffer
}

func newDesk(handle func(webhook.Event) error) *desk {
	d := &desk{}
	d.front = Push(&worker.Worker{
		Handlers: map[string]webhook.BatchHandler{"acme.thing.made": webhook.Each("handled", func(_ context.Context, e webhook.Event) ([]webhook.Event, error) {
			d.seen = append(d.seen, e)
			return nil, handle(e)
		})},
		FollowUps:   &kept{},
		DeadLetters: &d.dead,
		Redecode:    func(e webhook.Event) (webhook.Event, error) { return e, nil },
		Now:         time.Now,
		Log:         NewLog(&d.log),
	})
	return d
}

func (d *desk) push(method, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.front.ServeHTTP(w, httptest.NewRequest(method, "/", strings.NewReader(body)))
	return w
}

// envelope is what Pub/Sub sends.
func envelope(data string, attempt int) string {
	return fmt.Sprintf(`{"message": {"data": %q, "messageId": "17", "message_id": "17", "publishTime": "2026-11-21T09:00:00Z",
		"publish_time": "2026-11-21T09:00:00Z", "attributes": {"type": "x"}}, "subscription": "projects/p/subscriptions/s", "deliveryAttempt": %d}`, data, attempt)
}

func encoded(e webhook.Event) string { return base64.StdEncoding.EncodeToString(e.Encode()) }

const foreign = `{"specversion":"1.0","id":"1","source":"//x","type":"y"}`

func TestPush(t *testing.T) {
	newer := base64.StdEncoding.EncodeToString(bytes.Replace(example.Encode(), []byte(`"v1"`), []byte(`"v2"`), 1))
	for name, row := range map[string]struct {
		method, body string
		err          error
		status       int
		dead         string // the data of the dead letter, "" for none
	}{
		"done":                          {"POST", envelope(encoded(example), 1), nil, 200, ""},
		"comes back":                    {"POST", envelope(encoded(example), 1), errors.New("down"), 503, ""},
		"permanent":                     {"POST", envelope(encoded(example), 1), webhook.Permanent("no"), 200, string(example.Data)},
		"a newer version comes back":    {"POST", envelope(newer, 1), nil, 503, ""},
		"B102 no data":                  {"POST", `{"message": {"messageId": "17", "attributes": {"a": "b"}}}`, nil, 200, `{"message": {"messageId": "17", "attributes": {"a": "b"}}}`},
		"B102 null for data":            {"POST", `{"message": {"messageId": "17", "data": null}}`, nil, 200, `{"message": {"messageId": "17", "data": null}}`},
		"B102 an empty message":         {"POST", `{"message": {"data": "", "messageId": "17"}}`, nil, 200, "-"},
		"B103 data that is not base64":  {"POST", `{"message": {"data": "?"}}`, nil, 200, `{"message": {"data": "?"}}`},
		"B103 data in base64url":        {"POST", `{"message": {"data": "_-8="}}`, nil, 200, `{"message": {"data": "_-8="}}`},
		"B103 data that is a number":    {"POST", `{"message": {"data": 1}}`, nil, 200, `{"message": {"data": 1}}`},
		"B104 not an event":             {"POST", envelope("aGVsbG8=", 1), nil, 200, "hello"},
		"B104 a foreign CloudEvent":     {"POST", envelope(base64.StdEncoding.EncodeToString([]byte(foreign)), 1), nil, 200, foreign},
		"the event itself, not wrapped": {"POST", string(example.Encode()), nil, 200, ""},
		"not JSON":                      {"POST", "hello", nil, 200, "hello"},
		"nothing":                       {"POST", "", nil, 200, "-"},
		"B106 GET":                      {"GET", "", nil, 405, ""},
		"B106 PUT":                      {"PUT", envelope(encoded(example), 1), nil, 405, ""},
		"B106 too large":                {"POST", strings.Repeat(" ", maxPush+1), nil, 413, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(func(webhook.Event) error { return row.err })
			w := d.push(row.method, row.body)
			if w.Code != row.status || w.Body.Len() != 0 {
				t.Errorf("status %d, body %q, want %d", w.Code, w.Body, row.status)
			}
			if allow := w.Header().Get("Allow"); (allow == "POST") != (row.status == 405) {
				t.Errorf("Allow %q with status %d", allow, w.Code)
			}
			if (len(d.dead) == 1) != (row.dead != "") {
				t.Fatalf("%d dead letters", len(d.dead))
			}
			if want := strings.TrimPrefix(row.dead, "-"); row.dead != "" && (string(d.dead[0].Data) != want || d.dead[0].Reason == "") {
				t.Errorf("dead letter %q because %q, want %q", d.dead[0].Data, d.dead[0].Reason, want)
			}
			if strings.Contains(d.log.String(), "canary") {
				t.Errorf("the log quotes the event: %s", d.log.String())
			}
		})
	}
}

func TestPushDeliveryAttempt(t *testing.T) {
	for attempt, want := range map[int]int{1: 503, 2: 503, 3: 200} { // the third panic is a dead letter
		d := newDesk(func(webhook.Event) error { panic("boom") })
		if w := d.push("POST", envelope(encoded(example), attempt)); w.Code != want || (len(d.dead) == 1) != (want == 200) {
			t.Errorf("attempt %d: status %d with %d dead letters, want %d", attempt, w.Code, len(d.dead), want)
		}
	}
	d := newDesk(func(webhook.Event) error { panic("boom") })
	without := strings.Replace(envelope(encoded(example), 0), `, "deliveryAttempt": 0`, "", 1)
	if w := d.push("POST", without); w.Code != 503 {
		t.Errorf("without an attempt: status %d, want 503", w.Code)
	}
}

// FuzzPush looks for a message that is lost: acknowledged, but neither handled
// nor dead-lettered nor, being of a type without a handler, ignored. One that comes
// back has left nothing behind.
func FuzzPush(f *testing.F) {
	other := example
	other.Type = "acme.something.else"
	f.Add(envelope(encoded(example), 1))
	f.Add(envelope(encoded(other), 1))
	f.Add(string(example.Encode()))
	f.Add(`{"message":{}}`)
	f.Add("")
	f.Fuzz(func(t *testing.T, body string) {
		d := newDesk(func(webhook.Event) error { return nil })
		w := d.push("POST", body)
		ignored := strings.Count(d.log.String(), `"outcome":"ignored"`)
		ended := len(d.seen) + len(d.dead) + ignored
		if w.Code == 200 && ended != 1 || w.Code != 200 && (w.Code != 503 || ended > 0) {
			t.Errorf("status %d: handled %d times, dead-lettered %d times, ignored %d times", w.Code, len(d.seen), len(d.dead), ignored)
		}
	})
}

func TestNewLog(t *testing.T) {
	var out bytes.Buffer
	NewLog(&out).Warn("hello", "code", "SIG", slog.Group("group", "msg", "kept"))
	for _, want := range []string{`"severity":"WARNING"`, `"message":"hello"`, `"code":"SIG"`, `"msg":"kept"`, `"time":"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, out.String())
		}
	}
}

func TestRequestID(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef"
	for header, want := range map[string]string{
		id + "/123;o=1": id, id: id, "": "", "x": "", strings.ToUpper(id): "", id + id: "", "canary-canary-canary-canary-cana/1": "",
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("X-Cloud-Trace-Context", header)
		if got := RequestID(r); got != want {
			t.Errorf("%q gives %q, want %q", header, got, want)
		}
	}
}
