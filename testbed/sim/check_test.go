package sim

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/webhook-functions/template/testbed/sim/field"
	"github.com/webhook-functions/template/testbed/sim/queue"
	"github.com/webhook-functions/template/testbed/sim/stored"
)

// Each check names the promise that is broken.
func TestWorld_checks(t *testing.T) {
	entry := func(amount int64) stored.Change {
		return stored.Change{Table: "entries", Key: "e", New: map[string]any{"account": "ann", "amount": amount}}
	}
	account := func(balance, seq, pushed int64) stored.Change {
		return stored.Change{Table: "accounts", Key: "ann", New: map[string]any{"account": "ann", "balance": balance, "seq": seq, "synced_seq": pushed}}
	}
	const signed = `{"id":"1","source":"/webhooks/gabber","type":"gabber.usage.tracked","data_base64":"e30="}`
	said := `{"id":"2","type":"session.speech.requested","data_base64":"eyJTZXNzaW9uIjoiczEiLCJUZXh0IjoiYSIsIkdyb3VwIjoiYiJ9"}`
	for _, row := range []struct {
		name, promise string
		breaks        func(*world)
	}{
		{"entry altered", "G2", func(w *world) { c := entry(1); c.Old = c.New; w.writes.commit([]stored.Change{c}) }},
		{"balance without entry", "G3", func(w *world) { w.writes.commit([]stored.Change{account(5, 0, 0)}) }},
		{"entry without seq", "G3", func(w *world) { w.writes.commit([]stored.Change{entry(5), account(5, 0, 0)}) }},
		{"pushed beyond seq", "G3", func(w *world) { w.writes.commit([]stored.Change{entry(5), account(5, 1, 2)}) }},
		{"mark goes back", "G6", func(w *world) {
			w.writes.commit([]stored.Change{entry(5), account(5, 1, 1)})
			w.writes.commit([]stored.Change{account(5, 1, 0)})
		}},
		{"message that is no event", "G1", func(w *world) { w.sentTo(w.events, queue.Message{Body: []byte("x")}) }},
		{"body that was not signed", "G4", func(w *world) { w.publisher = "ingest"; w.sentTo(w.events, queue.Message{Body: []byte(signed)}) }},
		{"dead letter of a usable event", "G5", func(w *world) { w.publisher = "worker"; w.sentTo(w.dead, queue.Message{Body: []byte(signed)}) }},
		{"200 without a message", "G1", func(w *world) { w.stored([]byte("x")) }},
		{"signed delivery refused", "G1", func(w *world) { w.judgeStatus(field.Event{Platform: "gabber"}, fresh, 403, nil) }},
		{"stale delivery accepted", "G4", func(w *world) { w.judgeStatus(field.Event{Platform: "gabber"}, stale, 200, nil) }},
		{"stale delivery counted as a wrong signature", "G4", func(w *world) { w.judgeStatus(field.Event{Platform: "gabber"}, stale, 403, nil) }},
		{"secret in a log", "G7", func(w *world) { w.lines = []string{w.plan.secretOf("gabber", 1)}; w.checkLogs() }},
		{"text asked for twice", "G2", func(w *world) {
			w.archive = []queue.Message{{Body: []byte(said)}, {Body: []byte(strings.Replace(said, `"2"`, `"3"`, 1))}}
			w.judgeSpeech()
		}},
		{"text not spoken", "G5", func(w *world) { w.archive = []queue.Message{{Body: []byte(said)}}; w.judgeSpeech() }},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(History{Seed: 1})
				row.breaks(w)
				if !slices.ContainsFunc(w.violations, func(v string) bool { return strings.HasPrefix(v, row.promise+":") }) {
					t.Errorf("%v, want %s", w.violations, row.promise)
				}
				w.finish()
			})
		})
	}
}

// What is due at the same moment is carried out in the order it was put there.
func TestSchedule_run(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := schedule{wake: make(chan struct{}, 1)}
		var order []int
		for i, after := range []time.Duration{time.Second, 0, time.Second, 0} {
			s.at(time.Now().Add(after), func() { order = append(order, i) })
		}
		s.run(func([]*call, []*task) {}, func() bool { return false })
		if want := []int{1, 3, 0, 2}; !slices.Equal(order, want) {
			t.Errorf("carried out in order %v, want %v", order, want)
		}
	})
}
