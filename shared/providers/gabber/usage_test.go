package gabber_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestParseUsageTracked_values(t *testing.T) {
	for _, c := range []struct{ value, want, reason string }{
		{"30", "30", ""},
		{"0", "0", ""},
		{"-0", "0", ""},
		{"-0.0", "0", ""},
		{"0.1", "0.1", ""},
		{"12.345678", "12.345678", ""},
		{"12.3456785", "12.3456785", ""},
		{"12.3456775", "12.3456775", ""},
		{"1e-7", "0.0000001", ""},
		{"3e1", "30", ""},
		{"12.0", "12", ""},
		{"604800", "604800", ""},
		{"604800.000001", "", "payload.value is above the limit of one event"},
		{"604801", "", "payload.value is above the limit of one event"},
		{"-30", "", "payload.value is negative"},
		{"-0.0000001", "", "payload.value is negative"},
		{"1e400", "", "payload.value is out of range"},
		{"1e1000000", "", "payload.value is out of range"},
		{"1e-1000000", "", "payload.value is out of range"},
		{"9007199254740993", "", "payload.value is above the limit of one event"},
		{"9223372036854775807", "", "payload.value is above the limit of one event"},
		{"9223372036854775808", "", "payload.value is above the limit of one event"},
		{"18446744073709551616", "", "payload.value is above the limit of one event"},
		{"1" + strings.Repeat("0", 100), "", "payload.value is out of range"},
		{`"30"`, "", "payload.value is not a number"},
		{`" 30 "`, "", "payload.value is not a number"},
		{`""`, "", "payload.value is not a number"},
		{"null", "", "payload.value is null"},
		{"true", "", "payload.value is not a number"},
		{"[30]", "", "payload.value is not a number"},
		{`{"$numberLong":"30"}`, "", "payload.value is not a number"},
		{"0x1E", "", "not JSON"},
		{"030", "", "not JSON"},
		{"+30", "", "not JSON"},
		{".5", "", "not JSON"},
		{"5.", "", "not JSON"},
		{"1_000", "", "not JSON"},
		{"1,000", "", "not JSON"},
		{"٣٠", "", "not JSON"},
	} {
		t.Run(c.value, func(t *testing.T) {
			u, err := gabber.ParseUsageTracked([]byte(usage(`"value":` + c.value)))
			if c.reason != "" {
				if err == nil || !strings.Contains(err.Error(), c.reason) {
					t.Fatalf("reason is %v, want %q", err, c.reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if units, err := u.Units(); err != nil || units.String() != c.want || string(u.Value) != c.value {
				t.Errorf("got %s from %s, error %v", units, u.Value, err)
			}
		})
	}
}

func TestParseUsageTracked_withoutAValue(t *testing.T) {
	_, err := gabber.ParseUsageTracked([]byte(usage(`"human":"a"`)))
	if err == nil || err.Error() != "payload.value is missing" {
		t.Errorf("reason is %v", err)
	}
}

func TestParseUsageTracked_limits(t *testing.T) {
	for _, c := range []struct {
		usage string
		value int64
		ok    bool
	}{
		{"conversational_seconds", gabber.MaxSeconds, true},
		{"voice_synthesis_seconds", gabber.MaxSeconds, true},
		{"voice_synthesis_seconds", gabber.MaxSeconds + 1, false},
		{"seconds_of_tomorrow", gabber.MaxSeconds + 1, true},
		{"token_cnt", gabber.MaxSeconds + 1, true},
		{"token_cnt", gabber.MaxUnits, true},
		{"token_cnt", gabber.MaxUnits + 1, false},
		{"memory_message_cnt", gabber.MaxUnits, true},
		{"invented_tomorrow", 1, true},
	} {
		body := fmt.Appendf(nil, `{"type":"usage.tracked","payload":{"type":%q,"value":%d}}`, c.usage, c.value)
		if _, err := gabber.ParseUsageTracked(body); (err == nil) != c.ok {
			t.Errorf("%s %d: error %v", c.usage, c.value, err)
		}
	}
}

func TestParseUsageTracked_type(t *testing.T) {
	for members, want := range map[string]string{
		`"value":30`:               "payload.type is missing",
		`"value":30,"type":null`:   "payload.type is null",
		`"value":30,"type":""`:     "payload.type is empty",
		`"value":30,"type":7`:      "payload.type is not a string",
		`"value":30,"type":"a\nb"`: "payload.type contains a control character",
		`"value":30,"type":"` + strings.Repeat("a", 129) + `"`: "payload.type is longer than 128 bytes",
	} {
		_, err := gabber.ParseUsageTracked([]byte(`{"type":"usage.tracked","payload":{` + members + `}}`))
		if err == nil || err.Error() != want {
			t.Errorf("reason is %v, want %q", err, want)
		}
	}
}

func TestUsage_whom(t *testing.T) {
	long := strings.Repeat("a", 256)
	for _, c := range []struct{ name, members, want, reason string }{
		{"neither", `"value":1`, "", ""},
		{"human", `"value":1,"human":"u1"`, "u1", ""},
		{"human_id", `"value":1,"human_id":"u1"`, "u1", ""},
		{"both, equal", `"value":1,"human":"u1","human_id":"u1"`, "u1", ""},
		{"both, different", `"value":1,"human":"u1","human_id":"u2"`, "", "payload.human and payload.human_id name two customers"},
		{"both, different in case", `"value":1,"human":"u1","human_id":"U1"`, "", "payload.human and payload.human_id name two customers"},
		{"empty", `"value":1,"human":""`, "", ""},
		{"null", `"value":1,"human":null,"human_id":null`, "", ""},
		{"human empty", `"value":1,"human":"","human_id":"u1"`, "u1", ""},
		{"human null", `"value":1,"human":null,"human_id":"u1"`, "u1", ""},
		{"human_id empty", `"value":1,"human":"u1","human_id":""`, "u1", ""},
		{"number", `"value":1,"human":7`, "", "payload.human is not a string"},
		{"object", `"value":1,"human_id":{"id":"u1"}`, "", "payload.human_id is not a string"},
		{"256 bytes", `"value":1,"human":"` + long + `"`, long, ""},
		{"257 bytes", `"value":1,"human":"a` + long + `"`, "", "payload.human is longer than 256 bytes"},
		{"path", `"value":1,"human":"users/../admin"`, "users/../admin", ""},
		{"dot", `"value":1,"human":"."`, ".", ""},
		{"reserved name", `"value":1,"human":"__x__"`, "__x__", ""},
		{"sentinel", `"value":1,"human":"anonymous"`, "anonymous", ""},
		{"space at the end", `"value":1,"human":"u1 "`, "u1 ", ""},
		{"composed", `"value":1,"human":"é"`, "\u00e9", ""},
		{"decomposed", `"value":1,"human":"` + "e\u0301" + `"`, "e\u0301", ""},
		{"forged log line", `"value":1,"human":"u1\nlevel=ERROR"`, "", "payload.human contains a control character"},
		{"DEL in human_id", `"value":1,"human_id":"u1\u007f"`, "", "payload.human_id contains a control character"},
		{"project too long", `"value":1,"project":"a` + long + `"`, "", "payload.project is longer than 256 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, err := gabber.ParseUsageTracked([]byte(usage(c.members)))
			if c.reason != "" {
				if err == nil || err.Error() != c.reason {
					t.Fatalf("reason is %v, want %q", err, c.reason)
				}
				return
			}
			if err != nil || u.Account() != c.want {
				t.Errorf("account %q, error %v", u.Account(), err)
			}
		})
	}
}

func TestIdentity_usage(t *testing.T) {
	long := strings.Repeat("a", 256)
	for _, c := range []struct {
		name, members string
		want          []string
		reason        string
	}{
		{"id", `"value":1,"id":"x"`, []string{"x"}, ""},
		{"missing", `"value":1`, nil, ""},
		{"empty", `"value":1,"id":""`, nil, ""},
		{"null", `"value":1,"id":null`, nil, ""},
		{"number", `"value":1,"id":7`, nil, "payload.id is not a string"},
		{"object", `"value":1,"id":{}`, nil, "payload.id is not a string"},
		{"256 bytes", `"value":1,"id":"` + long + `"`, []string{long}, ""},
		{"257 bytes", `"value":1,"id":"a` + long + `"`, nil, "payload.id is longer than 256 bytes"},
		{"the docs' oldest form", `"value":1,"human_id":"u1"`, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			parsed, err := gabber.Decode([]byte(usage(c.members)))
			if c.reason != "" {
				if err == nil || err.Error() != c.reason {
					t.Fatalf("reason is %v, want %q", err, c.reason)
				}
				return
			}
			if err != nil || !parsed.Known || !reflect.DeepEqual(parsed.Identity, c.want) {
				t.Errorf("identity %q, error %v", parsed.Identity, err)
			}
		})
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
		if got, want := identity(t, body), identity(t, same[0]); got != want {
			t.Errorf("identity of %s differs", body)
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

func identity(t *testing.T, body string) string {
	t.Helper()
	parsed, err := gabber.Decode([]byte(body))
	if err != nil || parsed.Identity == nil {
		t.Fatalf("no identity, error %v", err)
	}
	return webhook.Identity("gabber", parsed.Type, parsed.Identity...)
}

func TestUsage_simulated(t *testing.T) {
	for members, want := range map[string]bool{
		`"value":1`:                                       false,
		`"value":1,"simulated":true`:                      true,
		`"value":1,"metadata":{"simulated":true}`:         true,
		`"value":1,"extra":{"a":1, "simulated" : true}`:   true,
		`"value":1,"simulated":false`:                     false,
		`"value":1,"simulated":"true"`:                    false,
		`"value":1,"simulated":1`:                         false,
		`"value":1,"simulated":null`:                      false,
		`"value":1,"metadata":{"Simulated":true}`:         false,
		`"value":1,"metadata":["simulated",true]`:         false,
		`"value":1,"metadata":{"x":{"simulated":true}}`:   false,
		`"value":1,"metadata":null,"extra":"simulated"`:   false,
		`"value":1,"metadata":{"simulated":[true,false]}`: false,
	} {
		u, err := gabber.ParseUsageTracked([]byte(usage(members)))
		if err != nil || u.Simulated() != want {
			t.Errorf("%s: %v, error %v", members, u.Simulated(), err)
		}
	}
}
