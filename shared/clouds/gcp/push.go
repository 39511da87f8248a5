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

// PushFront is a worker behind a push subscription: one message per request.
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
// Who may call is decided in front of the function and not here: it is deployed
// with internal ingress and without public invokers, so Cloud Run itself checks
// the subscription's OIDC token (signature, audience, roles/run.invoker) and
// answers 401 or 403.
type PushFront struct{ worker *worker.Worker }

// Push gives the handler to serve.
func Push(w *worker.Worker) *PushFront { return &PushFront{w} }

// ServeHTTP handles one message.
func (f *PushFront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
	verdict := f.worker.Handle(r.Context(), []worker.Message{readPush(body)})[0]
	if !verdict.Ack {
		answer(w, http.StatusServiceUnavailable)
		return
	}
	answer(w, http.StatusOK)
}

// readPush opens an envelope. What is none, or holds no data, is passed on as it
// came: the event itself from a subscription that does not wrap, else no event,
// and the worker puts it to the dead letters.
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
