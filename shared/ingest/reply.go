package ingest

import (
	"errors"
	"time"

	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// refusals is the one table from errors to statuses. Code is the alarm code an
// operator's filter looks for; an empty one raises no alarm.
var refusals = []struct {
	err    error
	status int
	code   string
}{
	{ErrNoRoute, 404, ""},
	{errMethod, 405, ""},
	{errEncoding, 415, ""},
	{errTooLarge, 413, ""},
	{ErrSlow, 408, ""},
	{ErrMalformed, 400, ""},
	{errChallenge, 400, ""},
	{errToken, 403, ""},
	{errPanic, 500, webhook.CodeInternal},
}

// bodies are all that a sender ever reads, but for "ok" and handshakes.
var bodies = map[int]string{
	400: "bad request",
	401: "unauthorized",
	403: "forbidden",
	404: "not found",
	405: "method not allowed",
	408: "request timeout",
	413: "content too large",
	415: "unsupported media type",
	500: "internal server error",
	503: "service unavailable",
}

func replyFor(err error, p webhook.Provider) (reply webhook.Reply, code string) {
	status, code := statusFor(err, p)
	reply = webhook.Reply{Status: status, Body: bodies[status]}
	switch status {
	case 405:
		reply.Allow = allowed(p)
	case 503:
		reply.RetryAfter = time.Second
	}
	return reply, code
}

func statusFor(err error, p webhook.Provider) (status int, code string) {
	if ours, ok := errors.AsType[*unavailableError](err); ok {
		return 503, ours.code
	}
	if _, ok := errors.AsType[*mismatchError](err); ok {
		return p.MismatchStatus, webhook.CodeSignature
	}
	if errors.Is(err, signature.ErrMissing) {
		return p.MissingStatus, ""
	}
	if errors.Is(err, signature.ErrStale) {
		return p.MismatchStatus, webhook.CodeStale
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.status, r.code
		}
	}
	return 500, webhook.CodeInternal
}
