package exhaust

import (
	"errors"
	"fmt"
	"testing"

	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// redrive: a message that became a dead letter is redriven beside its original, which the
// platform repeats. Another event with the same identity and another value arrives, too.
// The first of the two values is charged, once; the other one ends in the dead letters.
func redrive(_ *testing.T, faults int) explored {
	event, other := usage("a", 2), usage("a", 3)
	m := &money{opening: 3, sent: []webhook.Event{event, other}, letter: undecodable(event), workers: 2, pushers: 1, crossings: 1,
		doubles: func(e webhook.Event) bool { return e.Provider() != "" }}
	return m.explore(faults, func(s state) error {
		paid := m.balance(s) - int8(m.opening)
		if paid != -2 && paid != -3 {
			return fmt.Errorf("the balance is %d", m.balance(s))
		}
		refused := map[bool]webhook.Event{true: other, false: event}[paid == -2]
		return errors.Join(m.limitIsBalance(s), m.charged(s, int(-paid)), m.allTold(s), m.onlyDead(s, refused))
	})
}

// undecodable is the dead letter of an event that a release before this one could not decode.
func undecodable(e webhook.Event) webhook.Event {
	before := webhook.Provider{Name: e.Provider(), Decode: func([]byte) (webhook.Parsed, error) {
		return webhook.Parsed{}, errors.New("a member is of another type")
	}}
	return ingest.Identify(before, e.Data, e.Time, signature.Verified{KeyID: e.KeyID})
}

// onlyDead says whether one event has dead letters, each with a reason, and no other.
func (m *money) onlyDead(s state, event webhook.Event) error {
	letters := 0
	for _, one := range s.messages {
		if one.stage != dead || one.body == 0 {
			continue
		}
		e := m.bodies.all[one.body]
		if string(e.Data) != string(event.Data) || e.Reason == "" {
			return fmt.Errorf("a dead letter of %s, reason %q", e.Data, e.Reason)
		}
		letters++
	}
	if letters == 0 {
		return fmt.Errorf("no dead letter of %s", event.Data)
	}
	return nil
}
