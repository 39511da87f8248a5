package ingesttest

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
)

var gabberStories = []story{
	{"B203 one report fifty times at once", atOnce},
	{"B205 the same bytes without an id within the window", sameBytes(handlers.DefaultWindow, "suppressed", "-30")},
	{"B206 the same bytes without an id after the window", sameBytes(handlers.DefaultWindow+time.Second, "charged", "-60")},
	{"B207 the same bytes without an id and unsigned headers that claim another one", claimedIDs},
	{"B209 a report with an id, replayed after ten years", replayed},
	{"B210 thousands of reports in one burst", inOneBurst},
}

func atOnce(t *testing.T, newFront NewFront) {
	w := NewWorld(t)
	front := newFront(t, w)
	request := gabberDraft(value("30")[0]).request()
	var senders sync.WaitGroup
	for range 50 {
		senders.Go(func() { send(t, front, request, 200) })
	}
	senders.Wait()
	counted := map[string]int{}
	for _, v := range w.Work(t, w.Events) {
		counted[v.Outcome]++
	}
	if counted["charged"] != 1 || counted["duplicate"] != 49 {
		t.Errorf("outcomes %v, want one charged and 49 duplicates", counted)
	}
	w.CheckLedger(t, balances{"u1": "-30"})
}

func sameBytes(apart time.Duration, outcome, balance string) func(*testing.T, NewFront) {
	return func(t *testing.T, newFront NewFront) {
		w := NewWorld(t)
		front := newFront(t, w)
		report := seconds(`"value": 30, "human": "u1"`)[0]
		if got := deliverUsage(t, w, front, report); got != "charged" {
			t.Errorf("the first is %s, want charged", got)
		}
		w.Sleep(apart)
		if got := deliverUsage(t, w, front, report); got != outcome {
			t.Errorf("the second, %v later, is %s, want %s", apart, got, outcome)
		}
		w.CheckLedger(t, balances{"u1": balance})
	}
}

// claimedIDs: a forger who replays a signed body can write any header beside it.
func claimedIDs(t *testing.T, newFront NewFront) {
	w := NewWorld(t)
	front := newFront(t, w)
	for _, id := range []string{"1", "2"} {
		d := gabberDraft(seconds(`"value": 30, "human": "u1"`)[0])
		all(header("Idempotency-Key", id), header("X-Request-Id", id), header("Webhook-Id", id), header("Date", id))(d)
		send(t, front, d.request(), 200)
		w.Sleep(time.Second)
	}
	w.Work(t, w.Events)
	w.CheckLedger(t, balances{"u1": "-30"})
}

func replayed(t *testing.T, newFront NewFront) {
	w := NewWorld(t)
	front := newFront(t, w)
	deliverUsage(t, w, front, value("30")[0])
	w.Sleep(10 * 365 * 24 * time.Hour)
	if got := deliverUsage(t, w, front, value("30")[0]); got != "duplicate" {
		t.Errorf("the replay is %s, want duplicate", got)
	}
	w.CheckLedger(t, balances{"u1": "-30"})
}

// burst is how many reports come at once; fewer with -short.
func burst() int {
	if testing.Short() {
		return 2000
	}
	return 20_000
}

func inOneBurst(t *testing.T, newFront NewFront) {
	const senders, humans = 8, 100
	w := NewWorld(t)
	front := newFront(t, w)
	var sending sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			for i := s; i < burst(); i += senders {
				report := seconds(fmt.Sprintf(`"id": "%d", "value": 1, "human": "u%d"`, i, i%humans))[0]
				send(t, front, gabberDraft(report).request(), 200)
			}
		})
	}
	sending.Wait()
	for _, v := range w.Work(t, w.Events) {
		if v.Outcome != "charged" {
			t.Fatalf("one of the reports is %s, want charged", v.Outcome)
		}
	}
	want := balances{}
	for i := range humans {
		want[fmt.Sprintf("u%d", i)] = strconv.Itoa(-burst() / humans)
	}
	w.CheckLedger(t, want)
}
