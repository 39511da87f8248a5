package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/testbed/sim/field"
)

// The acts of this file lead to calls that random events seldom lead to.

// of draws an event of one platform.
func (d *drawn) of(platform string) field.Event {
	return until(d.field.Event, func(e field.Event) bool { return e.Platform == platform })
}

// until draws events until one is what is looked for.
func until(draw func() field.Event, is func(field.Event) bool) field.Event {
	for {
		if e := draw(); is(e) {
			return e
		}
	}
}

// delivers has a platform deliver an event some time from now.
func (w *world) delivers(in time.Duration, e field.Event, random *rand.Rand) {
	w.in(in, func() { w.attempt(w.delivery(e, random, field.Schedule(e.Platform, random)...)) })
}

// seen is what is read of an event of Gabber's to tell what it is.
type seen struct {
	Type    string
	Payload struct {
		Session string `json:"realtime_session"`
		Group   string
		Current struct {
			ID, State, Human string
			Data             []struct{ Type, Value string }
		} `json:"current_realtime_session"`
	}
}

func see(e field.Event) (s seen) {
	_ = json.Unmarshal(e.Body, &s) // of other events, and of broken ones, nothing is read
	return s
}

// runsOut has a human in a session use credits.
func runsOut(random *rand.Rand, d *drawn) func(*world) {
	begun := until(d.field.Session, func(e field.Event) bool {
		current := see(e).Payload.Current
		return current.State == "in_progress" && current.Human != ""
	})
	human := see(begun).Payload.Current.Human
	used := until(d.field.Event, func(e field.Event) bool { return e.Wants.Kind == field.Charge && e.Wants.Account == human })
	after := upTo(random, time.Minute)
	return func(w *world) {
		w.delivers(0, begun, random)
		w.delivers(after, used, random)
	}
}

// changesTwice has a human use credits twice within a minute: a limit that is put late
// may land after a newer one.
func changesTwice(random *rand.Rand, d *drawn) func(*world) {
	charge := func(e field.Event) bool { return e.Wants.Kind == field.Charge && e.Wants.Amount != 0 }
	first := until(d.field.Event, charge)
	second := until(d.field.Event, func(e field.Event) bool { return charge(e) && e.Wants.Account == first.Wants.Account })
	grant := field.Grant{Account: first.Wants.Account, Key: fmt.Sprint("before-", random.Uint64()), Amount: 1000 * 1_000_000}
	after := upTo(random, time.Minute)
	return func(w *world) {
		w.book(grant, random)
		w.delivers(time.Second, first, random)
		w.delivers(time.Second+after, second, random)
	}
}

// phoneOwners has an operator say whose telephone number it is, and a call begin from there.
func phoneOwners(random *rand.Rand, d *drawn) func(*world) {
	human := pick(random, "ann", "bob", "cyd")
	begun := until(d.field.Session, func(e field.Event) bool {
		current := see(e).Payload.Current
		return current.State == "in_progress" && current.Human == "" && len(current.Data) > 0
	})
	return func(w *world) {
		number := see(begun).Payload.Current.Data[0].Value
		w.callers[human] = true
		_, err := w.ledger.records.Put(context.Background(), accounts.PhoneOwner(number, human, time.Now()))
		w.must(err)
		w.delivers(0, begun, random)
	}
}

// tools has the tools of a session give results, which are spoken.
func tools(random *rand.Rand, d *drawn) func(*world) {
	done := until(d.field.Tools, func(e field.Event) bool {
		s := see(e)
		return strings.HasSuffix(s.Type, "calls_finished") && s.Payload.Session != ""
	})
	return func(w *world) { w.delivers(0, done, random) }
}
