package ingest_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// keyrings is the smallest secret store: one platform, one secret.
type keyrings struct{ ring *signature.Keyring }

func (k keyrings) Keyring(context.Context, string) (webhook.Verifier, error) { return k.ring, nil }
func (k keyrings) Refresh(context.Context, string) webhook.Verifier          { return nil }

// printer is a queue that prints.
type printer struct{ name string }

func (p printer) Publish(_ context.Context, e webhook.Event) error {
	fmt.Println(p.name, e)
	return nil
}

func ExampleIngest_Handle() {
	ring, err := signature.NewKeyring(gabber.Platform.Scheme, signature.Secret{ID: "1", Value: "keep this one in a vault"})
	if err != nil {
		fmt.Println(err)
		return
	}
	in := &ingest.Ingest{
		Providers:   ingest.Routes(gabber.Platform.Provider),
		Keyrings:    keyrings{ring},
		Events:      printer{"queued:"},
		DeadLetters: printer{"dead letter:"},
		Now:         time.Now,
		Log:         slog.New(slog.DiscardHandler),
	}
	deliver := func(body, signature string) {
		reply := in.Handle(context.Background(), webhook.Delivery{
			Method: "POST",
			Path:   "/gabber",
			Header: webhook.Header{"X-Webhook-Signature": {signature}},
			Body:   []byte(body),
		})
		fmt.Println(reply.Status, reply.Body)
	}
	body := `{"type":"usage.tracked","payload":{"id":"u-1","type":"conversational_seconds","value":30,"human":"ada"}}`
	deliver(body, ring.Sign([]byte(body)))
	deliver(body, "forged")
	deliver(`{}`, ring.Sign([]byte(`{}`)))
	// Output:
	// queued: gabber.usage.tracked 63b7c969
	// 200 ok
	// 403 forbidden
	// dead letter: gabber.unreadable 19fb1202
	// 200 ok
}
