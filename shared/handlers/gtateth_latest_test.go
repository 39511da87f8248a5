package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestLatest_gtateth(t *testing.T) {
	const second = time.Second
	callOn := func(verb, at string) string {
		return fmt.Sprintf(`{"event":"call.%s","timestamp":%q,"data":{"_id":"e","callId":"c1","status":%[1]q}}`, verb, at)
	}
	call := func(verb, at string) string { return callOn(verb, "2026-11-21T"+at+"Z") }
	customerOn := func(name, at string) string {
		return fmt.Sprintf(`{"event":"customer.updated","timestamp":"x","data":{"_id":"k1","tier":%q,"updatedAt":%q}}`, name, at)
	}
	customer := func(name, at string) string { return customerOn(name, "2026-11-21T"+at+"Z") }
	reported := func(name, at string) string {
		return fmt.Sprintf(`{"event":"customer.updated","timestamp":"2026-11-21T%sZ","data":{"_id":"k1","tier":%q}}`, at, name)
	}
	lastStates(t, "g-tateth", []lastState{
		{"G-Tateth's envelope has the time of a change that names none", []arrival{
			{0, reported("gold", "09:00:02")}, {second, reported("silver", "09:00:01")}}, "gold"},
		{"a call in one second", []arrival{{0, call("ringing", "09:00:00")}, {0, call("completed", "09:00:00")}, {0, call("answered", "09:00:00")}}, "completed"},
		{"a call rings before it is answered", []arrival{{0, call("answered", "09:00:00")}, {0, call("ringing", "09:00:01")}}, "answered"},
		{"a call is initiated before it rings", []arrival{{0, call("ringing", "09:00:00")}, {0, call("initiated", "09:00:01")}}, "ringing"},
		{"a call in a year nobody can mean", []arrival{{0, callOn("ringing", "5000-01-01T09:00:00Z")}, {0, call("answered", "09:00:00")}}, "answered"},
		{"a call only goes forward", []arrival{{0, call("failed", "09:05:00")}, {14 * second, call("initiated", "09:07:00")}}, "failed"},
		{"a customer has a time of change", []arrival{{0, customer("gold", "09:05:00")}, {second, customer("silver", "09:04:59.999")}}, "gold"},
		{"a change before there were computers", []arrival{{0, customer("gold", "08:59:00")}, {second, customerOn("silver", "1899-12-31T00:00:00Z")}}, "silver"},
	})
}

// What has no id of its own is kept by its event's.
func TestLatest_gtatethObjectWithoutAnID(t *testing.T) {
	store := newLatest(t)
	const body = `{"event":"customer.created","timestamp":"2026-11-21T09:00:00Z","data":{"tier":"gold"}}`
	if err := store.handle(t, "g-tateth", body, 0); err != nil {
		t.Fatal(err)
	}
	if r, ok, err := store.Get(t.Context(), "g-tateth.customer", received(t, "g-tateth", body, 0).ID); err != nil || !ok || !strings.Contains(string(r.Data), "gold") {
		t.Errorf("%v %v (%v)", r, ok, err)
	}
}

func TestLatestListsMessagesByConversation_gtateth(t *testing.T) {
	store := newLatest(t)
	for i, body := range []string{
		`{"event":"message.sent","timestamp":"2026-11-21T09:00:02Z","data":{"_id":"g2","callId":"k1","conversationId":"c1"}}`,
		`{"event":"message.received","timestamp":"2026-11-21T09:00:01Z","data":{"_id":"g1","callId":"k1","conversationId":{"_id":"c1"}}}`,
		`{"event":"call.ringing","timestamp":"2026-11-21T09:00:01Z","data":{"callId":"k1","conversationId":"c1"}}`,
	} {
		if err := store.handle(t, "g-tateth", body, time.Duration(i)*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	checkListed(t, store, map[string]string{"g-tateth.message/c1": "g2 g1", "g-tateth.call/c1": ""})
}
