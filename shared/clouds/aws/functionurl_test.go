package aws_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

const testSecret = "gabber-test-0123456789"

// box keeps what was published.
type box struct {
	events []webhook.Event
	ctx    context.Context // of the last call
	err    error
}

func (b *box) Publish(ctx context.Context, e webhook.Event) error {
	b.events, b.ctx = append(b.events, e), ctx
	return b.err
}

// oneRing is a webhook.Keyrings with one secret.
type oneRing struct{ ring *signature.Keyring }

func (k oneRing) Keyring(context.Context, string) (webhook.Verifier, error) { return k.ring, nil }
func (k oneRing) Refresh(context.Context, string) webhook.Verifier          { return nil }

func newRing(t testing.TB) *signature.Keyring {
	ring, err := signature.NewKeyring(gabber.Platform.Scheme, signature.Secret{ID: "1", Value: testSecret})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func newIngest(ring *signature.Keyring, events *box, log io.Writer) *ingest.Ingest {
	return &ingest.Ingest{
		Providers:   ingest.Routes(gabber.Platform.Provider),
		Keyrings:    oneRing{ring},
		Events:      events,
		DeadLetters: &box{},
		Now:         time.Now,
		Log:         slog.New(slog.NewJSONHandler(log, nil)),
	}
}

// object is JSON under construction.
type object = map[string]any

func request(method, path, body string, headers object) object {
	return object{
		"version": "2.0", "rawPath": path, "headers": headers, "body": body, "isBase64Encoded": false,
		"requestContext": object{"requestId": "r-1", "http": object{"method": method}},
	}
}

func TestFunctionURL(t *testing.T) {
	const body = `{"type":"usage.tracked","payload":{"id":"u-1","human_id":"h","type":"conversational_seconds","value":30}}`
	ring := newRing(t)
	sign := func(body string) object { return object{"x-webhook-signature": ring.Sign([]byte(body))} }
	good := func() object { return request("POST", "/gabber", body, sign(body)) }
	changed := func(name string, value any) object {
		event := good()
		if event[name] = value; value == nil {
			delete(event, name)
		}
		return event
	}
	encoded := func(text string) object {
		event := good()
		event["body"], event["isBase64Encoded"] = text, true
		return event
	}
	b64 := base64.StdEncoding.EncodeToString([]byte(body))
	binary := "\xff\xfe{}"

	for _, row := range []struct {
		name   string
		event  object
		status int
		stored string // the bytes in the queue, empty for none
	}{
		{"text", good(), 200, body},
		{"base64", encoded(b64), 200, body},
		{"base64 of another alphabet", encoded(strings.NewReplacer("+", "-", "/", "_").Replace(base64.StdEncoding.EncodeToString([]byte("\xfb\xff\xfe")))), 400, ""},
		{"base64 without padding", encoded("e30"), 400, ""},
		{"base64 with a line break", encoded(b64[:4] + "\n" + b64[4:]), 400, ""},
		{"flagged base64, but text", encoded(body), 400, ""},
		{"base64, but not flagged", request("POST", "/gabber", b64, sign(body)), 403, ""},
		{"no body", changed("body", nil), 403, ""},
		{"body is null", object{"version": "2.0", "rawPath": "/gabber", "headers": sign(body), "body": nil,
			"requestContext": object{"http": object{"method": "POST"}}}, 403, ""},
		{"no headers", changed("headers", nil), 400, ""},
		{"header names in mixed case", request("POST", "/gabber", body, object{"X-WebHook-Signature": ring.Sign([]byte(body))}), 200, body},
		{"one header in two cases", request("POST", "/gabber", body, object{
			"X-Webhook-Signature": ring.Sign([]byte(body)), "x-webhook-signature": ring.Sign([]byte("another"))}), 403, ""},
		{"two headers, joined", request("POST", "/gabber", body, object{
			"x-webhook-signature": ring.Sign([]byte(body)) + "," + ring.Sign([]byte(body))}), 403, ""},
		{"GET", request("GET", "/gabber", "", nil), 405, ""},
		{"no method", request("", "/gabber", body, sign(body)), 405, ""},
		{"method in lower case", request("post", "/gabber", body, sign(body)), 405, ""},
		{"unknown route", request("POST", "/nope", body, sign(body)), 404, ""},
		{"path with a slash at the end", request("POST", "/gabber/", body, sign(body)), 200, body},
		{"path with two slashes at the end", request("POST", "/gabber//", body, sign(body)), 404, ""},
		{"path in upper case", request("POST", "/GABBER", body, sign(body)), 404, ""},
		{"unknown route, bad base64", changedPath(encoded(body), "/nope"), 404, ""},
		{"bytes that are not UTF-8 as text", request("POST", "/gabber", binary, sign(binary)), 403, ""},
		{"over the cap", request("POST", "/gabber", strings.Repeat(" ", ingest.DefaultMaxBody+1), sign("x")), 413, ""},
		{"API Gateway version 1", object{"version": "1.0", "httpMethod": "POST", "path": "/gabber", "body": body}, 400, ""},
		{"load balancer", object{"requestContext": object{"elb": object{}}, "httpMethod": "POST", "path": "/gabber"}, 400, ""},
		{"a queue's batch", object{"Records": []object{{"messageId": "m", "eventSource": "aws:sqs"}}}, 400, ""},
		{"a schedule's event", object{"version": "0", "source": "aws.events"}, 400, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			events := &box{}
			event, err := json.Marshal(row.event)
			if err != nil {
				t.Fatal(err)
			}
			response := invoke(t, aws.FunctionURL(newIngest(ring, events, io.Discard)), event)
			if response["statusCode"] != float64(row.status) {
				t.Errorf("status %v, want %d", response["statusCode"], row.status)
			}
			stored := ""
			for _, e := range events.events {
				stored += string(e.Data)
			}
			if stored != row.stored {
				t.Errorf("stored %q, want %q", stored, row.stored)
			}
		})
	}
}

func changedPath(event object, path string) object {
	event["rawPath"] = path
	return event
}

// handler is what Lambda's runtime wants of one.
type handler interface {
	Invoke(context.Context, []byte) ([]byte, error)
}

func invoke(t *testing.T, h handler, event []byte) object {
	t.Helper()
	answer, err := h.Invoke(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	var response object
	if err := json.Unmarshal(answer, &response); err != nil {
		t.Fatal(err)
	}
	return response
}

func TestFunctionURLResponses(t *testing.T) {
	ring, plain := newRing(t), `"content-type":"text/plain; charset=utf-8"`
	for _, row := range []struct {
		name  string
		event object
		fault error
		want  string
	}{
		{"queued", request("POST", "/gabber", "{}", object{"x-webhook-signature": ring.Sign([]byte("{}"))}), nil,
			`{"statusCode":200,"headers":{` + plain + `,"x-content-type-options":"nosniff"},"body":"ok"}`},
		{"wrong method", request("PUT", "/gabber", "{}", nil), nil,
			`{"statusCode":405,"headers":{"allow":"POST",` + plain + `,"x-content-type-options":"nosniff"},"body":"method not allowed"}`},
		{"queue is down", request("POST", "/gabber", `{"type":"x","payload":{}}`, object{"x-webhook-signature": ring.Sign([]byte(`{"type":"x","payload":{}}`))}), errors.New("down"),
			`{"statusCode":503,"headers":{` + plain + `,"retry-after":"1","x-content-type-options":"nosniff"},"body":"service unavailable"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			event, _ := json.Marshal(row.event)
			got, err := aws.FunctionURL(newIngest(ring, &box{err: row.fault}, io.Discard)).Invoke(t.Context(), event)
			if err != nil || string(got) != row.want {
				t.Errorf("got %s (%v), want %s", got, err, row.want)
			}
		})
	}
}

func TestFunctionURLRefusesWhatIsNotJSON(t *testing.T) {
	front := aws.FunctionURL(newIngest(newRing(t), &box{}, io.Discard))
	for _, event := range []string{"", "{", `{"version":2.0}`, `[]`} {
		if answer, err := front.Invoke(t.Context(), []byte(event)); err == nil {
			t.Errorf("event %q was answered %s", event, answer)
		}
	}
}

func TestForeignEventIsAConfigurationFault(t *testing.T) {
	var log strings.Builder
	front := aws.FunctionURL(newIngest(newRing(t), &box{}, &log))
	invoke(t, front, []byte(`{"Records":[]}`))
	if !strings.Contains(log.String(), `"level":"WARN"`) || !strings.Contains(log.String(), `"code":"CFG"`) {
		t.Errorf("logged %s, want a warning with code CFG", log.String())
	}
}

// The headers of a gateway's event are like ours: with a signature it is a
// platform's delivery, wherever the path stands in it.
func TestForeignEventIsMissedIfItIsSigned(t *testing.T) {
	for signed, want := range map[string]bool{"x-webhook-signature": true, "x-another": false} {
		var log strings.Builder
		front := aws.FunctionURL(newIngest(newRing(t), &box{}, &log))
		invoke(t, front, []byte(`{"version":"1.0","httpMethod":"POST","path":"/gabber","headers":{"`+signed+`":"00"}}`))
		if got := strings.Contains(log.String(), `"missed":true`); got != want {
			t.Errorf("%s: missed: %v, want %v: %s", signed, got, want, log.String())
		}
	}
}

func TestFunctionURLEndsBeforeLambdaDoes(t *testing.T) {
	const body = `{"type":"x","payload":{}}`
	ring, start := newRing(t), time.Now()
	event, _ := json.Marshal(request("POST", "/gabber", body, object{"x-webhook-signature": ring.Sign([]byte(body))}))
	for _, row := range []struct {
		name        string
		lambda      time.Duration // its own deadline, 0 for none
		least, most time.Duration
	}{
		{"no deadline", 0, ingest.Budget - time.Second, ingest.Budget + time.Second},
		{"a distant deadline", 10 * time.Second, ingest.Budget - time.Second, ingest.Budget + time.Second},
		{"a near deadline", time.Second, 0, 900 * time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if row.lambda > 0 {
				ctx, cancel = context.WithTimeout(ctx, row.lambda)
			}
			defer cancel()
			events := &box{}
			if _, err := aws.FunctionURL(newIngest(ring, events, io.Discard)).Invoke(ctx, event); err != nil {
				t.Fatal(err)
			}
			deadline, ok := events.ctx.Deadline()
			if left := deadline.Sub(start); !ok || left < row.least || left > row.most {
				t.Errorf("the queue was given %v, want %v to %v", left, row.least, row.most)
			}
		})
	}
}

func TestOutOfService(t *testing.T) {
	var log strings.Builder
	front := aws.OutOfService(aws.NewLog(&log, os.Getenv), errors.New("EVENTS_QUEUE_URL is not set"))
	response := invoke(t, front, []byte(`{"version":"2.0"}`))
	if response["statusCode"] != 503.0 {
		t.Errorf("status %v, want 503", response["statusCode"])
	}
	if !strings.Contains(log.String(), `"code":"CFG"`) || !strings.Contains(log.String(), "EVENTS_QUEUE_URL") {
		t.Errorf("logged %s, want code CFG and what is missing", log.String())
	}
}

func ExampleFunctionURL() {
	in := &ingest.Ingest{
		Providers: ingest.Routes(gabber.Platform.Provider),
		Log:       slog.New(slog.DiscardHandler),
	}
	event := `{"version": "2.0", "rawPath": "/gabber", "requestContext": {"http": {"method": "GET"}}}`
	answer, err := aws.FunctionURL(in).Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output:
	// {"statusCode":405,"headers":{"allow":"POST","content-type":"text/plain; charset=utf-8","x-content-type-options":"nosniff"},"body":"method not allowed"} <nil>
}
