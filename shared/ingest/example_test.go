package ingest_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
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
	ring, err := signature.NewKeyring(ingesttest.MadeUp.Scheme, signature.Secret{ID: "1", Value: "keep this one in a vault"})
	if err != nil {
		fmt.Println(err)
		return
	}
	in := &ingest.Ingest{
		Providers:   ingest.Routes(ingesttest.MadeUp.Provider),
		Keyrings:    keyrings{ring},
		Events:      printer{"queued:"},
		DeadLetters: printer{"dead letter:"},
		Now:         time.Now,
		Log:         slog.New(slog.DiscardHandler),
	}
	deliver := func(body string, header webhook.Header) {
		reply := in.Handle(context.Background(), webhook.Delivery{
			Method: "POST",
			Path:   "/made-up",
			Header: header,
			Body:   []byte(body),
		})
		fmt.Println(reply.Status, reply.Body)
	}
	body := `{"type":"thing.made","payload":{"id":"t-1","who":"ada","value":30}}`
	deliver(body, ring.Headers([]byte(body), time.Now()))
	deliver(body, webhook.Header{"X-Made-Up-Signature": {"forged"}})
	deliver(`{}`, ring.Headers([]byte(`{}`), time.Now()))
	// Output:
	// queued: made-up.thing.made 240f259f
	// 200 ok
	// 403 forbidden
	// dead letter: made-up.unreadable 441ecd6a
	// 200 ok
}
