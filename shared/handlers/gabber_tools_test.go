package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/strict"
	"github.com/webhook-functions/template/shared/webhook"
)

func finished(session, results string) string {
	return fmt.Sprintf(`{"type":"tool.calls_finished","payload":{"realtime_session":%q,"group":"g1",
		"tool_calls":[{"id":"c1","tool_definition_id":"d","function":{"name":"weather","arguments":{}}},{"id":"c2","tool_definition_id":"d","function":{"name":"news","arguments":{}}}],
		"tool_call_results":[%s]}}`, session, results)
}

func result(call string, code int, response, fault string) string {
	return fmt.Sprintf(`{"tool_call_id":%q,"tool_definition_id":"d","code":%d,"response_string":%q,"error_message":%q}`, call, code, response, fault)
}

func TestWhatIsSaidAboutResults(t *testing.T) {
	own := handlers.Phrases{Result: "The {tool} says {response}.", Failure: "The {tool} failed with {code}: {error}."}
	for _, row := range []struct {
		name    string
		phrases handlers.Phrases
		results []string
		want    string // nothing: nothing is said
	}{
		{"a response, as it is", handlers.Phrases{}, []string{result("c1", 200, "sunny", "")}, "sunny"},
		{"a failure", handlers.Phrases{}, []string{result("c1", 500, "", "secret stack trace")}, "That did not work."},
		{"a bad code without an error", handlers.Phrases{}, []string{result("c1", 400, "no", "")}, "That did not work."},
		{"a good code below it", handlers.Phrases{}, []string{result("c1", 399, "sunny", "")}, "sunny"},
		{"an error with a good code", handlers.Phrases{}, []string{result("c1", 200, "", "no")}, "That did not work."},
		{"phrases of our own", own, []string{result("c1", 200, "sunny", "")}, "The weather says sunny."},
		{"a failure in our words", own, []string{result("c2", 404, "", "gone")}, "The news failed with 404: gone."},
		{"results are matched to calls by id", own, []string{result("c2", 200, "calm", ""), result("c1", 200, "sunny", "")}, "The news says calm. The weather says sunny."},
		{"a call nobody made has no name", own, []string{result("c9", 200, "x", "")}, "The  says x."},
		{"a response is no phrase", own, []string{result("c1", 200, "{code} {tool}", "")}, "The weather says {code} {tool}."},
		{"one of two has nothing to say", handlers.Phrases{}, []string{result("c1", 200, " ", ""), result("c2", 200, "calm", "")}, "calm"},
		{"nothing to say", handlers.Phrases{}, []string{result("c1", 204, "", "")}, ""},
		{"no results", handlers.Phrases{}, nil, ""},
		{"1,000 characters, not bytes", handlers.Phrases{}, []string{result("c1", 200, strings.Repeat("é", 1001), "")}, strings.Repeat("é", 1000)},
		{"as long as allowed", handlers.Phrases{}, []string{result("c1", 200, strings.Repeat("é", 1000), "")}, strings.Repeat("é", 1000)},
	} {
		t.Run(row.name, func(t *testing.T) {
			tools := &handlers.Tools{Records: records.NewMemory(), Phrases: row.phrases}
			e := received(t, "gabber", finished("s1", strings.Join(row.results, ",")), 0)
			var before string
			for range 2 { // redelivery asks for the same
				followUps, err := tools.Finished(t.Context(), e)
				if err != nil {
					t.Fatal(err)
				}
				if row.want == "" {
					if len(followUps) != 0 {
						t.Errorf("asked to say %s", followUps[0].Data)
					}
					continue
				}
				var said followups.SpeechRequest
				if err := strict.Unmarshal(followUps[0].Data, &said); err != nil || len(followUps) != 1 || followUps[0].Type != followups.SpeechRequested {
					t.Fatalf("%d follow-ups, %v", len(followUps), err)
				}
				if said != (followups.SpeechRequest{Session: "s1", Text: row.want, Group: "g1"}) {
					t.Errorf("asked for %+v, want %q", said, row.want)
				}
				if before != "" && before != followUps[0].ID {
					t.Error("the second request is another event")
				}
				before = followUps[0].ID
			}
		})
	}
}

func TestCallsWithoutASessionAreKeptAndNotSpoken(t *testing.T) {
	store := records.NewMemory()
	tools := &handlers.Tools{Records: store}
	followUps, err := tools.Finished(t.Context(), received(t, "gabber", finished("", result("c1", 200, "sunny", "")), 0))
	if err != nil || len(followUps) != 0 {
		t.Errorf("%d follow-ups, %v", len(followUps), err)
	}
	if r, ok, _ := store.Get(t.Context(), "gabber.tool_calls", "g1"); !ok || r.Version != 2 {
		t.Errorf("found %v, version %d", ok, r.Version)
	}
}

func TestAStartThatArrivesLateChangesNothing(t *testing.T) {
	store := records.NewMemory()
	tools := &handlers.Tools{Records: store}
	started := received(t, "gabber", `{"type":"tool.calls_started","payload":{"realtime_session":"s1","group":"g1","tool_calls":[]}}`, 0)
	done := received(t, "gabber", finished("s1", result("c1", 200, "sunny", "")), 0)
	for _, step := range []struct {
		handle webhook.Handler
		event  webhook.Event
		want   int64
	}{{tools.Started, started, 1}, {tools.Finished, done, 2}, {tools.Started, started, 2}} {
		if _, err := step.handle(t.Context(), step.event); err != nil {
			t.Fatal(err)
		}
		if r, _, _ := store.Get(t.Context(), "gabber.tool_calls", "g1"); r.Version != step.want {
			t.Errorf("version %d, want %d", r.Version, step.want)
		}
	}
}
