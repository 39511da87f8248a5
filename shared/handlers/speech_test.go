package handlers_test

import (
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestATextIsSpokenAtMostOnce(t *testing.T) {
	for _, row := range []struct {
		name   string
		fault  func(int) fault
		want   string // the outcome of each of three deliveries
		spoken int
	}{
		{"all is well", nil, "done, done, done", 1},
		{"the answer is lost", once(fault{1, true}), "dead: it may have been spoken already, dead: it may have been spoken already, dead: it may have been spoken already", 1},
		{"the call is lost, which looks the same", once(fault{1, false}), "dead: it may have been spoken already, dead: it may have been spoken already, dead: it may have been spoken already", 0},
		{"the platform breaks", once(fault{500, true}), "dead: it may have been spoken already, dead: it may have been spoken already, dead: it may have been spoken already", 1},
		{"the platform is busy", once(fault{429, false}), "again, done, done", 1},
		{"our key is refused for a while", once(fault{401, false}), "again, done, done", 1},
		{"our key is refused for longer", func(call int) fault {
			if call < 3 {
				return fault{403, false}
			}
			return fault{}
		}, "again, again, done", 1},
		{"the session is over", always(fault{404, false}), "done, done, done", 0},
		{"the request is wrong until the program is mended", once(fault{400, false}), "dead: the API answered 400, done, done", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newOutbound(t, nil)
			w.fault = row.fault
			e := ours(t, handlers.SpeechRequested, "g1", handlers.SpeechRequest{Session: "s1", Text: "sunny", Group: "g1"})
			var got []string
			for range 3 {
				got = append(got, outcome(w.handle(t, e)))
			}
			if strings.Join(got, ", ") != row.want || len(w.Spoken("s1")) != row.spoken {
				t.Errorf("%q, spoken %d times; want %q, %d", got, len(w.Spoken("s1")), row.want, row.spoken)
			}
		})
	}
}

// Two deliveries at once, at every point where the first can be overtaken.
func TestOfTwoTriesAtOnceOneSpeaks(t *testing.T) {
	w := newOutbound(t, nil)
	e := ours(t, handlers.SpeechRequested, "g1", handlers.SpeechRequest{Session: "s1", Text: "sunny", Group: "g1"})
	var second string
	w.fault = func(call int) fault {
		if call == 1 { // the first is speaking
			second = outcome(w.handle(t, e))
		}
		return fault{}
	}
	if first := outcome(w.handle(t, e)); first != "done" || second != "dead: it may have been spoken already" || len(w.Spoken("s1")) != 1 {
		t.Errorf("first %q, second %q, spoken %d times", first, second, len(w.Spoken("s1")))
	}
}

func TestWhatIsNoRequestIsPermanent(t *testing.T) {
	w := newOutbound(t, nil)
	for _, eventType := range []string{handlers.SpeechRequested, handlers.HumanFound, handlers.Exhausted, handlers.Restored, handlers.VendorDebit} {
		for _, data := range []string{``, `{}`, `[]`, `{"session":"s"}`, `{"account":"u1"}`, `{"account":"u1","human":"u1","number":0,"credit":"c","amount":1,"key":"k"}`} {
			r := w.handle(t, webhook.Event{ID: "1", Type: eventType, Data: []byte(data)})
			if _, permanent := webhook.PermanentReason(r.Err); !permanent {
				t.Errorf("%s %s: %v", eventType, data, r.Err)
			}
		}
	}
	if w.calls != 0 {
		t.Errorf("%d calls", w.calls)
	}
}
