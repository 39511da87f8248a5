package ingesttest

import (
	"net/http"

	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// MadeUp is a made-up platform, for tests that need one and none in particular:
// every world has it. [MadeUpBody] is one of its events.
var MadeUp = envelope.Platform{
	Scheme: signature.Scheme{Header: "X-Made-Up-Signature", Algorithm: signature.SHA256, Encoding: signature.Hex},
	Provider: webhook.Provider{
		Name:            "made-up",
		SignatureHeader: "X-Made-Up-Signature",
		MissingStatus:   http.StatusBadRequest,
		MismatchStatus:  http.StatusForbidden,
		Decode:          decodeMadeUp,
		Events:          madeUpEvents.Zeros(),
	},
}

// MadeUpBody is a thing.made, whose identity is "1" and which concerns canary.
const MadeUpBody = `{"type": "thing.made", "payload": {"id": "1", "who": "canary", "value": 30}}`

var madeUpEvents = envelope.Table{
	"thing.made":   envelope.Whole[madeUpEvent](),
	"thing.broken": envelope.Whole[madeUpEvent](),
}

func decodeMadeUp(body []byte) (webhook.Parsed, error) {
	var head struct {
		Type    string   `json:"type" strict:"nonempty"`
		Payload struct{} `json:"payload" strict:"required"`
	}
	doc := strict.Parse(body)
	if err := doc.Unmarshal(&head); err != nil {
		return webhook.Parsed{}, err
	}
	return madeUpEvents.Decode(head.Type, doc, envelope.Read[envelope.Opaque])
}

type madeUpEvent struct {
	envelope.Private
	Type    string `json:"type"`
	Payload struct {
		ID    string        `json:"id" strict:"typed"`
		Who   string        `json:"who" strict:"typed"`
		Value strict.Number `json:"value" strict:"required"`
		Old   string        `json:"old"`
	} `json:"payload" strict:"required"`
}

func (madeUpEvent) Check() error { return nil }

func (a madeUpEvent) Identity() []string {
	if a.Payload.ID == "" {
		return nil
	}
	return []string{a.Payload.ID}
}

func (a madeUpEvent) Group() string { return a.Payload.Who }

func (a madeUpEvent) Deprecated() []string {
	if a.Payload.Old == "" {
		return nil
	}
	return []string{"payload.old"}
}
