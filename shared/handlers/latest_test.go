package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/webhook"
)

// thing is a state of the one thing there is. Its text makes it another body.
func thing(text string, s webhook.State, after time.Duration) webhook.Event {
	s.ID = "t1"
	return received(report{Type: "thing.changed", State: s, Usage: webhook.Usage{Value: text}}, after)
}

func TestLatestMirror(t *testing.T) {
	const second, minute = time.Second, time.Minute
	stage := func(text string, stage int, changed, after time.Duration) webhook.Event {
		return thing(text, webhook.State{Stage: stage, Changed: nine.Add(changed)}, after)
	}
	at := func(text string, changed, after time.Duration) webhook.Event { return stage(text, 1, changed, after) }
	timeless := func(text string, stage int, after time.Duration) webhook.Event {
		return thing(text, webhook.State{Stage: stage}, after)
	}
	gone := func(after time.Duration) webhook.Event { return thing("", webhook.State{Deleted: true}, after) }
	year := func(year int) webhook.State {
		return webhook.State{Stage: 1, Changed: time.Date(year, 12, 31, 23, 59, 59, 0, time.UTC)}
	}
	for _, row := range []struct {
		name     string
		arrivals []webhook.Event
		want     string // in the record's data; "" is a tombstone
	}{
		{"the first state is kept", []webhook.Event{at("one", 0, 0)}, "one"},
		{"a later change", []webhook.Event{at("one", 0, 0), at("two", second, second)}, "two"},
		{"an older change that arrives late", []webhook.Event{at("three", second, 0), at("two", second-1000, second)}, "three"},
		{"a further stage of the same moment", []webhook.Event{stage("one", 0, 0, 0), stage("two", 1, 0, second)}, "two"},
		{"a further stage that changed before", []webhook.Event{stage("one", 2, minute, 0), stage("two", 3, 0, second)}, "two"},
		{"an earlier stage that arrives last", []webhook.Event{stage("two", 1, second, 0), stage("one", 0, minute, second)}, "two"},
		{"the last time there can be is no further stage", []webhook.Event{thing("one", year(2200), 0), stage("two", 2, 0, second)}, "two"},
		{"deleted stays deleted", []webhook.Event{gone(0), stage("late", 100, 9000*time.Hour, second)}, ""},
		{"deleted whenever it changed", []webhook.Event{at("one", 9000*time.Hour, 0), gone(second)}, ""},

		{"without a time what arrives later counts", []webhook.Event{timeless("one", 0, 0), timeless("two", 1, second), timeless("three", 1, 2*second)}, "three"},
		{"without a time a retry is not news", []webhook.Event{timeless("two", 1, 0), timeless("three", 1, second), timeless("two", 1, 14*second)}, "three"},
		{"without a time an earlier stage is never news", []webhook.Event{timeless("two", 1, 0), timeless("one", 0, 14*second)}, "two"},
		{"without a time the window's last moment is not news", []webhook.Event{timeless("two", 1, 0), timeless("three", 1, second), timeless("two", 1, 15*minute)}, "three"},
		{"changed and changed back", []webhook.Event{timeless("two", 1, 0), timeless("three", 1, second), timeless("two", 1, 20*minute)}, "two"},
		{"changed back, a retry of that is not news", []webhook.Event{timeless("two", 1, 0), timeless("two", 1, 20*minute), timeless("three", 1, 21*minute), timeless("two", 1, 22*minute)}, "three"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			for range 2 { // queued messages come again as they were
				for _, e := range row.arrivals {
					if got := w.outcome(t, e); got != "stored" {
						t.Fatal(got)
					}
				}
			}
			got, ok, err := w.Get(t.Context(), "acme.thing", "t1")
			if err != nil || !ok || got.Deleted != (row.want == "") || !strings.Contains(string(got.Data), row.want) || got.Deleted && len(got.Data) != 0 {
				t.Errorf("record %s (deleted %v, %v), want %s", got.Data, got.Deleted, err, row.want)
			}
			if page, _, err := w.List(t.Context(), "acme.arrival", "", 10); len(page) != 0 || err != nil {
				t.Errorf("%d arrivals are listed (%v)", len(page), err)
			}
		})
	}
	w := newWorld(t, nil)
	e := received(report{Type: "thing.created"}, 0)
	if _, ok, err := w.Get(t.Context(), "acme.thing", e.ID); w.outcome(t, e) != "stored" || ok || err != nil {
		t.Error(ok, err)
	}
	if r, ok, err := w.Get(t.Context(), "acme.thing", e.ID); !ok || err != nil {
		t.Errorf("an object without an id is not kept by its event's: %v (%v)", r, err)
	}
	if got := w.outcome(t, received(report{Type: "thing.created", Fault: "state"}, 0)); got != "dead: state" {
		t.Error(got)
	}
}

// With repeated and overtaken events an object ends as it was last.
func TestLatestMirror_converges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(rt, "changes")
		w := newWorld(t, nil)
		order := rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 8).Draw(rt, "deliveries")
		all := make([]int, n)
		for i := range all {
			all[i] = i
		}
		for i, k := range append(order, rapid.Permutation(all).Draw(rt, "order")...) {
			state := webhook.State{Stage: min(k, 1), Changed: nine.Add(time.Duration(k) * time.Second)}
			if got := w.outcome(t, thing(fmt.Sprint("state ", k), state, time.Duration(i)*time.Minute)); got != "stored" {
				rt.Fatal(got)
			}
		}
		if r, _, _ := w.Get(t.Context(), "acme.thing", "t1"); !strings.Contains(string(r.Data), fmt.Sprint("state ", n-1)) {
			rt.Errorf("ends as %s", r.Data)
		}
	})
}

// A conversation lists its messages as they were written, in every order they arrive
// in; what it lists holds no text.
func TestLatestMirror_conversations(t *testing.T) {
	w := newWorld(t, nil)
	for i, m := range []webhook.State{
		{ID: "m2", Conversation: "c1", Created: nine.Add(-time.Hour)},
		{ID: "m1", Conversation: "c1", Created: nine.Add(-2 * time.Hour)},
		{ID: "m1", Conversation: "c1", Created: nine.Add(-2 * time.Hour), Changed: nine, Stage: 1},
		{ID: "m2", Deleted: true},
		{ID: "m3", Conversation: "c2", Created: nine},
		{ID: "m4", Conversation: "c3"}, // by its arrival
		{ID: "m5", Conversation: "c3"},
		{ID: "m4", Conversation: "c3", Stage: 1},
	} {
		if got := w.outcome(t, received(report{Type: "message.sent", State: m}, time.Duration(i)*time.Second)); got != "stored" {
			t.Fatal(got)
		}
	}
	for kind, want := range map[string]string{"c1": "m2 m1", "c2": "m3", "c3": "m5 m4"} {
		page, _, err := w.List(t.Context(), MessagesOf("acme.message", kind), "", 10)
		var got []string
		for _, r := range page {
			got = append(got, r.ID+strings.TrimPrefix(string(r.Data), "{}"))
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s lists %q (%v), want %s, newest first", kind, got, err, want)
		}
	}
}

// A store may fail at any one thing it is asked for; the event then comes back.
func TestLatestMirror_storeFails(t *testing.T) {
	message := received(report{Type: "message.sent", State: webhook.State{ID: "m1", Conversation: "c1", Changed: nine}}, 0)
	for _, row := range []struct {
		e        webhook.Event
		get, put string
	}{
		{thing("one", webhook.State{}, 0), "acme.arrival", ""}, {thing("one", webhook.State{}, 0), "", "acme.arrival"},
		{thing("one", webhook.State{}, 0), "", "acme.thing"}, {message, "", "acme.message"}, {message, "", "acme.message/c1"},
	} {
		comesBack(t, newWorld(t, nil), row.e, &failing{get: row.get, put: row.put})
	}
}
