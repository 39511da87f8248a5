package handlers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/providers/gabber"
)

func usageTracked(payload string) string { return `{"type":"usage.tracked","payload":` + payload + `}` }

// What was booked is found again by its id and known by its fingerprint, after years
// and by any later release: with another derivation a redelivery would be charged
// again, or be a conflict. So is a debit by its key.
func TestCreditsDeduct_storedGabber(t *testing.T) {
	suspense := accounts.Suspense("gabber", "p")
	for _, row := range []struct{ name, account, payload, id, fingerprint, debit string }{
		{"usage with an id", "u1", `{"id":"1","type":"conversational_seconds","value":30.0,"human":"u1","project":"p"}`,
			"8190dcb5e0322df2ac358ce46761c1ca779f233f801ee168e0f4cb70bd52eb54", "926c20defea5f3e96dce5c4ea9914eb4ff0941db9588ec8d586b4bd2a4621fe6",
			`{"credit":"gold","human":"u1","amount":-30,"key":"gabber:usage:1"}`},
		{"usage without an id", "u1", `{"type":"conversational_seconds","value":4,"human_id":"u1"}`,
			"644bc30c8f98e11bc8e3cfbdc21628f916b00fe1561701a642e3b41e3ea0e395@2026-11-21T09:00:00Z", "c3c00dffb2db782251dfe3e0d812aabc42ddab5e149eb870cc2b4f818d50de48",
			`{"credit":"gold","human":"u1","amount":-4,"key":"gabber:usage:body:644bc30c8f98e11bc8e3cfbdc21628f916b00fe1561701a642e3b41e3ea0e395"}`},
		{"usage of no human", suspense, `{"id":"1","type":"conversational_seconds","value":30,"human":"","project":"p"}`,
			"8190dcb5e0322df2ac358ce46761c1ca779f233f801ee168e0f4cb70bd52eb54", "998e622e495852236dac44c4b06a30a74cfae7cdecb0c91ff9e63395284fc833", ""},
	} {
		w := newWorld(t, map[string]string{"GABBER_LEDGER": "beside", "GABBER_CREDIT": "gold"})
		r := w.handle(t, receivedFrom(t, "gabber", usageTracked(row.payload), 0))
		entries, _, err := w.books.Statement(t.Context(), row.account, "", 10)
		if err != nil || len(entries) != 1 || entries[0].ID != row.id || entries[0].Fingerprint != row.fingerprint {
			t.Errorf("%s: booked %+v (%v)", row.name, entries, err)
		}
		if got := strings.Join(of(followups.VendorDebit, r), " "); got != row.debit {
			t.Errorf("%s: debit %s", row.name, got)
		}
	}
}

func TestSettingsFromEnv_gabber(t *testing.T) {
	expectFault(t, "GABBER_LEDGER", map[string]string{"GABBER_LEDGER": "beside"})
	expectFault(t, "GABBER_LEDGER", map[string]string{"GABBER_LEDGER": "yes", "GABBER_CREDIT": "gold"})
	for mode, want := range map[string]VendorLedger{"": {}, "off": {}, "beside": {"gabber", "gold", false}, "instead": {"gabber", "gold", true}} {
		if w := newWorld(t, map[string]string{"GABBER_LEDGER": mode, "GABBER_CREDIT": "gold"}); w.settings.Credits.Vendor != want {
			t.Errorf("%q: %+v", mode, w.settings.Credits.Vendor)
		}
	}
}

// A session that Gabber reported as simulated is known to its usage.
func TestCreditsDeduct_simulatedGabber(t *testing.T) {
	w := newWorld(t, map[string]string{"EXCLUDE_SIMULATED": "true"})
	w.outcome(t, state(t, newCall, 0))
	const used = `{"id":"1","type":"conversational_seconds","value":4,"human":"u1","metadata":{"realtime_session":"s1"}}`
	if got := w.outcome(t, receivedFrom(t, "gabber", usageTracked(used), 0)); got != "unpriced" {
		t.Error(got)
	}
}

func TestSessionsTimeLimitExceeded(t *testing.T) {
	w := newWorld(t, nil)
	w.outcome(t, receivedFrom(t, "gabber", `{"type":"realtime_session.time_limit_exceeded","payload":{"session":"s1"}}`, 0))
	if r, ok, _ := w.Get(t.Context(), gabber.TimeLimitKind, "s1"); !ok || string(r.Data) != `{"session":"s1"}` {
		t.Errorf("found %v: %s", ok, r.Data)
	}
}

func finished(session string, results ...string) string {
	return fmt.Sprintf(`{"type":"tool.calls_finished","payload":{"realtime_session":%q,"group":"g1",
		"tool_calls":[{"id":"c1","tool_definition_id":"d","function":{"name":"weather","arguments":{}}},{"id":"c2","tool_definition_id":"d","function":{"name":"news","arguments":{}}}],
		"tool_call_results":[%s]}}`, session, strings.Join(results, ","))
}

func result(call string, code int, response, fault string) string {
	return fmt.Sprintf(`{"tool_call_id":%q,"tool_definition_id":"d","code":%d,"response_string":%q,"error_message":%q}`, call, code, response, fault)
}

func TestToolsFinished(t *testing.T) {
	own := phrases{Result: "The {tool} says {response}.", Failure: "The {tool} failed with {code}: {error}."}
	for _, row := range []struct {
		name    string
		phrases phrases
		results []string
		want    string // "": nothing is said
	}{
		{"a response, as it is", phrases{}, []string{result("c1", 200, "sunny", "")}, "sunny"},
		{"a failure", phrases{}, []string{result("c1", 500, "", "secret stack trace")}, "That did not work."},
		{"a bad code without an error", phrases{}, []string{result("c1", 400, "no", "")}, "That did not work."},
		{"a good code below it", phrases{}, []string{result("c1", 399, "sunny", "")}, "sunny"},
		{"an error with a good code", phrases{}, []string{result("c1", 200, "", "no")}, "That did not work."},
		{"a failure in our words", own, []string{result("c2", 404, "", "gone")}, "The news failed with 404: gone."},
		{"results are matched to calls by id", own, []string{result("c2", 200, "calm", ""), result("c1", 200, "sunny", "")}, "The news says calm. The weather says sunny."},
		{"a result of an unknown call has no name", own, []string{result("c9", 200, "x", "")}, "The  says x."},
		{"a response is no phrase", own, []string{result("c1", 200, "{code} {tool}", "")}, "The weather says {code} {tool}."},
		{"one of two has nothing to say", phrases{}, []string{result("c1", 200, " ", ""), result("c2", 200, "calm", "")}, "calm"},
		{"nothing to say", phrases{}, []string{result("c1", 204, "", "")}, ""},
		{"no results", phrases{}, nil, ""},
		{"1,000 characters, not bytes", phrases{}, []string{result("c1", 200, strings.Repeat("é", 1001), "")}, strings.Repeat("é", 1000)},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.settings.Tools.Phrases = row.phrases
			w.complete()
			e := receivedFrom(t, "gabber", finished("s1", row.results...), 0)
			first, again := w.handle(t, e), w.handle(t, e)
			want := map[bool]string{true: fmt.Sprintf(`{"session":"s1","text":%q,"group":"g1"}`, row.want)}[row.want != ""]
			if got := strings.Join(of(followups.SpeechRequested, first), " "); got != want || ids(again) != ids(first) || first.Err != nil {
				t.Errorf("asked for %s, want %s; again %v", got, want, again.FollowUps)
			}
		})
	}
}

// Calls of a chat completion have no session: they are kept and not spoken. A start that
// arrives late changes nothing.
func TestToolsStarted(t *testing.T) {
	w := newWorld(t, nil)
	started := receivedFrom(t, "gabber", `{"type":"tool.calls_started","payload":{"realtime_session":"","group":"g1","tool_calls":[]}}`, 0)
	done := receivedFrom(t, "gabber", finished("", result("c1", 200, "sunny", "")), 0)
	for i, want := range []int64{1, 2, 2} {
		e := started
		if i == 1 {
			e = done
		}
		r := w.handle(t, e)
		if kept, _, _ := w.Get(t.Context(), gabber.ToolsKind, "g1"); kept.Version != want || r.Err != nil || len(r.FollowUps) != 0 {
			t.Errorf("step %d: version %d, %+v", i, kept.Version, r)
		}
	}
}
