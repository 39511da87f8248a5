package gcp

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"

	"github.com/webhook-functions/template/shared/worker"
)

// maxPush in bytes: the largest message of Pub/Sub, 10 MB, in base64 and its
// envelope. Ours are far smaller.
const maxPush = 14 << 20

// pushEnvelope is what a push subscription posts by default.
type pushEnvelope struct {
	DeliveryAttempt int // sent if the subscription has a dead letter policy
	Message         struct {
		Data      *string
		MessageID string
	}
}

// Push puts a worker behind a push subscription: one message per request.
//
//	200  done: Pub/Sub forgets the message
//	503  not done: it comes back by the subscription's retry policy, and goes to
//	     its dead letter topic after its last attempt
//	405  anything but POST
//	413  larger than any message of Pub/Sub
//
// The delay a verdict asks for cannot be passed on: with push the retry policy
// alone decides. Give a subscription whose handler asks for 60 s a minimum
// backoff of 60 s.
//
// The function does not check callers: it is deployed with internal ingress and
// without public invokers, so Cloud Run checks the subscription's OIDC token
// (signature, audience, roles/run.invoker) and answers 401 or 403.
func Push(handler *worker.Worker) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { push(handler, w, r) })
}

func push(handler *worker.Worker, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		answer(w, http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPush+1))
	switch {
	case len(body) > maxPush:
		answer(w, http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		answer(w, http.StatusBadRequest)
		return
	}
	verdict := handler.Handle(r.Context(), []worker.Message{readPush(body)})[0]
	if !verdict.Ack {
		answer(w, http.StatusServiceUnavailable)
		return
	}
	answer(w, http.StatusOK)
}

// readPush opens an envelope. A body without one, or without data, stays as it came:
// the event itself from a subscription that does not wrap, else a dead letter.
func readPush(body []byte) worker.Message {
	var envelope pushEnvelope
	if json.Unmarshal(body, &envelope) != nil || envelope.Message.Data == nil {
		return worker.Message{Body: body, Receives: 1}
	}
	m := worker.Message{ID: envelope.Message.MessageID, Body: body, Receives: max(1, envelope.DeliveryAttempt)}
	if data, err := base64.StdEncoding.Strict().DecodeString(*envelope.Message.Data); err == nil {
		m.Body = data
	}
	return m
}
