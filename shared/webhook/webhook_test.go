package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/webhook"
)

func ExampleEvent_Encode() {
	e := webhook.Event{
		ID:     webhook.Identity("gabber", "usage.tracked", "id", "u-1"),
		Source: "/webhooks/gabber",
		Type:   "gabber.usage.tracked",
		Time:   time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC),
		Data:   []byte(`{"type":"usage.tracked"}`),
		Basis:  webhook.ByID,
	}
	var message map[string]any
	if err := json.Unmarshal(e.Encode(), &message); err != nil {
		fmt.Println(err)
	}
	fmt.Println(message["specversion"], message["type"], message["time"])
	fmt.Println(message["data_base64"])
	// Output:
	// 1.0 gabber.usage.tracked 2026-11-21T09:00:00Z
	// eyJ0eXBlIjoidXNhZ2UudHJhY2tlZCJ9
}

func TestIdentityIsFrozen(t *testing.T) {
	// Ledgers store these values for ever: with another derivation every event on its
	// way would be charged again.
	for name, row := range map[string]struct{ got, want string }{
		"usage with an id": {webhook.Identity("gabber", "usage.tracked", "id", "0d8b2f46"), "0d6301793a7cb58e07746a8fb7bbf81104995fe7d6674cde09f3187c9b6eac95"},
		"no parts":         {webhook.Identity("gabber", "usage.tracked"), "3b5f70e54536a94bafad859ff0a3391d26e111c1937b4224fb631a07e3550254"},
	} {
		if row.got != row.want {
			t.Errorf("%s: identity is %s, was %s", name, row.got, row.want)
		}
	}
}

func TestIdentityOfDifferentParts(t *testing.T) {
	seen := map[string]string{}
	for _, parts := range [][]string{
		{"ab", "c"}, {"a", "bc"}, {"abc"}, {"", "abc"}, {"abc", ""}, {"a", "b", "c"}, {},
	} {
		id := webhook.Identity("acme", "usage.tracked", parts...)
		if other, twice := seen[id]; twice {
			t.Errorf("%q and %s have the same identity", parts, other)
		}
		seen[id] = fmt.Sprintf("%q", parts)
	}
	if webhook.Identity("acme", "a") == webhook.Identity("acmea", "") {
		t.Error("route and type run into each other")
	}
}

func TestEncodeKeepsTheEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := webhook.Event{
			ID:     rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, "id"),
			Source: "/webhooks/acme",
			Type:   "acme." + rapid.StringN(1, 20, -1).Draw(t, "type"),
			Time:   time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).UTC(),
			Data:   rapid.SliceOf(rapid.Byte()).Draw(t, "data"),
			Basis:  rapid.SampledFrom([]webhook.Basis{webhook.ByID, webhook.ByBody, webhook.Undecodable}).Draw(t, "basis"),
			KeyID:  rapid.StringMatching(`[0-9]?`).Draw(t, "key"),
			Group:  rapid.StringMatching(`[0-9a-f]{0,32}`).Draw(t, "group"),
			Reason: rapid.String().Draw(t, "reason"),
		}
		message := e.Encode()
		got, err := webhook.DecodeEvent(message)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Data) == 0 && len(e.Data) == 0 {
			got.Data, e.Data = nil, nil
		}
		if !reflect.DeepEqual(got, e) {
			t.Fatalf("event changed: %+v, was %+v", got.LogValue(), e.LogValue())
		}
		for _, b := range message {
			if b < 0x20 || b > 0x7e {
				t.Fatalf("byte %#x is not printable ASCII", b)
			}
		}
	})
}

// Messages on queues and dead letters outlive a release: these bytes never change.
func TestEncodeIsFrozen(t *testing.T) {
	e := webhook.Event{ID: "1", Source: "/webhooks/acme", Type: "acme.<é>", Time: time.Unix(1, 5).UTC(), Basis: webhook.Undecodable, Data: []byte{0xff}, KeyID: "2", Group: "g", Reason: "\xff\u2028\U0001f642\x7f\b&"}
	const attributes = `{"specversion":"1.0","id":"1","source":"/webhooks/acme","type":"acme.<\u00e9>","time":"1970-01-01T00:00:01.000000005Z","identitybasis":"unread","identityversion":"v1",`
	const full = attributes + `"keyid":"2","group":"g","reason":"\ufffd\u2028\ud83d\ude42\u007f\b&","bodysha256":"a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89","data_base64":"/w=="}`
	if got := string(e.Encode()); got != full {
		t.Errorf("encoded as %s\nwas %s", got, full)
	}
	e.KeyID, e.Group, e.Reason, e.Data = "", "", "", nil
	const least = attributes + `"bodysha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}` // CloudEvents has no null
	if got := string(e.Encode()); got != least {
		t.Errorf("encoded as %s\nwas %s", got, least)
	}
}

func TestDecodeEvent(t *testing.T) {
	good := webhook.Event{ID: "1", Source: "/webhooks/acme", Type: "acme.x", Data: []byte("{}"), Basis: webhook.ByID}.Encode()
	change := func(old, new string) []byte { return bytes.Replace(good, []byte(old), []byte(new), 1) }
	for name, row := range map[string]struct {
		message []byte
		want    error
	}{
		"as written":                     {good, nil},
		"an attribute more":              {change(`{`, `{"traceparent":"00-1",`), nil},
		"an attribute twice":             {change(`{`, `{"id":"2",`), webhook.ErrCorrupt},
		"an attribute in another case":   {change(`"id"`, `"ID"`), webhook.ErrCorrupt},
		"a newer CloudEvents version":    {change(`"1.0"`, `"1.1"`), webhook.ErrNewer},
		"a newer identity version":       {change(`"v1"`, `"v2"`), webhook.ErrNewer},
		"the body does not match":        {change(`"e30="`, `"W10="`), webhook.ErrCorrupt},
		"the body is not base64":         {change(`"e30="`, `"%%%"`), webhook.ErrCorrupt},
		"no body hash":                   {change(`bodysha256`, `bodysha512`), webhook.ErrCorrupt},
		"another maker's CloudEvent":     {change(`"identityversion":"v1",`, ``), webhook.ErrCorrupt},
		"no id":                          {change(`"id":"1"`, `"id":""`), webhook.ErrCorrupt},
		"cut":                            {good[:len(good)/2], webhook.ErrCorrupt},
		"not JSON":                       {[]byte("hello"), webhook.ErrCorrupt},
		"JSON of another kind":           {[]byte(`[1]`), webhook.ErrCorrupt},
		"an object that is not an event": {[]byte(`{}`), webhook.ErrCorrupt},
		"null":                           {[]byte(`null`), webhook.ErrCorrupt},
		"nothing":                        {nil, webhook.ErrCorrupt},
	} {
		if _, err := webhook.DecodeEvent(row.message); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
}

func TestLogType(t *testing.T) {
	const secret = "4f1c0b5e9a7d3826e0c4b19f57a2d6833be8f0417c95a6d2180e3b7f64c9d5a1"
	for name, fit := range map[string]bool{
		"usage.tracked": true, "voice.clone_ready": true, "Usage-2": true, "_x": true, "12": true, strings.Repeat("a", 64): true, "a.b.c-d_e": true,
		"call.550e8400-e29b-41d4-a716-446655440000": true,
		"": false, strings.Repeat("a", 65): false, "a b": false, "a/b": false, "a@b.example": false, "+15550109999": false, "a\n": false,
		"é": false, "to\u212aen": false, "<b>": false, "a:b": false, secret: false, secret[:16]: false, "sk_live_" + secret[:24]: false,
	} {
		want := "acme.unknown"
		if fit {
			want = "acme." + name
		}
		e := webhook.Event{Source: "/webhooks/acme", Type: "acme." + name}
		if got := e.LogType(); got != want || !fit && name != "" && strings.Contains(e.String()+e.LogValue().String(), name) {
			t.Errorf("%q: %s and %v, want %s", name, got, e, want)
		}
	}
	if got := (webhook.Event{Source: "/functions/worker", Type: "credits.balance.changed"}).LogType(); got != "credits.balance.changed" {
		t.Error(got)
	}
}

func TestHeaderValues(t *testing.T) {
	h := webhook.Header{"X-Sig": {"a"}, "x-sig": {"b"}, "x-si": {"c"}, "X-\u212aey": {"kelvin"}, "x-key": {"k"}}
	if got := h.Values("X-SIG"); len(got) != 2 {
		t.Errorf("names that differ in case only are one header: got %q", got)
	}
	if got := h.Values("x-key"); len(got) != 1 || got[0] != "k" {
		t.Errorf("the Kelvin sign is not a k: got %q", got)
	}
	if got := webhook.Header(nil).Values("x"); got != nil {
		t.Errorf("no headers hold nothing: got %q", got)
	}
}

func TestPermanentReason(t *testing.T) {
	if reason, ok := webhook.PermanentReason(fmt.Errorf("book: %w", webhook.Permanent("value is negative"))); !ok || reason != "value is negative" {
		t.Errorf("wrapped: %q %v", reason, ok)
	}
	if _, ok := webhook.PermanentReason(errors.New("timeout")); ok {
		t.Error("any other error is permanent")
	}
}

func TestRetryDelay(t *testing.T) {
	cause := errors.New("timeout")
	delayed := fmt.Errorf("push: %w", webhook.RetryAfter(time.Minute, cause))
	if webhook.RetryDelay(delayed) != time.Minute || !errors.Is(delayed, cause) || webhook.RetryDelay(cause) != 0 {
		t.Errorf("%v and %v", webhook.RetryDelay(delayed), webhook.RetryDelay(cause))
	}
}

func TestEventAndDeliveryHideTheBody(t *testing.T) {
	const canary = "robin@example.com"
	e := webhook.Event{ID: "0123456789", Type: "acme.lead", Data: []byte(canary)}
	d := webhook.Delivery{ID: "7", Body: []byte(canary), Header: webhook.Header{"X": {canary}}}
	for _, text := range []string{fmt.Sprint(e), fmt.Sprintf("%v %s", e, e), e.LogValue().String(),
		fmt.Sprint(d), fmt.Sprintf("%v", d), d.LogValue().String()} {
		if strings.Contains(text, canary) {
			t.Errorf("printed: %s", text)
		}
	}
}

func TestFollowUp(t *testing.T) {
	cause := webhook.Event{ID: "abc", Time: time.Unix(1, 0)}
	first := webhook.FollowUp("worker", "credits.balance.changed", cause, "u1", []byte("{}"))
	again := webhook.FollowUp("worker", "credits.balance.changed", cause, "u1", []byte("{}"))
	other := webhook.FollowUp("worker", "credits.balance.changed", cause, "u2", []byte("{}"))
	if first.ID != again.ID || first.ID == other.ID {
		t.Error("the identity of a follow-up follows from its cause and what it is about")
	}
	if first.Provider() != "" || (webhook.Event{Source: "/webhooks/acme"}).Provider() != "acme" {
		t.Error("only a webhook's event has a provider")
	}
}

func TestEach(t *testing.T) {
	fail := errors.New("no")
	handle := webhook.Each("done", func(_ context.Context, e webhook.Event) ([]webhook.Event, error) {
		if e.ID == "2" {
			return nil, fail
		}
		return []webhook.Event{{ID: e.ID + "f"}}, nil
	})
	results := handle(t.Context(), []webhook.Event{{ID: "1"}, {ID: "2"}, {ID: "3"}})
	if results[0].FollowUps[0].ID != "1f" || results[1].Err != fail || results[2].FollowUps[0].ID != "3f" {
		t.Errorf("results: %+v", results)
	}
}

func TestNoSooner(t *testing.T) {
	soon, cause := webhook.RetryAfter(time.Second, errors.New("busy")), errors.New("down")
	late := webhook.RetryAfter(time.Minute, errors.New("unknown"))
	for _, c := range []struct {
		name       string
		err, other error
		want       time.Duration
	}{
		{"the other one has no delay", soon, cause, time.Second},
		{"there is no other one", soon, nil, time.Second},
		{"the other one has the longer delay", soon, late, time.Minute},
		{"the other one has the shorter delay", late, soon, time.Minute},
		{"only the other one has a delay", cause, late, time.Minute},
	} {
		if got := webhook.NoSooner(c.err, c.other); webhook.RetryDelay(got) != c.want || !errors.Is(got, c.err) || got.Error() != c.err.Error() {
			t.Errorf("%s: %v after %v", c.name, got, webhook.RetryDelay(got))
		}
	}
}

func TestBoth(t *testing.T) {
	transient, permanent := errors.New("later"), webhook.Permanent("never")
	for _, c := range []struct {
		name                string
		first, second, want error
	}{
		{"both are done", nil, nil, nil},
		{"the first one has failed for good", permanent, nil, permanent},
		{"the second one has failed for good", nil, permanent, permanent},
		{"the first one is tried again", transient, nil, transient},
		{"the second one is tried again", nil, transient, transient},
		{"the first one is tried again, the second one has failed for good", transient, permanent, transient},
		{"the first one has failed for good, the second one is tried again", permanent, transient, transient},
		{"the second one is tried again later than the first one", transient, webhook.RetryAfter(time.Minute, errors.New("unknown")), transient},
	} {
		gives := func(name string, err error) webhook.BatchHandler {
			return webhook.Reaction(func(context.Context, webhook.Event) webhook.Result {
				return webhook.Result{Outcome: name, Err: err, FollowUps: []webhook.Event{{ID: name}}}
			}).Each()
		}
		got := webhook.Both(gives("first", c.first), gives("second", c.second))(t.Context(), make([]webhook.Event, 2))
		for _, r := range got {
			if !errors.Is(r.Err, c.want) || webhook.RetryDelay(r.Err) != max(webhook.RetryDelay(c.first), webhook.RetryDelay(c.second)) || r.Outcome != "second" || len(r.FollowUps) != 2 || r.FollowUps[0].ID != "first" {
				t.Errorf("%s: %+v", c.name, r)
			}
		}
	}
}
