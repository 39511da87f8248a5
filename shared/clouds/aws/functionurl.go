package aws

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/webhook"
)

// frontReserve is kept of an invocation's time to send the reply.
const frontReserve = 200 * time.Millisecond

// urlRequest is what we read of a Function URL's event, payload format 2.0.
// Header names arrive in lower case, repeated fields joined by commas.
type urlRequest struct {
	Version        string
	RawPath        string
	RawQueryString string
	Headers        map[string]string
	RequestContext struct {
		RequestID string
		HTTP      struct{ Method string }
	}
	Body            string // null and absent are an empty body
	IsBase64Encoded bool
}

// urlResponse always has a status: without one Lambda answers 200.
type urlResponse struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
}

// Handler is what to start: lambda.Start takes a function with this one method
// as it is, and calls it with each event.
type Handler func(ctx context.Context, event []byte) ([]byte, error)

// Invoke answers one event.
func (h Handler) Invoke(ctx context.Context, event []byte) ([]byte, error) { return h(ctx, event) }

// FunctionURL puts ingest behind a Lambda Function URL. It translates shapes and
// bounds time; every decision is made in package ingest. It fails only for an
// event that is not JSON of a request's shape.
func FunctionURL(in *ingest.Ingest) Handler {
	return func(ctx context.Context, event []byte) ([]byte, error) {
		var request urlRequest
		if err := json.Unmarshal(event, &request); err != nil {
			return nil, errNotEvent
		}
		ctx, cancel := context.WithTimeout(ctx, budget(ctx))
		defer cancel()
		return json.Marshal(respond(handle(ctx, in, request)))
	}
}

// budget is less than Lambda's own: a reply of ours is better than its 502.
func budget(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ingest.Budget
	}
	return min(ingest.Budget, time.Until(deadline)-frontReserve)
}

func handle(ctx context.Context, in *ingest.Ingest, request urlRequest) webhook.Reply {
	d := webhook.Delivery{
		Method: request.RequestContext.HTTP.Method,
		Path:   request.RawPath,
		Query:  request.RawQueryString,
		Header: make(webhook.Header, len(request.Headers)),
		ID:     request.RequestContext.RequestID,
	}
	for name, value := range request.Headers {
		name = strings.ToLower(name) // as they arrive; two spellings of one name would be two fields
		d.Header[name] = append(d.Header[name], value)
	}
	if request.Version != "2.0" {
		in.Log.LogAttrs(ctx, slog.LevelWarn, "the event is not a Function URL's", slog.String("code", webhook.CodeConfig))
		return in.Refuse(ctx, d, ingest.ErrMalformed)
	}
	if _, routed := in.Route(d.Path); !routed {
		return in.Refuse(ctx, d, ingest.ErrNoRoute)
	}
	var ok bool
	if d.Body, ok = body(request); !ok {
		return in.Refuse(ctx, d, ingest.ErrMalformed)
	}
	return in.Handle(ctx, d)
}

// OutOfService gives the handler to start instead of [FunctionURL] when the
// configuration is faulty: always 503, so that the platforms try again, and an alarm.
func OutOfService(log *slog.Logger, cause error) Handler {
	return func(ctx context.Context, _ []byte) ([]byte, error) {
		log.LogAttrs(ctx, slog.LevelError, "refused", slog.String("code", webhook.CodeConfig), slog.Int("status", 503), slog.String("cause", cause.Error()))
		return json.Marshal(respond(webhook.Reply{Status: 503, Body: "service unavailable", RetryAfter: time.Second}))
	}
}

// body gives the bytes as the platform sent them. Lambda encodes what is not
// text; the decoder of the standard library would skip line breaks.
func body(request urlRequest) ([]byte, bool) {
	if !request.IsBase64Encoded {
		return []byte(request.Body), true
	}
	if strings.ContainsAny(request.Body, "\r\n") {
		return nil, false
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(request.Body)
	return decoded, err == nil
}

// respond is the only maker of responses.
func respond(reply webhook.Reply) urlResponse {
	return urlResponse{StatusCode: reply.Status, Headers: reply.Header(), Body: reply.Body}
}
