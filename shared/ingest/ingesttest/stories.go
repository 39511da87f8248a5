package ingesttest

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
)

// stories take more than one delivery and more than one moment.
var stories = []struct {
	name       string
	deliveries func() int
	run        func(t *testing.T, newFront NewFront)
}{
	{"B85 a thousand forgeries, then a good one", exactly(1001), afterForgeries},
	{"B194 one body on two platforms", exactly(2), twoRoutes},
	{"B203 one report fifty times at once", exactly(50), atOnce},
	{"B205 the same bytes without an id within the window", exactly(2), twins(handlers.DefaultWindow, "suppressed", "-30")},
	{"B206 the same bytes without an id after the window", exactly(2), twins(handlers.DefaultWindow+time.Second, "charged", "-60")},
	{"B207 the same bytes without an id and unsigned headers that claim another one", exactly(2), claimedIDs},
	{"B209 a report with an id, replayed after ten years", exactly(2), replayed},
	{"B210 thousands of reports in one burst", burst, inOneBurst},
	{"B211 the queue comes back", exactly(2), queueComesBack},
}

// gabberDraft is a good report with the payload of a row of usage.
func gabberDraft(payload string) *draft {
	gabber := platforms[0]
	gabber.object = payload
	return newDraft(gabber, "")
}

// send sends and wants a status.
func send(t *testing.T, front Front, r Request, status int) {
	t.Helper()
	answer := front.Send(t, r)
	CheckAnswer(t, r, answer)
	if answer.Status != status {
		t.Errorf("status %d, want %d", answer.Status, status)
	}
}

func afterForgeries(t *testing.T, newFront NewFront) {
	w := NewWorld(t)
	front := newFront(t, w)
	d := newDraft(platforms[0], "")
	for i := range 1000 {
		withKey(strconv.Itoa(i))(d)
		send(t, front, d.request(), d.mismatch)
	}
	if n := w.Keyrings.Refreshes(); n > 1000 {
		t.Errorf("secrets were refreshed %d times for 1,000 forgeries", n)
	}
	if w.Events.Calls()+w.DeadLetters.Calls() != 0 {
		t.Error("a queue was called for a forgery")
	}
	send(t, front, newDraft(platforms[0], "").request(), 200)
	if n := len(w.Events.Messages()); n != 1 {
		t.Errorf("%d events stored, want the good one", n)
	}
}

// twoRoutes: the route is part of the identity, so neither hides the other.
func twoRoutes(t *testing.T, newFront NewFront) {
	w := NewWorld(t, Secrets("oblic", Secret("cribbly")))
	front := newFront(t, w)
	cribbly := newDraft(platforms[1], "").request()
	oblic := newDraft(platforms[2], "")
	withKey(Secret("cribbly"))(oblic)
	send(t, front, cribbly, 200)
	send(t, front, oblic.request(), 200)
	stored := w.Events.Stored(t)
	if len(stored) != 2 || string(stored[0].Data) != string(stored[1].Data) || stored[0].ID == stored[1].ID {
		t.Errorf("stored %v, want the same body twice under two identities", stored)
	}
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

func twins(apart time.Duration, outcome, balance string) func(*testing.T, NewFront) {
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

// claimedIDs: whoever replays a signed body can write any header beside it.
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

func exactly(n int) func() int { return func() int { return n } }

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

func queueComesBack(t *testing.T, newFront NewFront) {
	w := NewWorld(t, QueueDown)
	front := newFront(t, w)
	request := gabberDraft(value("30")[0]).request()
	send(t, front, request, 503)
	w.Events.Accept()
	send(t, front, request, 200)
	w.Work(t, w.Events)
	w.CheckLedger(t, balances{"u1": "-30"})
}
