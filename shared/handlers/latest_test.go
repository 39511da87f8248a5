package handlers_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

func TestTableHasAReactionToEverySampleOfAKnownType(t *testing.T) {
	b := newBooks(t, nil)
	table := handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, records.NewMemory(), atNine, b.Log)
	for _, p := range providers.Table() {
		for _, name := range events.Names(p.Name) {
			body, err := events.Body(p.Name, name)
			if err != nil {
				t.Fatal(err)
			}
			e := received(t, p.Name, string(body), 0)
			handler, ok := table[e.Type]
			if parsed, err := p.Decode(body); err != nil || ok != parsed.Known {
				t.Errorf("%s %s: handled is %v (%v)", p.Name, name, ok, err)
			}
			if !ok {
				continue
			}
			if r := handler(t.Context(), []webhook.Event{e})[0]; r.Err != nil || r.Outcome == "" {
				t.Errorf("%s %s: %+v", p.Name, name, r)
			}
		}
	}
}

// arrival is one delivery of a body, so long after nine.
type arrival struct {
	after time.Duration
	body  string
}

func TestLatestState(t *testing.T) {
	const second, minute = time.Second, time.Minute
	message := func(verb, text, times string) string {
		return fmt.Sprintf(`{"id":"e","type":"message.%s","payload":{"id":"m1","message":%q,"created_at":100,%s}}`, verb, text, times)
	}
	contact := func(verb, name string) string {
		return fmt.Sprintf(`{"id":"e","type":"contact.%s","payload":{"id":"p1","username":%q}}`, verb, name)
	}
	timeless := func(text string) string {
		return fmt.Sprintf(`{"id":%q,"type":"message.updated","payload":{"id":"m1","message":%[1]q}}`, text)
	}
	born := func(name string) string {
		return fmt.Sprintf(`{"id":%q,"type":"contact.updated","payload":{"id":"p1","username":%[1]q,"created_at":100,"updated_at":100}}`, name)
	}
	lastStates(t, "acme", []lastState{
		{"the first state is kept", []arrival{{0, message("created", "one", `"updated_at":null`)}}, "one"},
		{"a change in the same second as the creation", []arrival{
			{0, message("created", "one", `"updated_at":null`)}, {second, message("updated", "two", `"updated_at":100`)}}, "two"},
		{"a receipt is a change", []arrival{
			{0, message("created", "one", `"updated_at":null`)}, {second, message("updated", "read", `"read_at":101`)}}, "read"},
		{"a receipt that overtakes a change", []arrival{
			{0, message("updated", "read", `"read_at":102`)}, {second, message("updated", "two", `"updated_at":101`)}}, "read"},
		{"a creation that is repeated", []arrival{
			{0, message("created", "one", `"updated_at":null`)}, {second, message("updated", "two", `"updated_at":101`)}, {14 * second, message("created", "one", `"updated_at":null`)}}, "two"},
		{"a creation that arrives last", []arrival{
			{0, message("updated", "two", `"updated_at":101`)}, {second, message("created", "one", `"updated_at":null`)}}, "two"},
		{"an older change that arrives late", []arrival{
			{0, message("updated", "three", `"updated_at":102`)}, {second, message("updated", "two", `"updated_at":101`)}}, "three"},
		{"a time nobody can mean", []arrival{
			{0, message("updated", "two", `"updated_at":9223372036854775807`)}, {second, message("deleted", "", `"updated_at":null`)}}, ""},
		{"the last time there can be is no further stage", []arrival{
			{0, message("created", "one", `"updated_at":7258118400`)}, {second, message("updated", "two", `"updated_at":101`)}}, "two"},
		{"nor is a time after it", []arrival{
			{0, message("created", "one", `"updated_at":95617584000`)}, {second, message("updated", "two", `"updated_at":101`)}}, "two"},
		{"a message without any time", []arrival{{0, timeless("one")}, {second, timeless("two")}}, "two"},
		{"and the other way round", []arrival{{0, timeless("two")}, {second, timeless("one")}}, "one"},
		{"deleted stays deleted", []arrival{
			{0, message("deleted", "", `"updated_at":null`)}, {second, message("updated", "late", `"updated_at":4102444800`)}}, ""},

		{"without a time what arrives later counts", []arrival{{0, contact("created", "one")}, {second, contact("updated", "two")}, {2 * second, contact("updated", "three")}}, "three"},
		{"without a time a retry is not news", []arrival{{0, contact("updated", "two")}, {second, contact("updated", "three")}, {14 * second, contact("updated", "two")}}, "three"},
		{"a contact's creation does not say when it changed", []arrival{{0, born("two")}, {second, born("three")}}, "three"},
		{"and the other way round, too", []arrival{{0, born("three")}, {second, born("two")}}, "two"},
		{"without a time a creation is never news", []arrival{{0, contact("updated", "two")}, {14 * second, contact("created", "one")}}, "two"},
		{"without a time the window's last moment is not news", []arrival{{0, contact("updated", "two")}, {second, contact("updated", "three")}, {15 * minute, contact("updated", "two")}}, "three"},
		{"changed and changed back", []arrival{{0, contact("updated", "two")}, {second, contact("updated", "three")}, {20 * minute, contact("updated", "two")}}, "two"},
	})
}

// lastState is what a record holds after some deliveries.
type lastState struct {
	name     string
	arrivals []arrival
	want     string // in the record's data; "" is a tombstone
}

func lastStates(t *testing.T, platform string, rows []lastState) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			store := newLatest(t)
			for round := range 2 { // queued messages come again as they were
				for _, a := range row.arrivals {
					if err := store.handle(t, platform, a.body, a.after); err != nil {
						t.Fatalf("round %d: %v", round, err)
					}
				}
			}
			got := store.one(t, platform)
			if got.Deleted != (row.want == "") || !strings.Contains(string(got.Data), row.want) || got.Deleted && len(got.Data) != 0 {
				t.Errorf("record %s (deleted %v), want %s", got.Data, got.Deleted, row.want)
			}
		})
	}
}

// latest is the worker's table, with acme in it, over a store that forgets.
type latest struct {
	*records.Memory
	table map[string]webhook.BatchHandler
}

func newLatest(t *testing.T) *latest {
	b, store := newBooks(t, nil), records.NewMemory()
	return &latest{store, handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, store, atNine, b.Log)}
}

func (l *latest) handle(t *testing.T, platform, body string, after time.Duration) error {
	t.Helper()
	e := received(t, platform, body, after)
	if platform == acme.Name {
		_, err := (&handlers.Latest{Records: l.Memory, Decode: acme.Decode}).Mirror(t.Context(), e)
		return err
	}
	return l.table[e.Type](t.Context(), []webhook.Event{e})[0].Err
}

// one gives the only object of a platform there is.
func (l *latest) one(t *testing.T, platform string) records.Record {
	t.Helper()
	for kind, id := range map[string]string{"message": "m1", "contact": "p1", "call": "c1", "customer": "k1"} {
		if r, ok, err := l.Get(t.Context(), platform+"."+kind, id); ok || err != nil {
			return r
		}
	}
	t.Fatal("there is no record")
	return records.Record{}
}

// The samples are what the vendors' pages print: created, then updated.
func TestLatestSamplesEndWithTheUpdate(t *testing.T) {
	for _, p := range providers.Table() {
		for _, name := range events.Names(p.Name) {
			model, ok := strings.CutSuffix(name, ".created")
			if !ok || !slices.Contains(events.Names(p.Name), model+".updated") {
				continue
			}
			store := newLatest(t)
			var want webhook.State
			for i, verb := range []string{".created", ".updated"} {
				text, _ := events.Body(p.Name, model+verb) // it is listed
				want = stateOf(t, p.Provider, text)
				text = bytes.ReplaceAll(text, []byte(want.ID), []byte("same"))
				want = stateOf(t, p.Provider, text)
				if err := store.handle(t, p.Name, string(text), time.Duration(i)*time.Second); err != nil {
					t.Fatal(err)
				}
			}
			if got, _, _ := store.Get(t.Context(), p.Name+"."+model, "same"); !bytes.Equal(got.Data, want.Data) {
				t.Errorf("%s %s: %s, want the update", p.Name, model, got.Data)
			}
		}
	}
}

func stateOf(t *testing.T, p webhook.Provider, body []byte) webhook.State {
	t.Helper()
	parsed, err := p.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	state, err := parsed.Payload.(webhook.StateReporter).State(body)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// A message that is repeated and overtaken on its way ends as it was last.
func TestLatestMessagesConverge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(rt, "changes")
		var bodies []string
		for i := range n {
			verb := "updated"
			if i == 0 {
				verb = "created"
			}
			bodies = append(bodies, fmt.Sprintf(`{"type":"message.%s","payload":{"id":"m1","message":"%d","created_at":100,"updated_at":%d}}`, verb, i, 100+i))
		}
		store := newLatest(t)
		for i, k := range rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 8).Draw(rt, "deliveries") {
			if err := store.handle(t, "acme", bodies[k], time.Duration(i)*time.Minute); err != nil {
				rt.Fatal(err)
			}
		}
		for i, k := range rapid.Permutation(indexes(n)).Draw(rt, "order") {
			if err := store.handle(t, "acme", bodies[k], time.Duration(10+i)*time.Minute); err != nil {
				rt.Fatal(err)
			}
		}
		if got := store.one(t, "acme"); !strings.Contains(string(got.Data), fmt.Sprintf(`"message":"%d"`, n-1)) {
			rt.Errorf("ends as %s", got.Data)
		}
	})
}

func indexes(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// A conversation lists its messages as they were written, whatever order they
// arrive in; what it lists holds no text.
func TestLatestListsMessagesByConversation(t *testing.T) {
	store := newLatest(t)
	for i, d := range []struct{ platform, body string }{
		{"acme", `{"type":"message.created","payload":{"id":"m2","conversation_id":"c1","message":"second","created_at":200}}`},
		{"acme", `{"type":"message.created","payload":{"id":"m1","conversation_id":"c1","message":"first","created_at":100}}`},
		{"acme", `{"type":"message.created","payload":{"id":"m3","conversation_id":"c2","message":"elsewhere","created_at":150}}`},
		{"acme", `{"type":"message.updated","payload":{"id":"m1","conversation_id":"c1","message":"edited","created_at":100,"updated_at":300}}`},
		{"acme", `{"type":"message.deleted","payload":{"id":"m2"}}`},
		{"acme", `{"type":"attachment.created","payload":{"id":"a1","conversation_id":"c1"}}`},
		{"acme", `{"type":"message.created","payload":{"id":"m4","conversation_id":"c3","message":"when, nobody says"}}`},
		{"acme", `{"type":"message.created","payload":{"id":"m5","conversation_id":"c3","message":"nor here"}}`},
		{"acme", `{"type":"message.updated","payload":{"id":"m4","conversation_id":"c3","message":"edited"}}`},
	} {
		if err := store.handle(t, d.platform, d.body, time.Duration(i)*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	checkListed(t, store, map[string]string{"acme.message/c1": "m2 m1", "acme.message/c2": "m3", "acme.message/c3": "m5 m4",
		"acme.attachment/c1": ""})
}

// checkListed compares what kinds list with ids, newest first.
func checkListed(t *testing.T, store *latest, kinds map[string]string) {
	t.Helper()
	for kind, want := range kinds {
		page, _, err := store.List(t.Context(), kind, "", 10)
		var got []string
		for _, r := range page {
			got = append(got, r.ID)
			if string(r.Data) != "{}" {
				t.Errorf("%s: %s holds %s", kind, r.ID, r.Data)
			}
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s lists %q (%v), want %s, newest first", kind, got, err, want)
		}
	}
}

// Arrivals are looked up and never listed: a store that lists what is not deleted
// keeps no index for them.
func TestLatestListsNoArrivals(t *testing.T) {
	store := newLatest(t)
	const body = `{"id":"e","type":"contact.updated","payload":{"id":"p1","username":"one"}}`
	if err := store.handle(t, "acme", body, 0); err != nil {
		t.Fatal(err)
	}
	e := received(t, "acme", body, 0)
	noted, ok, _ := store.Get(t.Context(), "acme.arrival", e.ID)
	if page, _, err := store.List(t.Context(), "acme.arrival", "", 10); !ok || !noted.Time.Equal(e.Time) || len(page) != 0 || err != nil {
		t.Errorf("noted %t at %v, %d listed (%v)", ok, noted.Time, len(page), err)
	}
}

// A store may fail at any one thing it is asked for; the event then comes back.
func TestLatestStateComesBackWhateverFails(t *testing.T) {
	const (
		contact = `{"id":"e","type":"contact.updated","payload":{"id":"p1","username":"one"}}`
		message = `{"id":"e","type":"message.created","payload":{"id":"m1","conversation_id":"c1","message":"one","created_at":100}}`
	)
	for _, row := range []struct{ name, body, get, put string }{
		{"the arrival is not read", contact, "acme.arrival", ""},
		{"the arrival is not noted", contact, "", "acme.arrival"},
		{"the state is not stored", contact, "", "acme.contact"},
		{"the message is not stored", message, "", "acme.message"},
		{"the conversation is not told of it", message, "", "acme.message/c1"},
	} {
		store := &failing{Store: records.NewMemory(), get: row.get, put: row.put}
		_, err := (&handlers.Latest{Records: store, Decode: acme.Decode}).Mirror(t.Context(), received(t, "acme", row.body, 0))
		if !errors.Is(err, errFails) {
			t.Errorf("%s: %v, want it to come back", row.name, err)
		}
	}
}

func TestCreditsComeBackWhileTheStoreIsDown(t *testing.T) {
	down := errors.New("store is down")
	b := newBooks(t, nil)
	b.Ledger = brokenLedger{b.Ledger, down}
	if got := b.outcome(t, usage(t, seconds("1", "u1", "1"), 0)); got != "again: store is down" {
		t.Errorf("outcome %q", got)
	}
}
