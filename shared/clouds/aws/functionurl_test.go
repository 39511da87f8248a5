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
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// box keeps what was published.
type box struct {
	events []webhook.Event
	ctx    context.Context // of the last call
}

func (b *box) Publish(ctx context.Context, e webhook.Event) error {
	b.events, b.ctx = append(b.events, e), ctx
	return nil
}

// oneSecret is a webhook.Keyrings with one keyring.
type oneSecret struct{ only *signature.Keyring }

func (k oneSecret) Keyring(context.Context, string) (webhook.Verifier, error) { return k.only, nil }
func (k oneSecret) Refresh(context.Context, string) webhook.Verifier          { return nil }

func sign(keyring *signature.Keyring, body string) string {
	return keyring.Headers([]byte(body), time.Time{}).Values(keyring.Header())[0]
}

func newKeyring(t testing.TB) *signature.Keyring {
	keyring, err := signature.NewKeyring(ingesttest.MadeUp.Scheme, signature.Secret{ID: "1", Value: "made-up-test-0123456789"})
	if err != nil {
		t.Fatal(err)
	}
	return keyring
}

func newIngest(keyring *signature.Keyring, events *box, log io.Writer) *ingest.Ingest {
	return &ingest.Ingest{
		Providers:   ingest.Routes(ingesttest.MadeUp.Provider),
		Keyrings:    oneSecret{keyring},
		Events:      events,
		DeadLetters: events,
		Now:         time.Now,
		Log:         slog.New(slog.NewJSONHandler(log, nil)),
	}
}

// object is JSON under construction.
type object = map[string]any

// request is a signed delivery as a Function URL hands it over; change may spoil it.
func request(keyring *signature.Keyring, body string, change object) object {
	event := object{
		"version": "2.0", "rawPath": "/made-up", "body": body, "isBase64Encoded": false,
		"headers":        object{"x-made-up-signature": sign(keyring, body)},
		"requestContext": object{"requestId": "r-1", "http": object{"method": "POST"}},
	}
	for name, value := range change {
		if event[name] = value; value == nil {
			delete(event, name)
		}
	}
	return event
}

// What a Function URL does to a delivery, and events of other services. Methods,
// paths, sizes and signatures are the catalogue's.
func TestFunctionURL(t *testing.T) {
	const body, binary = ingesttest.MadeUpBody, "\xff\xfe{}"
	k := newKeyring(t)
	b64, signed := base64.StdEncoding.EncodeToString([]byte(body)), sign(k, body)
	encoded := func(text string) object { return request(k, body, object{"body": text, "isBase64Encoded": true}) }
	headers := func(headers object) object { return request(k, body, object{"headers": headers}) }
	const missed, foreign = `"missed":true`, `"level":"WARN","msg":"the event is not a Function URL's","code":"CFG"`
	for _, row := range []struct {
		name   string
		event  object
		status int
		stored string // the bytes in the queue, empty for none
		logged string
	}{
		{"text", request(k, body, nil), 200, body, ""},
		{"base64", encoded(b64), 200, body, ""},
		{"base64 of another alphabet", encoded("-_-_"), 400, "", missed},
		{"base64 without padding", encoded("e30"), 400, "", missed},
		{"base64 with a line break", encoded(b64[:4] + "\n" + b64[4:]), 400, "", missed},
		{"flagged base64, but text", encoded(body), 400, "", missed},
		{"base64, but not flagged", request(k, body, object{"body": b64}), 403, "", missed},
		{"unknown route, bad base64", request(k, body, object{"rawPath": "/nope", "body": "?", "isBase64Encoded": true}), 404, "", missed},
		{"bytes that are not UTF-8 as text", request(k, binary, nil), 403, "", missed},
		{"no body", request(k, body, object{"body": nil}), 403, "", missed},
		{"no headers", request(k, body, object{"headers": nil}), 400, "", missed},
		{"header names in mixed case", headers(object{"X-MaDe-Up-Signature": signed}), 200, body, ""},
		{"one header in two cases", headers(object{"X-Made-Up-Signature": signed, "x-made-up-signature": sign(k, "another")}), 403, "", missed},
		{"two headers, joined", headers(object{"x-made-up-signature": signed + "," + signed}), 403, "", missed},
		{"no method", request(k, body, object{"requestContext": nil}), 405, "", missed},
		{"API Gateway version 1, signed", object{"version": "1.0", "httpMethod": "POST", "path": "/made-up", "headers": object{"x-made-up-signature": signed}}, 400, "", missed},
		{"API Gateway version 1, not signed", object{"version": "1.0", "httpMethod": "POST", "path": "/made-up", "body": body}, 400, "", foreign},
		{"load balancer", object{"requestContext": object{"elb": object{}}, "httpMethod": "POST", "path": "/made-up"}, 400, "", foreign},
		{"a queue's batch", object{"Records": []object{{"messageId": "m", "eventSource": "aws:sqs"}}}, 400, "", foreign},
		{"a schedule's event", object{"version": "0", "source": "aws.events"}, 400, "", foreign},
	} {
		t.Run(row.name, func(t *testing.T) {
			events, log := &box{}, new(strings.Builder)
			event, err := json.Marshal(row.event)
			if err != nil {
				t.Fatal(err)
			}
			response := invoke(t, aws.FunctionURL(newIngest(k, events, log)), event)
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
			if !strings.Contains(log.String(), row.logged) || strings.Contains(log.String(), missed) != (row.logged == missed) {
				t.Errorf("logged %s, want %s", log, row.logged)
			}
		})
	}
	for _, event := range []string{"", "{", `{"version":2.0}`, `[]`} {
		if answer, err := aws.FunctionURL(newIngest(k, &box{}, io.Discard)).Invoke(t.Context(), []byte(event)); err == nil {
			t.Errorf("event %q was answered %s", event, answer)
		}
	}
}

func invoke(t *testing.T, h aws.Handler, event []byte) (response object) {
	t.Helper()
	answer, err := h.Invoke(t.Context(), event)
	if err == nil {
		err = json.Unmarshal(answer, &response)
	}
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func TestFunctionURLEndsBeforeLambdaDoes(t *testing.T) {
	k, start := newKeyring(t), time.Now()
	event, _ := json.Marshal(request(k, ingesttest.MadeUpBody, nil)) // strings only
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
			if _, err := aws.FunctionURL(newIngest(k, events, io.Discard)).Invoke(ctx, event); err != nil {
				t.Fatal(err)
			}
			deadline, ok := events.ctx.Deadline()
			if left := deadline.Sub(start); !ok || left < row.least || left > row.most {
				t.Errorf("the queue was given %v, want %v to %v", left, row.least, row.most)
			}
		})
	}
}

// The event of a GET has no body, and the query as it was sent.
func TestFunctionURL_handshakeByGET(t *testing.T) {
	w := ingesttest.NewHandshakeWorld(t)
	event, err := json.Marshal(request(newKeyring(t), "", object{
		"body": nil, "headers": object{"host": "abc.lambda-url.eu-central-1.on.aws"}, "rawPath": "/meta",
		"rawQueryString": "hub.mode=subscribe&hub.challenge=a%2Bb&hub.verify_token=meta-verify-token-not-real",
		"requestContext": object{"requestId": "r-1", "http": object{"method": "GET"}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	headers := func(r object) object { return r["headers"].(object) }
	if r := invoke(t, aws.FunctionURL(w.Ingest), event); r["statusCode"] != 200.0 || r["body"] != "a+b" || headers(r)["content-type"] != "text/plain" {
		t.Errorf("answered %v", r)
	}
}

func TestOutOfService(t *testing.T) {
	var log strings.Builder
	front := aws.OutOfService(aws.NewLog(&log, os.Getenv), errors.New("EVENTS_QUEUE_URL is not set"))
	if response := invoke(t, front, []byte(`{"version":"2.0"}`)); response["statusCode"] != 503.0 {
		t.Errorf("status %v, want 503", response["statusCode"])
	}
	if !strings.Contains(log.String(), `"code":"CFG"`) || !strings.Contains(log.String(), "EVENTS_QUEUE_URL") {
		t.Errorf("logged %s, want code CFG and what is missing", log.String())
	}
}

func ExampleFunctionURL() {
	in := &ingest.Ingest{
		Providers: ingest.Routes(ingesttest.MadeUp.Provider),
		Log:       slog.New(slog.DiscardHandler),
	}
	event := `{"version": "2.0", "rawPath": "/made-up", "requestContext": {"http": {"method": "GET"}}}`
	answer, err := aws.FunctionURL(in).Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output:
	// {"statusCode":405,"headers":{"allow":"POST","content-type":"text/plain; charset=utf-8","x-content-type-options":"nosniff"},"body":"method not allowed"} <nil>
}
