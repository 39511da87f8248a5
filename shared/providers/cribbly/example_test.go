package cribbly_test

import (
	"fmt"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers/cribbly"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Of each sample the identity, which is stored for ever, the type and whom it
// concerns; in front of them the scheme and the statuses of a refusal.
func ExamplePlatform() {
	p := cribbly.Platform
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
	// cribbly header=x-Cribbly-signature; algorithm=sha256; encoding=hex 401 401
	// b6de80b8 attachment.created nX5vRa1GuF6oDzMi
	// f307de57 attachment.deleted nX5vRa1GuF6oDzMi
	// 6c8841bd attachment.updated nX5vRa1GuF6oDzMi
	// df06a50d contact.created Qm3ZtK8wPd0RfVxN
	// 9350f50a contact.deleted Qm3ZtK8wPd0RfVxN
	// d9680e9b contact.updated Qm3ZtK8wPd0RfVxN
	// 7573a6bd conversation.created b7LhT2sYcJ9kWqEe
	// f9ad13d7 conversation.deleted b7LhT2sYcJ9kWqEe
	// 9d31b697 conversation.updated b7LhT2sYcJ9kWqEe
	// 48cd8be8 group.created k1DdP9mXoY3eSbQz
	// 557c4b09 group.deleted k1DdP9mXoY3eSbQz
	// 9bd3425c group.updated k1DdP9mXoY3eSbQz
	// 5c09a782 message.created b7LhT2sYcJ9kWqEe
	// 4a94bc6e message.deleted b7LhT2sYcJ9kWqEe
	// 5c2127d2 message.updated b7LhT2sYcJ9kWqEe
}
