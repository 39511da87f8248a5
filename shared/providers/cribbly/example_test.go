package cribbly_test

import (
	"fmt"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers/cribbly"
)

// Of each sample the type and whom it concerns, in front of them the scheme and
// the statuses of a refusal.
func ExamplePlatform() {
	p := cribbly.Platform
	fmt.Println(p.Name, p.Scheme, p.MissingStatus, p.MismatchStatus)
	for _, name := range events.Names(p.Name) {
		body, _ := events.Body(p.Name, name)
		event, err := p.Decode(body)
		if err != nil {
			fmt.Println("dead letter:", err)
		}
		fmt.Println(event.Type, event.Group)
	}
	// Output:
	// cribbly {x-Cribbly-signature sha256 hex } 401 401
	// attachment.created nX5vRa1GuF6oDzMi
	// attachment.deleted nX5vRa1GuF6oDzMi
	// attachment.updated nX5vRa1GuF6oDzMi
	// contact.created Qm3ZtK8wPd0RfVxN
	// contact.deleted Qm3ZtK8wPd0RfVxN
	// contact.updated Qm3ZtK8wPd0RfVxN
	// conversation.created b7LhT2sYcJ9kWqEe
	// conversation.deleted b7LhT2sYcJ9kWqEe
	// conversation.updated b7LhT2sYcJ9kWqEe
	// group.created k1DdP9mXoY3eSbQz
	// group.deleted k1DdP9mXoY3eSbQz
	// group.updated k1DdP9mXoY3eSbQz
	// message.created b7LhT2sYcJ9kWqEe
	// message.deleted b7LhT2sYcJ9kWqEe
	// message.updated b7LhT2sYcJ9kWqEe
}
