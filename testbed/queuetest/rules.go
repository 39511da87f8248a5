package queuetest

import (
	"bytes"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/webhook"
)

func bytesAreKept(d *desk) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	odd := event("odd")
	odd.Type, odd.Reason, odd.Group = "acme.\ufffe\uffff\U0001f980\x01\x00\xff", "a \"reason\"\n<&>\u2028", webhook.GroupOf("acme", "u1")
	late := event("late")
	late.Time = time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.FixedZone("", 3600))
	for name, e := range map[string]webhook.Event{
		"every byte":     withData(all),
		"no data":        withData(nil),
		"empty data":     withData([]byte{}),
		"the largest":    withData(bytes.Repeat([]byte{0, 0xff, '"', '<'}, 180<<8)),
		"markup":         withData([]byte(`<&>"'\\u0000\ud800]]>` + "\r\n\x0b\u0085\u2028")),
		"odd attributes": odd,
		"a late time":    late,
		"a long type":    {ID: "1", Source: "/webhooks/acme", Type: strings.Repeat("t", 10<<10), Time: odd.Time},
	} {
		d.publish(e)
		r := d.one(e) // compares the bytes
		if _, err := webhook.DecodeEvent(r.Body); err != nil {
			d.Errorf("%s: %v", name, err)
		}
		d.ack(r)
	}
}

func withData(data []byte) webhook.Event {
	e := event("data")
	e.Data = data
	return e
}

// hiddenMessage looks anew where looking took longer than the visibility time: a slow
// machine is no finding.
func hiddenMessage(d *desk) {
	for i := range 10 {
		e, start := event(i), time.Now()
		d.publish(e)
		r := d.one(e)
		again := d.receive(10)
		if d.Visibility() == 0 || time.Since(start) < d.Visibility() {
			if len(again) > 0 {
				d.Errorf("received %q although it was hidden", again[0].Body)
			}
			return
		}
		d.ack(append(again, r)...)
	}
	d.Fatalf("ten times this took longer than %v", d.Visibility())
}

func comesBack(d *desk) {
	e := event(1)
	d.publish(e)
	first := d.one(e)
	d.Pass()
	d.higher(first, d.one(e))
}

func retried(d *desk) {
	e := event(1)
	d.publish(e)
	r := d.one(e)
	for range 2 {
		d.retry(r)
		d.Pass()
		again := d.one(e)
		d.higher(r, again)
		r = again
	}
}

// higher wants a later receive of one message.
func (d *desk) higher(first, second Received) {
	d.Helper()
	if second.ID != first.ID || first.Receives < 1 || second.Receives <= first.Receives {
		d.Errorf("received %q, receive %d, after %q, receive %d", second.ID, second.Receives, first.ID, first.Receives)
	}
}

func acknowledged(d *desk) {
	gone, stays := event("gone"), event("stays")
	d.publish(gone)
	r := d.one(gone)
	d.publish(stays)
	d.ack(r)
	d.Pass()
	d.one(stays)
	d.none()
	d.ack(r) // nothing to do
	if n := len(d.dead()); n != 0 {
		d.Errorf("%d dead letters", n)
	}
}

func lateReceipt(d *desk) {
	e := event(1)
	d.publish(e)
	r := d.one(e)
	d.Pass()
	d.ack(r)
	d.Pass()
	d.none()
}

func staleReceipt(d *desk) {
	e := event(1)
	d.publish(e)
	first := d.one(e)
	d.Pass()
	second := d.one(e)
	d.retry(first) // does not show it
	if d.Visibility() == 0 {
		d.none()
	}
	d.ack(first) // does not remove it
	d.Pass()
	third := d.one(e)
	d.higher(second, third)
	d.ack(third)
	d.Pass()
	d.none()
}

func duplicateOfHidden(d *desk) {
	e := event(1)
	d.publish(e)
	first := d.one(e)
	d.duplicate()
	second := d.one(e)
	d.none()
	d.ack(first, second)
	d.Pass()
	d.none()
}

func duplicateOfAcknowledged(d *desk) {
	e := event(1)
	d.publish(e)
	first := d.one(e)
	d.ack(first)
	d.duplicate()
	d.one(e)
	d.ack(first) // of the other delivery
	d.Pass()
	d.ack(d.one(e))
	d.Pass()
	d.none()
}

func (d *desk) duplicate() {
	d.Helper()
	q, ok := d.Queue.(Duplicator)
	if !ok {
		d.Skip("this part repeats no delivery on demand")
	}
	if !q.Duplicate() {
		d.Fatal("nothing was delivered once more")
	}
}

func deadLetter(d *desk) {
	good, bad := event("good"), event("bad")
	d.publish(good)
	d.ack(d.one(good))
	d.publish(bad)
	receives := d.exhaust(bad)
	if receives < 2 {
		d.Errorf("a dead letter after %d receives", receives)
	}
	d.awaitDead(bad)
	d.Pass()
	d.awaitDead(bad)
}

// exhaust receives the only message until it is a dead letter and counts.
func (d *desk) exhaust(e webhook.Event) (receives int) {
	d.Helper()
	for len(d.dead()) == 0 {
		for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			received := d.receive(1)
			if len(received) > 0 {
				receives++
				d.retry(received[0])
				break
			}
			if len(d.dead()) > 0 {
				break
			}
			if time.Since(start) > patience {
				d.Fatalf("after %d receives the message is neither visible nor a dead letter", receives)
			}
		}
		if receives > 200 {
			d.Fatalf("received %d times, and still no dead letter", receives)
		}
		if d.Visibility() == 0 {
			d.Pass()
		}
	}
	return receives
}

func redriven(d *desk) {
	e := event(1)
	d.publish(e)
	d.exhaust(e)
	if err := d.Redrive(d.Context()); err != nil {
		d.Fatalf("redrive: %v", err)
	}
	r := d.one(e)
	if r.Receives != 1 {
		d.Errorf("receive %d after a redrive, want 1", r.Receives)
	}
	d.ack(r)
	d.Pass()
	d.awaitDead()
}

func batch(d *desk) {
	const n = 25
	d.publish(events(n)...)
	missing := map[string]bool{}
	for _, e := range events(n) {
		missing[string(e.Encode())] = true
	}
	ids := map[string]bool{}
	for range n {
		for _, r := range d.receive(10) {
			delete(missing, string(r.Body))
			ids[r.ID] = true
			d.ack(r)
		}
	}
	if len(missing) > 0 || len(ids) != n {
		d.Errorf("%d of %d messages were not received, the others had %d ids", len(missing), n, len(ids))
	}
}
