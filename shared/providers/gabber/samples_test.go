package gabber_test

import (
	"testing"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/providers/gabber"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	body, err := events.Body("gabber", name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestParseToolCallsFinished(t *testing.T) {
	got, err := gabber.ParseToolCallsFinished(sample(t, "tool.calls_finished"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Calls) != 2 || len(got.Results) != 2 {
		t.Fatalf("%d calls, %d results", len(got.Calls), len(got.Results))
	}
	call, failed := got.Calls[1], got.Results[1]
	if call.ID != "call-91fb24" || call.Function.Name != "check_schedule" || failed.CallID != call.ID {
		t.Error("the second call or its result was misread")
	}
	if got.Results[0].Response != `{"free":true,"note":"room <B> & lobby"}` {
		t.Error("the response is not what the tool said")
	}
	if failed.Code != 503 || failed.Error != "upstream unavailable" || failed.Response != "" {
		t.Error("the failed result was misread")
	}
}

func TestParseStateChanged(t *testing.T) {
	got, err := gabber.ParseStateChanged(sample(t, "realtime_session.state_changed.ended"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Previous == nil || got.Previous.State != "in_progress" || got.Current.EndedAt == "" {
		t.Error("the move was misread")
	}
	if d := got.Current.Data; len(d) != 2 || d[0].Type != "caller_phone_number" || d[0].Value != "+12025550143" {
		t.Error("the telephone numbers were misread")
	}
	if got.Current.Human != "member-20417" || got.Current.Simulated {
		t.Error("human or simulated was misread")
	}
}

func TestParseMessageCommitted_sessionHasTwoPlaces(t *testing.T) {
	for _, body := range []string{
		`{"type":"realtime_session.message_committed","payload":{"realtime_session_id":"s","message":{"id":"m"}}}`,
		`{"type":"realtime_session.message_committed","payload":{"message":{"id":"m","realtime_session":"s"}}}`,
	} {
		got, err := gabber.ParseMessageCommitted([]byte(body))
		if err != nil || got.Session() != "s" {
			t.Errorf("session not found, error %v", err)
		}
	}
}

func TestParseTimeLimitExceeded_anotherEvent(t *testing.T) {
	if _, err := gabber.ParseTimeLimitExceeded(sample(t, "usage.tracked")); err == nil {
		t.Error("usage.tracked was read as another event")
	}
}
