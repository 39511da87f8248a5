package ingesttest

import (
	"net/http"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// Acme is a made-up platform, for tests that need one and none in particular:
// every world has it. [AcmeBody] is one of its events.
var Acme = envelope.Platform{
	Scheme: signature.Scheme{Header: "X-Acme-Signature", Algorithm: signature.SHA256, Encoding: signature.Hex},
	Provider: webhook.Provider{
		Name:            "acme",
		SignatureHeader: "X-Acme-Signature",
		MissingStatus:   http.StatusBadRequest,
		MismatchStatus:  http.StatusForbidden,
		Decode:          decodeAcme,
		Events:          acmeEvents.Zeros(),
	},
}

// AcmeBody is a thing.made, whose identity is "1" and which concerns canary.
const AcmeBody = `{"type": "thing.made", "payload": {"id": "1", "who": "canary", "value": 30}}`

var acmeEvents = envelope.Table{
	"thing.made":   envelope.Whole[acmeEvent](),
	"thing.broken": envelope.Whole[acmeEvent](),
}

func decodeAcme(body []byte) (webhook.Parsed, error) {
	var head struct {
		Type    string   `json:"type" strict:"nonempty"`
		Payload struct{} `json:"payload" strict:"required"`
	}
	if err := strict.Unmarshal(body, &head); err != nil {
		return webhook.Parsed{}, err
	}
	return acmeEvents.Decode(head.Type, body, envelope.Read[envelope.Opaque])
}

type acmeEvent struct {
	envelope.Private
	Type    string `json:"type"`
	Payload struct {
		ID    string        `json:"id" strict:"typed"`
		Who   string        `json:"who" strict:"typed"`
		Value strict.Number `json:"value" strict:"required"`
		Old   string        `json:"old"`
	} `json:"payload" strict:"required"`
}

func (acmeEvent) Check() error { return nil }

func (a acmeEvent) Identity() []string {
	if a.Payload.ID == "" {
		return nil
	}
	return []string{a.Payload.ID}
}

func (a acmeEvent) Group() string { return a.Payload.Who }

func (a acmeEvent) Deprecated() []string {
	if a.Payload.Old == "" {
		return nil
	}
	return []string{"payload.old"}
}
