package gabber_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/webhook"
)

// usage is a usage.tracked of conversational seconds with these other members.
func usage(members string) string {
	return `{"type":"usage.tracked","payload":{"type":"conversational_seconds",` + members + `}}`
}

func usageOf(t *testing.T, body string) webhook.Usage {
	t.Helper()
	parsed, err := gabber.Decode([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	used, err := parsed.Payload.(webhook.UsageReporter).Usage()
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return used
}

// What usage costs is in the catalogue of bad input.
func TestUsage(t *testing.T) {
	const one = `"value":1`
	for name, c := range map[string]struct {
		members string
		want    webhook.Usage
		meaning string // of the value
	}{
		"all of it": {`"value":30,"id":"x","human":"u1","project":"p","metadata":{"realtime_session":"s"},"simulated":true`,
			webhook.Usage{ID: "x", Whom: "u1", Project: "p", Session: "s", Value: "30", Simulated: true}, "30"},
		"the value as it was written":          {`"value":12.50e1`, webhook.Usage{Value: "12.50e1"}, "125"},
		"below zero by its sign alone":         {`"value":-0.0`, webhook.Usage{Value: "-0.0"}, "0"},
		"a value that a float64 would round":   {`"value":0.1000000000000000055`, webhook.Usage{Value: "0.1000000000000000055"}, "0.1000000000000000055"},
		"human_id":                             {one + `,"human_id":"u1"`, webhook.Usage{Whom: "u1", Value: "1"}, "1"},
		"both":                                 {one + `,"human":"u1","human_id":"u1"`, webhook.Usage{Whom: "u1", Value: "1"}, "1"},
		"an empty human beside human_id":       {one + `,"human":"","human_id":"u1"`, webhook.Usage{Whom: "u1", Value: "1"}, "1"},
		"null beside human_id":                 {one + `,"human":null,"human_id":"u1"`, webhook.Usage{Whom: "u1", Value: "1"}, "1"},
		"a human byte for byte":                {one + `,"human":"users/../Admin é "`, webhook.Usage{Whom: "users/../Admin é ", Value: "1"}, "1"},
		"a session under its second name":      {one + `,"extra":{"realtime_session_id":"s"}`, webhook.Usage{Session: "s", Value: "1"}, "1"},
		"a session that is no id":              {one + `,"metadata":{"session":"s\n"}`, webhook.Usage{Value: "1"}, "1"},
		"simulated in metadata":                {one + `,"metadata":{"simulated":true}`, webhook.Usage{Value: "1", Simulated: true}, "1"},
		"simulated in extra":                   {one + `,"extra":{"a":1, "simulated" : true}`, webhook.Usage{Value: "1", Simulated: true}, "1"},
		"simulated: false":                     {one + `,"simulated":false`, webhook.Usage{Value: "1"}, "1"},
		"simulated: a text":                    {one + `,"simulated":"true"`, webhook.Usage{Value: "1"}, "1"},
		"simulated: a number":                  {one + `,"simulated":1`, webhook.Usage{Value: "1"}, "1"},
		"simulated under another key":          {one + `,"metadata":{"Simulated":true}`, webhook.Usage{Value: "1"}, "1"},
		"simulated deep inside":                {one + `,"metadata":{"x":{"simulated":true}}`, webhook.Usage{Value: "1"}, "1"},
		"simulated as a word of a list":        {one + `,"metadata":["simulated",true],"extra":"simulated"`, webhook.Usage{Value: "1"}, "1"},
		"simulated: a list":                    {one + `,"metadata":{"simulated":[true,false]}`, webhook.Usage{Value: "1"}, "1"},
		"members of tomorrow, and of attacks":  {one + `,"rate":{},"credits":-999,"balance":1e9,"__proto__":{"value":2},"$ref":"#","toKen":1`, webhook.Usage{Value: "1"}, "1"},
		"a type of tomorrow, whatever the key": {one + `,"Type":"other","Value":7`, webhook.Usage{Value: "1"}, "1"},
	} {
		c.want.Type, c.want.Meaning = "conversational_seconds", []string{c.want.Whom, "conversational_seconds", c.meaning}
		if got := usageOf(t, usage(c.members)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q of %q under %q in %q, simulated %v, meaning %q", name, got.Value, got.Whom, got.ID, got.Session, got.Simulated, got.Meaning)
		}
	}
}

// The reason goes to the dead letters, so it is part of what is tested.
func TestDecode_unusableUsage(t *testing.T) {
	long := strings.Repeat("a", 257)
	for members, want := range map[string]string{
		`"human":"a"`:                              "payload.value is missing",
		`"Value":30`:                               "payload.value is missing",
		`"value":null`:                             "payload.value is null",
		`"value":"30"`:                             "payload.value is not a number",
		`"value":-0.0000001`:                       "payload.value is negative",
		`"value":1e-1000000`:                       "payload.value is out of range",
		`"value":604800.000001`:                    "payload.value is above the limit of one event",
		`"value":1,"human":"u1","human_id":"U1"`:   "payload.human and payload.human_id name two customers",
		`"value":1,"human":7`:                      "payload.human is not a string",
		`"value":1,"human_id":{"id":"u1"}`:         "payload.human_id is not a string",
		`"value":1,"human":"` + long + `"`:         "payload.human is longer than 256 bytes",
		`"value":1,"human":"u1\nlevel=ERROR"`:      "payload.human contains a control character",
		`"value":1,"human_id":"u1\u007f"`:          "payload.human_id contains a control character",
		`"value":1,"project":"` + long + `"`:       "payload.project is longer than 256 bytes",
		`"value":1,"id":7`:                         "payload.id is not a string",
		`"value":1,"id":"` + long + `"`:            "payload.id is longer than 256 bytes",
		`"value":1,"id":"a\u0000"`:                 "payload.id contains a control character",
		`"value":1,"x":[{"y":1,"y":2}]`:            "duplicate key",
		`"value":1,"value":2`:                      "duplicate key",
		`"value":1,"\u0076alue":2`:                 "duplicate key",
		`"value":1` + `}} {"type":"x","payload":{`: "not JSON",
	} {
		parsed, err := gabber.Decode([]byte(usage(members)))
		if err == nil || !strings.Contains(err.Error(), want) || parsed.Known || parsed.Payload != nil {
			t.Errorf("%s: reason is %v, want %q", members, err, want)
		}
	}
	for members, want := range map[string]string{
		``:                        "payload.type is missing",
		`,"type":null`:            "payload.type is null",
		`,"type":""`:              "payload.type is empty",
		`,"type":7`:               "payload.type is not a string",
		`,"type":"a\nb"`:          "payload.type contains a control character",
		`,"type":"` + long + `"`:  "payload.type is longer than 128 bytes",
		`,"type":"a","value":"x"`: "duplicate key",
	} {
		if parsed, err := gabber.Decode([]byte(`{"type":"usage.tracked","payload":{"value":30` + members + `}}`)); err == nil || !strings.Contains(err.Error(), want) || parsed.Known {
			t.Errorf("%s: reason is %v, want %q", members, err, want)
		}
	}
}

func TestDecode_usageLimits(t *testing.T) {
	const week, billion = 604800, 1_000_000_000
	for _, c := range []struct {
		usage string
		value int64
		ok    bool
	}{
		{"conversational_seconds", week, true},
		{"voice_synthesis_seconds", week, true},
		{"voice_synthesis_seconds", week + 1, false},
		{"seconds_of_tomorrow", week + 1, true},
		{"token_cnt", billion, true},
		{"token_cnt", billion + 1, false},
		{"invented_tomorrow", billion, true},
	} {
		body := fmt.Appendf(nil, `{"type":"usage.tracked","payload":{"type":%q,"value":%d}}`, c.usage, c.value)
		if _, err := gabber.Decode(body); (err == nil) != c.ok {
			t.Errorf("%s %d: error %v", c.usage, c.value, err)
		}
	}
}

// A sender may write the same event in other bytes when it tries again.
func TestIdentity_otherBytes(t *testing.T) {
	same := []string{
		usage(`"id":"x","value":30,"human":"u1"`),
		usage(`"human":"u1","value":30.0,"id":"x"`),
		" \n" + usage(`"value" : 3e1, "human_id":"u1", "id":"\u0078"`),
		usage(`"id":"x","value":31,"human":"u2"`), // a conflict; the ledger's to find
	}
	for _, body := range same {
		if got, want := identity(t, body), identity(t, same[0]); got != want || got == "" {
			t.Errorf("identity of %s differs", body)
		}
	}
	for _, members := range []string{`"value":1`, `"value":1,"id":""`, `"value":1,"id":null`} {
		if identity(t, usage(members)) != "" {
			t.Errorf("%s has an identity beside its bytes", members)
		}
	}
}

func TestIdentity_otherEvents(t *testing.T) {
	state := func(id, from, to string) string {
		return fmt.Sprintf(`{"type":"realtime_session.state_changed","payload":{"previous_realtime_session":{"id":"p","state":%q},"current_realtime_session":{"id":%q,"state":%q}}}`, from, id, to)
	}
	seen := map[string]string{}
	for _, body := range []string{
		usage(`"id":"a","value":1`),
		usage(`"id":"b","value":1`),
		usage(`"id":"A","value":1`),
		`{"type":"tool.calls_started","payload":{"group":"a"}}`,
		`{"type":"tool.calls_finished","payload":{"group":"a"}}`,
		`{"type":"realtime_session.time_limit_exceeded","payload":{"session":"a"}}`,
		`{"type":"realtime_session.message_committed","payload":{"message":{"id":"a"}}}`,
		state("a", "x", "ended"),
		state("a", "x", "in_progress"),
		state("a", "ax", "ended"),
		state("aa", "x", "ended"),
	} {
		id := identity(t, body)
		if seen[id] != "" {
			t.Errorf("%s and %s have one identity", seen[id], body)
		}
		seen[id] = body
	}
}

// identity is empty where only the body tells events apart.
func identity(t *testing.T, body string) string {
	t.Helper()
	parsed, err := gabber.Decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Identity == nil {
		return ""
	}
	return webhook.Identity("gabber", parsed.Type, parsed.Identity...)
}
