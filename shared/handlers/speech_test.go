package handlers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
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
			if row.want == "done, done, done" && w.calls != 1 {
				t.Errorf("%d calls, want one: nothing was left to do after it", w.calls)
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

// overtaken runs something just before the first Put.
type overtaken struct {
	records.Store
	by func()
}

func (o *overtaken) Put(ctx context.Context, r records.Record) (bool, error) {
	if by := o.by; by != nil {
		o.by = nil
		by()
	}
	return o.Store.Put(ctx, r)
}

func TestOfTwoClaimsOneWins(t *testing.T) {
	w := newOutbound(t, nil)
	e := ours(t, handlers.SpeechRequested, "g1", handlers.SpeechRequest{Session: "s1", Text: "sunny", Group: "g1"})
	api := gabber.API{Base: "https://api.test", Key: fakeapi.Key, Caller: &outbound.Client{Hosts: []string{"api.test"}, Transport: w.platforms}}
	second := &handlers.Speech{API: api, Records: w.store}
	var stillSpeaking error
	first := &handlers.Speech{API: api, Records: &overtaken{w.store, func() {
		w.fault = func(int) fault { // the second has claimed and speaks, the first has not looked again
			_, stillSpeaking = second.Say(t.Context(), e)
			return fault{}
		}
		if _, err := second.Say(t.Context(), e); err != nil {
			t.Error(err)
		}
	}}}
	_, err := first.Say(t.Context(), e)
	if _, permanent := webhook.PermanentReason(err); permanent || err == nil || stillSpeaking == nil || len(w.Spoken("s1")) != 1 {
		t.Errorf("the first: %v, a third: %v, spoken %d times", err, stillSpeaking, len(w.Spoken("s1")))
	}
	if _, err := first.Say(t.Context(), e); err != nil || len(w.Spoken("s1")) != 1 {
		t.Errorf("the first again: %v, spoken %d times", err, len(w.Spoken("s1")))
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
