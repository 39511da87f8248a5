package queuetest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
)

// patience is how long a message may take to be received that should be visible.
const patience = 20 * time.Second

// desk is one rule's test at its queue.
type desk struct {
	*testing.T
	Queue
	open func(t *testing.T) Queue
}

// event makes an event that only name tells from others.
func event(name any) webhook.Event {
	return webhook.Event{
		ID: webhook.Identity("acme", "usage.tracked", fmt.Sprint(name)), Source: "/webhooks/acme", Type: "acme.usage.tracked",
		Time: time.Date(2025, 11, 3, 8, 0, 0, 7, time.UTC), Data: fmt.Appendf(nil, "\x00{%v}\xff", name), Basis: webhook.ByID, KeyID: "1",
	}
}

// events makes n of them.
func events(n int) (all []webhook.Event) {
	for i := range n {
		all = append(all, event(i))
	}
	return all
}

func (d *desk) publish(events ...webhook.Event) {
	d.Helper()
	for _, e := range events {
		if err := d.Publish(d.Context(), e); err != nil {
			d.Fatalf("publish: %v", err)
		}
	}
}

// receive gives what one receive gives.
func (d *desk) receive(limit int) []Received {
	d.Helper()
	received, err := d.Receive(d.Context(), limit)
	if err != nil {
		d.Fatalf("receive: %v", err)
	}
	if len(received) > limit {
		d.Fatalf("received %d messages, limit %d", len(received), limit)
	}
	return received
}

// one waits for the only visible message, which must be e.
func (d *desk) one(e webhook.Event) Received {
	d.Helper()
	for start := time.Now(); time.Since(start) < patience; time.Sleep(20 * time.Millisecond) {
		received := d.receive(10)
		if len(received) == 0 {
			continue
		}
		if len(received) > 1 || !bytes.Equal(received[0].Body, e.Encode()) {
			d.Fatalf("received %d messages, the first is %q, want one, %q", len(received), received[0].Body, e.Encode())
		}
		return received[0]
	}
	d.Fatalf("%v was not received within %v", e, patience)
	return Received{}
}

// none wants no visible message.
func (d *desk) none() {
	d.Helper()
	for range 3 {
		if received := d.receive(10); len(received) > 0 {
			d.Fatalf("received %q, receive %d, want none", received[0].Body, received[0].Receives)
		}
	}
}

func (d *desk) ack(received ...Received) {
	d.Helper()
	for _, r := range received {
		if err := d.Ack(d.Context(), r); err != nil {
			d.Fatalf("acknowledge: %v", err)
		}
	}
}

func (d *desk) retry(r Received) {
	d.Helper()
	if err := d.Retry(d.Context(), r); err != nil {
		d.Fatalf("retry: %v", err)
	}
}

// dead gives the dead letters' events without their reasons: a part may add one.
func (d *desk) dead() (letters []webhook.Event) {
	d.Helper()
	bodies, err := d.DeadLetters(d.Context())
	if err != nil {
		d.Fatalf("dead letters: %v", err)
	}
	for _, body := range bodies {
		e, err := webhook.DecodeEvent(body)
		if err != nil {
			d.Fatalf("dead letter %q: %v", body, err)
		}
		e.Reason = ""
		letters = append(letters, e)
	}
	return letters
}

// awaitDead waits until the dead letters are want, in any order. Some parts make one
// at a receive.
func (d *desk) awaitDead(want ...webhook.Event) {
	d.Helper()
	var got []webhook.Event
	for start := time.Now(); time.Since(start) < patience; time.Sleep(50 * time.Millisecond) {
		d.none()
		if got = d.dead(); sameEvents(got, want) {
			return
		}
	}
	d.Fatalf("dead letters %v, want %v", got, want)
}

func sameEvents(a, b []webhook.Event) bool {
	text := func(events []webhook.Event) (all []string) {
		for _, e := range events {
			all = append(all, string(e.Encode()))
		}
		slices.Sort(all)
		return all
	}
	return slices.Equal(text(a), text(b))
}
