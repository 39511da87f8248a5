// Package eventstest gives tests signed samples, and events of a platform without
// naming one.
package eventstest

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Sample is a signed body.
type Sample struct {
	events.Signature
	HeaderValue string // the signature as it is sent's header
	Body        []byte
}

// File is the sample's file in the folder events.
func (s Sample) File() string { return s.Platform + "/" + s.Event + ".json" }

// Samples gives the samples of the platforms in the table.
func Samples(t testing.TB) (all []Sample) {
	t.Helper()
	for _, s := range events.Signatures() {
		body, err := events.Body(s.Platform, s.Event)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Sample{s, value(t, s), body})
	}
	return all
}

// value writes a signature as its platform does.
func value(t testing.TB, s events.Signature) string {
	t.Helper()
	mac, err := hex.DecodeString(s.Hex)
	if err != nil {
		t.Fatal(err)
	}
	if scheme := Platform(t, s.Platform).Scheme; scheme.Encoding == signature.Base64 {
		return scheme.Prefix + base64.StdEncoding.EncodeToString(mac)
	}
	return s.Hex
}

// Of gives one sample.
func Of(t testing.TB, platform, event string) Sample {
	t.Helper()
	all := Samples(t)
	i := slices.IndexFunc(all, func(s Sample) bool { return s.Platform == platform && s.Event == event })
	if i < 0 {
		t.Fatalf("no sample %s of %s", event, platform)
	}
	return all[i]
}

// Platform gives a platform of the table.
func Platform(t testing.TB, name string) providers.Entry {
	t.Helper()
	table := providers.Table()
	i := slices.IndexFunc(table, func(p providers.Entry) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("no platform %s", name)
	}
	return table[i]
}

// Signed makes a sample of a body as its platform would.
func Signed(t testing.TB, platform, name string, body []byte) Sample {
	t.Helper()
	secret := events.Secrets()[platform]
	ring, err := signature.NewKeyring(Platform(t, platform).Scheme, signature.Secret{ID: "1", Value: secret})
	if err != nil {
		t.Fatal(err)
	}
	return Sample{events.Signature{Platform: platform, Event: name, Header: ring.Header(), Secret: secret}, ring.Headers(body, time.Now()).Values(ring.Header())[0], body}
}

// Meter is a platform that reports usage, and a sample of it.
type Meter struct {
	Sample
	webhook.Usage
	Type string // of the event, with its platform
}

// NewMeter gives one, or skips the test where no platform reports usage.
func NewMeter(t testing.TB) Meter {
	t.Helper()
	for _, s := range Samples(t) {
		if m, ok := meter(t, s); ok {
			return m
		}
	}
	t.Skip("no platform reports usage")
	return Meter{}
}

// Tariff is a price list on which a unit of that usage costs a credit; the default
// one where no platform reports usage.
func Tariff(t testing.TB) string {
	for _, s := range Samples(t) {
		if m, ok := meter(t, s); ok {
			return m.Usage.Type + "=1"
		}
	}
	return ""
}

func meter(t testing.TB, s Sample) (Meter, bool) {
	parsed, err := Platform(t, s.Platform).Decode(s.Body)
	reporter, ok := parsed.Payload.(webhook.UsageReporter)
	if err != nil || !ok {
		return Meter{}, false
	}
	usage, err := reporter.Usage()
	return Meter{s, usage, s.Platform + "." + parsed.Type}, err == nil && usage.ID != "" && usage.Whom != "" && !usage.Simulated
}

// Report makes an event that reports other usage: value is a JSON number.
func (m Meter) Report(t testing.TB, id, whom, value string) Sample {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(m.Body))
	decoder.UseNumber()
	var body any
	err := decoder.Decode(&body)
	body = replaced(body, map[any]any{m.ID: id, m.Whom: whom, json.Number(m.Value): json.Number(value)})
	text, encodeErr := json.Marshal(body)
	if err := cmp.Or(err, encodeErr); err != nil {
		t.Fatal(err)
	}
	made := Signed(t, m.Platform, m.Event+" "+id, text)
	if value[0] != '-' {
		if got, ok := meter(t, made); !ok || got.ID != id || got.Whom != whom || got.Value != value {
			t.Fatalf("%s does not report what was asked for", made.Event)
		}
	}
	return made
}

// replaced replaces values in a JSON value.
func replaced(v any, by map[any]any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = replaced(member, by)
		}
	case []any:
		for i, element := range v {
			v[i] = replaced(element, by)
		}
	default:
		if other, ok := by[v]; ok {
			return other
		}
	}
	return v
}
