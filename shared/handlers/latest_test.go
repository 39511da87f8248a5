package handlers_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/providers/chatbase"
	"github.com/webhook-functions/template/shared/providers/cribbly"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// received makes the event of a body received by a platform's route.
func received(t *testing.T, provider, body string, after time.Duration) webhook.Event {
	t.Helper()
	for _, p := range providers.Table() {
		if p.Name == provider {
			e := ingest.Identify(p.Provider, []byte(body), nine.Add(after), "1")
			if e.Reason != "" {
				t.Fatalf("%s: %s", provider, e.Reason)
			}
			return e
		}
	}
	t.Fatalf("no platform %s", provider)
	return webhook.Event{}
}

func TestEverySampleOfAKnownTypeHasAReaction(t *testing.T) {
	b := newBooks(t, nil)
	table := handlers.Table(handlers.Settings{Credits: b.Credits}, b.Ledger, records.NewMemory(), atNine, b.Log)
	ignored := map[string]bool{"gabber.voice.clone_ready": true, "g-tateth.webhook.test": true} // events nobody can know
	for _, p := range providers.Table() {
		for _, name := range events.Names(p.Name) {
			body, err := events.Body(p.Name, name)
			if err != nil {
				t.Fatal(err)
			}
			e := received(t, p.Name, string(body), 0)
			handler, ok := table[e.Type]
			if ok == ignored[e.Type] {
				t.Errorf("%s %s: handled is %v", p.Name, name, ok)
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
	for _, row := range []struct {
		name     string
		arrivals []arrival
		want     string // in the record's data; "" is a tombstone
	}{
		{"G-Tateth's envelope has the time of a change that names none", []arrival{
			{0, reported("gold", "09:00:02")}, {second, reported("silver", "09:00:01")}}, "gold"},
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

		{"a call in one second", []arrival{{0, call("ringing", "09:00:00")}, {0, call("completed", "09:00:00")}, {0, call("answered", "09:00:00")}}, "completed"},
		{"a call rings before it is answered", []arrival{{0, call("answered", "09:00:00")}, {0, call("ringing", "09:00:01")}}, "answered"},
		{"a call is initiated before it rings", []arrival{{0, call("ringing", "09:00:00")}, {0, call("initiated", "09:00:01")}}, "ringing"},
		{"a call in a year nobody can mean", []arrival{{0, callOn("ringing", "5000-01-01T09:00:00Z")}, {0, call("answered", "09:00:00")}}, "answered"},
		{"a call only goes forward", []arrival{{0, call("failed", "09:05:00")}, {14 * second, call("initiated", "09:07:00")}}, "failed"},
		{"a customer has a time of change", []arrival{{0, customer("gold", "09:05:00")}, {second, customer("silver", "09:04:59.999")}}, "gold"},
		{"a change before there were computers", []arrival{{0, customer("gold", "08:59:00")}, {second, customerOn("silver", "1899-12-31T00:00:00Z")}}, "silver"},
	} {
		t.Run(row.name, func(t *testing.T) {
			store := newLatest(t)
			for round := range 2 { // queued messages come again as they were
				for _, a := range row.arrivals {
					if err := store.handle(t, platformOf(a.body), a.body, a.after); err != nil {
						t.Fatalf("round %d: %v", round, err)
					}
				}
			}
			got := store.one(t, platformOf(row.arrivals[0].body))
			if got.Deleted != (row.want == "") || !strings.Contains(string(got.Data), row.want) || got.Deleted && len(got.Data) != 0 {
				t.Errorf("record %s (deleted %v), want %s", got.Data, got.Deleted, row.want)
			}
		})
	}
}

// What has no id of its own is kept by its event's.
func TestAnObjectWithoutAnId(t *testing.T) {
	store := newLatest(t)
	const body = `{"event":"customer.created","timestamp":"2026-11-21T09:00:00Z","data":{"tier":"gold"}}`
	if err := store.handle(t, "g-tateth", body, 0); err != nil {
		t.Fatal(err)
	}
	if r, ok, err := store.Get(t.Context(), "g-tateth.customer", received(t, "g-tateth", body, 0).ID); err != nil || !ok || !strings.Contains(string(r.Data), "gold") {
		t.Errorf("%v %v (%v)", r, ok, err)
	}
}

// platformOf tells the two dialects apart.
func platformOf(body string) string {
	if strings.HasPrefix(body, `{"event"`) {
		return "g-tateth"
	}
	return "cribbly"
}

// latest is the worker's table over a store that forgets.
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

// The samples are what the vendors' pages print: created with no time of change,
// then updated.
func TestTheSamplesInOrderEndWithTheUpdate(t *testing.T) {
	for _, platform := range []string{"cribbly", "oblic"} {
		for _, model := range []string{"contact", "conversation", "message", "group", "attachment"} {
			store := newLatest(t)
			var id, want string
			for i, verb := range []string{"created", "updated"} {
				body, err := events.Body(platform, model+"."+verb)
				if err != nil {
					t.Fatal(err)
				}
				var whole struct{ Payload json.RawMessage }
				var payload struct{ ID string }
				if json.Unmarshal(body, &whole) != nil || json.Unmarshal(whole.Payload, &payload) != nil {
					t.Fatalf("%s: not JSON", model)
				}
				text := strings.ReplaceAll(string(body), payload.ID, "same")
				id, want = "same", strings.ReplaceAll(string(whole.Payload), payload.ID, "same")
				if err := store.handle(t, platform, text, time.Duration(i)*time.Second); err != nil {
					t.Fatal(err)
				}
			}
			if got, _, _ := store.Get(t.Context(), platform+"."+model, id); string(got.Data) != want {
				t.Errorf("%s %s: %s, want the update", platform, model, got.Data)
			}
		}
	}
}

// Whatever is repeated and overtaken on its way, a message ends as it was last.
func TestMessagesConverge(t *testing.T) {
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
			if err := store.handle(t, "cribbly", bodies[k], time.Duration(i)*time.Minute); err != nil {
				rt.Fatal(err)
			}
		}
		for i, k := range rapid.Permutation(indexes(n)).Draw(rt, "order") {
			if err := store.handle(t, "cribbly", bodies[k], time.Duration(10+i)*time.Minute); err != nil {
				rt.Fatal(err)
			}
		}
		if got := store.one(t, "cribbly"); !strings.Contains(string(got.Data), fmt.Sprintf(`"message":"%d"`, n-1)) {
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
func TestMessagesAreListedByConversation(t *testing.T) {
	store := newLatest(t)
	for i, d := range []struct{ platform, body string }{
		{"oblic", `{"type":"message.created","payload":{"id":"m2","conversation_id":"c1","message":"second","created_at":200}}`},
		{"oblic", `{"type":"message.created","payload":{"id":"m1","conversation_id":"c1","message":"first","created_at":100}}`},
		{"oblic", `{"type":"message.created","payload":{"id":"m3","conversation_id":"c2","message":"elsewhere","created_at":150}}`},
		{"oblic", `{"type":"message.updated","payload":{"id":"m1","conversation_id":"c1","message":"edited","created_at":100,"updated_at":300}}`},
		{"oblic", `{"type":"message.deleted","payload":{"id":"m2"}}`},
		{"g-tateth", `{"event":"message.sent","timestamp":"2026-11-21T09:00:02Z","data":{"_id":"g2","callId":"k1","conversationId":"c1"}}`},
		{"g-tateth", `{"event":"message.received","timestamp":"2026-11-21T09:00:01Z","data":{"_id":"g1","callId":"k1","conversationId":{"_id":"c1"}}}`},
		{"g-tateth", `{"event":"call.ringing","timestamp":"2026-11-21T09:00:01Z","data":{"callId":"k1","conversationId":"c1"}}`},
		{"oblic", `{"type":"attachment.created","payload":{"id":"a1","conversation_id":"c1"}}`},
		{"oblic", `{"type":"message.created","payload":{"id":"m4","conversation_id":"c3","message":"when, nobody says"}}`},
		{"oblic", `{"type":"message.created","payload":{"id":"m5","conversation_id":"c3","message":"nor here"}}`},
		{"oblic", `{"type":"message.updated","payload":{"id":"m4","conversation_id":"c3","message":"edited"}}`},
	} {
		if err := store.handle(t, d.platform, d.body, time.Duration(i)*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	for kind, want := range map[string]string{"oblic.message/c1": "m2 m1", "oblic.message/c2": "m3", "oblic.message/c3": "m5 m4", "g-tateth.message/c1": "g2 g1",
		"g-tateth.call/c1": "", "oblic.attachment/c1": ""} {
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

func TestEveryLeadIsKept(t *testing.T) {
	store := newLatest(t)
	lead := func(email, phone string) string {
		return fmt.Sprintf(`{"eventType":"leads.submit","chatbotId":"b","payload":{"conversationId":"c","customerEmail":%q,"customerPhone":%q}}`, email, phone)
	}
	wrong, corrected, other := lead("a@exmaple.com", "1"), lead("a@example.com", "1"), lead("a@example.com", "")
	for i, body := range []string{wrong, corrected, other, wrong, strings.Replace(corrected, "a@", "A@", 1)} {
		if err := store.handle(t, "chatbase", body, time.Duration(i)*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	page, _, err := store.List(t.Context(), chatbase.LeadKind, "", 10)
	if err != nil || len(page) != 3 {
		t.Errorf("%d leads (%v), want the wrong one, the corrected one and the one without a number", len(page), err)
	}
	for _, r := range page {
		if !strings.Contains(string(r.Data), `"chatbotId":"b"`) {
			t.Errorf("nobody can tell whose lead %s is", r.Data)
		}
	}
}

// Arrivals are looked up and never listed: a store that lists what is not deleted
// keeps no index for them.
func TestArrivalsAreNotListed(t *testing.T) {
	store := newLatest(t)
	const body = `{"id":"e","type":"contact.updated","payload":{"id":"p1","username":"one"}}`
	if err := store.handle(t, "cribbly", body, 0); err != nil {
		t.Fatal(err)
	}
	e := received(t, "cribbly", body, 0)
	noted, ok, _ := store.Get(t.Context(), "cribbly.arrival", e.ID)
	if page, _, err := store.List(t.Context(), "cribbly.arrival", "", 10); !ok || !noted.Time.Equal(e.Time) || len(page) != 0 || err != nil {
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
		{"the arrival is not read", contact, "cribbly.arrival", ""},
		{"the arrival is not noted", contact, "", "cribbly.arrival"},
		{"the state is not stored", contact, "", "cribbly.contact"},
		{"the message is not stored", message, "", "cribbly.message"},
		{"the conversation is not told of it", message, "", "cribbly.message/c1"},
	} {
		store := &failing{Store: records.NewMemory(), get: row.get, put: row.put}
		_, err := (&handlers.Latest{Records: store, Decode: cribbly.Platform.Decode}).Mirror(t.Context(), received(t, "cribbly", row.body, 0))
		if !errors.Is(err, errFails) {
			t.Errorf("%s: %v, want it to come back", row.name, err)
		}
	}
}

func TestAStoreThatIsDownMakesEventsComeBack(t *testing.T) {
	down := errors.New("store is down")
	for _, forward := range []bool{false, true} {
		leads := &handlers.Leads{Records: brokenRecords{down}, Forward: forward}
		e := received(t, "chatbase", `{"eventType":"leads.submit","chatbotId":"b","payload":{}}`, 0)
		_, err := leads.Keep(t.Context(), e)
		if _, permanent := webhook.PermanentReason(err); !errors.Is(err, down) || permanent {
			t.Errorf("forwarded %t: error %v, want one that comes back", forward, err)
		}
	}
	b := newBooks(t, nil)
	b.Ledger = brokenLedger{b.Ledger, down}
	if got := b.outcome(t, usage(t, seconds("1", "u1", "1"), 0)); got != "again: store is down" {
		t.Errorf("outcome %q", got)
	}
}
