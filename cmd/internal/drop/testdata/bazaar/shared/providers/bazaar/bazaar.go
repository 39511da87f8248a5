// Package bazaar reads the webhooks of a shop that does not exist:
// {"type": "order.paid", "order": {"id": ...}}, signed with HMAC-SHA256 in base64.
package bazaar

import (
	"net/http"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

const header = "X-Bazaar-Hmac"

// Platform is the shop.
var Platform = envelope.Platform{
	Scheme: signature.Scheme{Header: header, Algorithm: signature.SHA256, Encoding: signature.Base64},
	Provider: webhook.Provider{
		Name: "bazaar", SignatureHeader: header, MissingStatus: http.StatusUnauthorized, MismatchStatus: http.StatusUnauthorized,
		Decode: decode, Events: events.Zeros(),
	},
}

var events = envelope.Table{"order.paid": envelope.Whole[orderPaid]()}

func decode(body []byte) (webhook.Parsed, error) {
	var head struct {
		Type string `json:"type" strict:"nonempty"`
	}
	doc := strict.Parse(body)
	if err := doc.Unmarshal(&head); err != nil {
		return webhook.Parsed{}, err
	}
	return events.Decode(head.Type, doc, envelope.Read[envelope.Opaque])
}

type orderPaid struct {
	envelope.Private
	Type  string `json:"type"`
	Order struct {
		ID string `json:"id" strict:"nonempty"`
	} `json:"order" strict:"required"`
}

// Check implements [envelope.Payload].
func (o orderPaid) Check() error { return envelope.Text("order.id", o.Order.ID, envelope.MaxID) }

// Identity is the order.
func (o orderPaid) Identity() []string { return []string{o.Order.ID} }

// Group is the order.
func (o orderPaid) Group() string { return o.Order.ID }
