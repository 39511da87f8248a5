package oblic_test

import (
	"fmt"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers/oblic"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Of each sample the identity, which is stored for ever, the type and whom it
// concerns; in front of them the scheme and the statuses of a refusal.
func ExamplePlatform() {
	p := oblic.Platform
	fmt.Println(p.Name, p.Scheme.Text(), p.MissingStatus, p.MismatchStatus)
	for _, name := range events.Names(p.Name) {
		body, _ := events.Body(p.Name, name)
		event, err := p.Decode(body)
		id := ingest.Identify(p.Provider, body, time.Time{}, signature.Verified{}).ID
		if err != nil {
			fmt.Println("dead letter:", err)
		}
		fmt.Println(webhook.ShortID(id), event.Type, event.Group)
	}
	// Output:
	// oblic header=x-oblic-signature; algorithm=sha256; encoding=hex 401 401
	// e9b57366 attachment.created nX5vRa1GuF6oDzMi
	// 6e421e09 attachment.deleted nX5vRa1GuF6oDzMi
	// 0464b5be attachment.updated nX5vRa1GuF6oDzMi
	// 5ac694db contact.created Qm3ZtK8wPd0RfVxN
	// c103bc7b contact.deleted Qm3ZtK8wPd0RfVxN
	// 32037d19 contact.updated Qm3ZtK8wPd0RfVxN
	// b5bd9304 conversation.created b7LhT2sYcJ9kWqEe
	// 300d2a6b conversation.deleted b7LhT2sYcJ9kWqEe
	// f736316a conversation.updated b7LhT2sYcJ9kWqEe
	// 97fc1468 group.created k1DdP9mXoY3eSbQz
	// 6390510f group.deleted k1DdP9mXoY3eSbQz
	// 46e914e7 group.updated k1DdP9mXoY3eSbQz
	// 83c6109c message.created b7LhT2sYcJ9kWqEe
	// f1dc6c9c message.deleted b7LhT2sYcJ9kWqEe
	// 6a2636a2 message.updated b7LhT2sYcJ9kWqEe
}
