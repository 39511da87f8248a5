package handlers_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/providers/protocol"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

// acme is a made-up platform: it reports usage, and its other events are of the
// dialect of package protocol.
var acme = func() webhook.Provider {
	p := protocol.Platform("acme", "X-Acme-Signature").Provider
	others := p.Decode
	p.Decode = func(body []byte) (webhook.Parsed, error) {
		var event struct {
			Type    string
			Payload acmeUsage
		}
		if err := json.Unmarshal(body, &event); err != nil || event.Type != "usage.tracked" {
			return others(body)
		}
		parsed := webhook.Parsed{Type: event.Type, Known: true, Payload: event.Payload}
		if event.Payload.ID != "" {
			parsed.Identity = []string{"usage", event.Payload.ID}
		}
		return parsed, nil
	}
	return p
}()

type acmeUsage struct {
	ID, Type, Human, Project string
	Value                    json.Number
	Metadata                 struct{ Simulated bool }
}

// Usage implements [webhook.UsageReporter].
func (u acmeUsage) Usage() (webhook.Usage, error) {
	value, err := strict.ParseDecimal(string(u.Value))
	return webhook.Usage{ID: u.ID, Whom: u.Human, Project: u.Project, Type: u.Type, Value: string(u.Value),
		Simulated: u.Metadata.Simulated, Meaning: []string{u.Human, u.Type, value.String()}}, err
}

// received makes the event of a body received by the route of a platform of the
// table, or of acme.
func received(t *testing.T, provider, body string, after time.Duration) webhook.Event {
	t.Helper()
	p := acme
	if entry, ok := providers.Table().Named(provider); ok {
		p = entry.Provider
	}
	e := ingest.Identify(p, []byte(body), nine.Add(after), "1")
	if e.Reason != "" || p.Name != provider {
		t.Fatalf("%s: %s", provider, e.Reason)
	}
	return e
}
