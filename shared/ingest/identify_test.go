package ingest_test

import (
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ingest/ingesttest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

var nine = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func identify(body string) webhook.Event {
	e := ingest.Identify(ingesttest.MadeUp.Provider, []byte(body), nine, signature.Verified{KeyID: "1"})
	return e
}

// Identities are kept in ledgers for ever. If one of these changes, every event
// on its way is charged again.
func TestIdentify_frozen(t *testing.T) {
	for _, row := range []struct {
		name, body string
		basis      webhook.Basis
		id         string
	}{
		{"by id", usage, webhook.ByID, "04f81f2c"},
		{"by bytes", `{"type":"thing.made","payload":{"value":30}}`, webhook.ByBody, "e068ae42"},
		{"a type without a Go type", `{"type":"foo.bar","payload":{}}`, webhook.ByBody, "f0de36e2"},
		{"unreadable", `not json`, webhook.Undecodable, "ad5f9c79"},
		{"readable as far as its type", `{"type":"thing.made","payload":null}`, webhook.Undecodable, "8fa1c8ed"},
	} {
		e := identify(row.body)
		if e.Basis != row.basis || webhook.ShortID(e.ID) != row.id {
			t.Errorf("%s: identity %s by %s, was %s by %s", row.name, webhook.ShortID(e.ID), e.Basis, row.id, row.basis)
		}
	}
}

// The signed id is the delivery's: it stands in only where the body names no event.
func TestIdentify_signedID(t *testing.T) {
	idless, unread := `{"type":"thing.made","payload":{"value":30}}`, `not json`
	signed := func(body, id string) webhook.Event {
		return ingest.Identify(ingesttest.MadeUp.Provider, []byte(body), nine, signature.Verified{KeyID: "1", ID: id})
	}
	for _, row := range []struct {
		name string
		a, b webhook.Event
		same bool
	}{
		{"the body's id goes first", signed(usage, "msg_1"), signed(usage, "msg_2"), true},
		{"and is what it was without one", signed(usage, "msg_1"), identify(usage), true},
		{"without it the deliveries are two", signed(idless, "msg_1"), signed(idless, "msg_2"), false},
		{"or one, in other bytes", signed(idless, "msg_1"), signed(idless+" ", "msg_1"), true},
		{"a signed id is no id of a body", signed(idless, "1"), signed(usage, "1"), false},
		{"a body that cannot be read is known by its bytes", signed(unread, "msg_1"), signed(unread, "msg_2"), true},
	} {
		if (row.a.ID == row.b.ID) != row.same {
			t.Errorf("%s: identities %s and %s", row.name, webhook.ShortID(row.a.ID), webhook.ShortID(row.b.ID))
		}
	}
	if e := signed(idless, "msg_1"); e.Basis != webhook.ByID {
		t.Errorf("basis %s", e.Basis)
	}
	// Redriven, an event is what it would have been: the signed id and what is covered travel with it.
	letter := signed(unread, "msg_1")
	letter.Data, letter.Uncovered = []byte(idless), true
	sent, err := webhook.DecodeEvent(letter.Encode())
	if err != nil {
		t.Fatal(err)
	}
	read, err := ingest.Redecode(ingest.Routes(ingesttest.MadeUp.Provider))(sent)
	if err != nil || read.ID != signed(idless, "msg_1").ID || !read.Uncovered {
		t.Errorf("redriven: identity %s, uncovered %t, %v", webhook.ShortID(read.ID), read.Uncovered, err)
	}
}

func TestIdentify_uncovered(t *testing.T) {
	for covers, want := range map[signature.Coverage]bool{signature.CoversBody: false, signature.CoversPart: true, signature.CoversNothing: true} {
		if e := ingest.Identify(ingesttest.MadeUp.Provider, []byte(usage), nine, signature.Verified{Covers: covers}); e.Uncovered != want {
			t.Errorf("covers %q: uncovered %t", covers, e.Uncovered)
		}
	}
}

func TestIdentify(t *testing.T) {
	idless := `{"type":"thing.made","payload":{"value":30}}`
	for _, row := range []struct {
		name string
		a, b string
		same bool
	}{
		{"the bytes do not matter where there is an id", usage, usage + " ", true},
		{"nor does the value: that is the fingerprint's business", usage, `{"type":"thing.made","payload":{"id":"1","value":1}}`, true},
		{"another id", usage, `{"type":"thing.made","payload":{"id":"2","value":30,"who":"canary"}}`, false},
		{"without an id every byte matters", idless, idless + " ", false},
		{"without an id the same bytes are the same event", idless, idless, true},
		{"the type is part of it", `{"type":"thing.made","payload":{"id":"1","value":1}}`, `{"type":"thing.broken","payload":{"id":"1","value":1}}`, false},
		{"an id is not a hash of bytes", `not json`, `{"type":"a","payload":{}}`, false},
	} {
		if a, b := identify(row.a), identify(row.b); (a.ID == b.ID) != row.same {
			t.Errorf("%s: identities %s and %s", row.name, webhook.ShortID(a.ID), webhook.ShortID(b.ID))
		}
	}
}

func TestIdentify_dependsOnTheBodyAlone(t *testing.T) {
	for _, entry := range providers.Table() {
		for _, name := range events.Names(entry.Name) {
			body, err := events.Body(entry.Name, name)
			if err != nil {
				t.Fatal(err)
			}
			a := ingest.Identify(entry.Provider, body, nine, signature.Verified{KeyID: "1"})
			b := ingest.Identify(entry.Provider, body, nine.Add(400*24*time.Hour), signature.Verified{KeyID: "2"})
			if a.ID != b.ID || a.Reason != "" {
				t.Errorf("%s %s: identities %s and %s, reason %q", entry.Name, name, a.ID, b.ID, a.Reason)
			}
		}
	}
}

// Once the decoder is fixed and the dead letters are sent back, they become what
// they would have been, as of the time when they arrived.
func TestRedecode(t *testing.T) {
	broken := ingesttest.MadeUp.Provider
	broken.Decode = func([]byte) (webhook.Parsed, error) { panic("not yet fixed") }
	letter := ingest.Identify(broken, []byte(usage), nine, signature.Verified{KeyID: "2"})
	if letter.Basis != webhook.Undecodable || letter.Reason == "" {
		t.Fatalf("letter %+v", letter)
	}
	want := ingest.Identify(ingesttest.MadeUp.Provider, []byte(usage), nine, signature.Verified{KeyID: "2"})
	got, err := ingest.Redecode(madeUpRoute)(letter)
	if err != nil || got.ID != want.ID || got.Basis != webhook.ByID || !got.Time.Equal(nine) || got.KeyID != "2" || got.Reason != "" {
		t.Errorf("got %+v and %v, want %+v", got, err, want)
	}
}

func TestRedecode_permanentErrors(t *testing.T) {
	for name, e := range map[string]webhook.Event{
		"still unreadable":     identify(`not json`),
		"an unknown platform":  {Source: "/webhooks/nope", Data: []byte(usage)},
		"an event of our own":  {Source: "/functions/worker", Data: []byte(usage)},
		"a platform's subpath": {Source: "/webhooks/made-up/x", Data: []byte(usage)},
	} {
		_, err := ingest.Redecode(madeUpRoute)(e)
		if _, permanent := webhook.PermanentReason(err); !permanent {
			t.Errorf("%s: %v, want a permanent error", name, err)
		}
	}
}
