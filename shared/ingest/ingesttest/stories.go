package ingesttest

import (
	"strconv"
	"testing"
)

// story takes more than one delivery.
type story struct {
	name string
	run  func(t *testing.T, newFront NewFront)
}

// stories, and what becomes of events in the ledger.
var stories = [][]story{
	deliveries,
	gabberUsage(),
	gabberStories,
}

var deliveries = []story{
	{"B85 a thousand forgeries, then a good one", afterForgeries},
	{"B194 one body on two platforms", twoRoutes},
	{"B211 the queue comes back", queueComesBack},
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
	d := newDraft(madeUp, "")
	for i := range 1000 {
		withKey(strconv.Itoa(i))(d)
		send(t, front, d.request(), d.MismatchStatus)
	}
	if n := w.Keyrings.Refreshes(); n > 1000 {
		t.Errorf("secrets were refreshed %d times for 1,000 forgeries", n)
	}
	if w.Events.Calls()+w.DeadLetters.Calls() != 0 {
		t.Error("a queue was called for a forgery")
	}
	send(t, front, newDraft(madeUp, "").request(), 200)
	if n := len(w.Events.Messages()); n != 1 {
		t.Errorf("%d events stored, want the good one", n)
	}
}

// twoRoutes: the route is part of the identity, so neither event hides the other.
func twoRoutes(t *testing.T, newFront NewFront) {
	second := madeUp
	second.Name = "made-up-too"
	w := NewWorld(t, Secrets(second.Name, Secret(second.Name)))
	w.Ingest.Providers["/"+second.Name] = second.Provider
	front := newFront(t, w)
	send(t, front, newDraft(madeUp, "").request(), 200)
	send(t, front, newDraft(second, "").request(), 200)
	stored := w.Events.Stored(t)
	if len(stored) != 2 || string(stored[0].Data) != string(stored[1].Data) || stored[0].ID == stored[1].ID {
		t.Errorf("stored %v, want the same body twice under two identities", stored)
	}
}

func queueComesBack(t *testing.T, newFront NewFront) {
	w := NewWorld(t, QueueDown)
	front := newFront(t, w)
	request := newDraft(madeUp, "").request()
	send(t, front, request, 503)
	w.Events.Refuse(false)
	send(t, front, request, 200)
	if n := len(w.Events.Messages()); n != 1 {
		t.Errorf("%d events stored, want one", n)
	}
}
