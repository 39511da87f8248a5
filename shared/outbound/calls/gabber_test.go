package calls

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/outbound/fakeapi"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

var gabberSamples = []webhook.Event{
	ours(followups.SpeechRequested, "4", followups.SpeechRequest{Session: "canary", Text: "canary", Group: "canary"}),
	ours(followups.HumanFound, "5", followups.SessionHuman{Session: "canary", Human: "canary"}),
	ours(followups.VendorDebit, "6", followups.Debit{Credit: "canary", Human: "canary", Amount: -1, Key: "canary"}),
}

func TestSettingsFromEnv_gabber(t *testing.T) {
	for name, row := range map[string][2]string{
		"an API that is no URL":                           {"GABBER_API_URL", "canary"},
		"an API with a password":                          {"GABBER_API_URL", "https://canary:canary@api.test"},
		"an API that is a file":                           {"GABBER_API_URL", "file:///canary"},
		"a key with a line break":                         {"GABBER_API_KEY", "canary\n"},
		"a key that is pasted twice":                      {"GABBER_API_KEY", "canary canary"},
		"a key with a quotation mark of a word processor": {"GABBER_API_KEY", "“canary”"},
		"a key in quotes":                                 {"GABBER_API_KEY", `"canary"`},
		"neither true nor not":                            {"END_EXHAUSTED_SESSIONS", "canary"},
		"a price list":                                    {"TARIFF", "canary"},
	} {
		t.Run(name, func(t *testing.T) { expectFault(t, row[0], map[string]string{row[0]: row[1]}) })
	}
	if s, err := SettingsFromEnv(func(string) string { return "" }); err != nil || s.Gabber.API.Base != DefaultGabberAPI {
		t.Errorf("base %s (%v)", s.Gabber.API.Base, err)
	}
}

// Without a key or a price no limit is pushed; crossings are told all the same. Only
// a fork that has a key is told by an alarm. A debit is money: it waits for the key.
func TestTable_gabber(t *testing.T) {
	for _, row := range []struct {
		name, key, tariff, want string
		alarm                   bool
		calls                   int
	}{
		{"all there is", fakeapi.Key, "conversational_seconds=0.5", "pushed", false, 1},
		{"no key", "", "conversational_seconds=1", "no key", false, 0},
		{"neither", "", "token_cnt=1", "no key", false, 0},
		{"no price", fakeapi.Key, "token_cnt=1", "no price", true, 0},
		{"for nothing", fakeapi.Key, "conversational_seconds=0", "no price", true, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, map[string]string{"GABBER_API_KEY": row.key, "TARIFF": row.tariff, "END_EXHAUSTED_SESSIONS": "true"})
			if strings.Contains(w.log.String(), "code=") != row.alarm {
				t.Errorf("at the start: %s", w.log.String())
			}
			w.book(t, "1", "u2", "5")
			r := w.handle(t, w.book(t, "2", "u1", "-5"))
			if r.Err != nil || r.Outcome != row.want || len(r.FollowUps) != 1 || w.count != row.calls {
				t.Errorf("%q with %d follow-ups after %d calls (%v)", r.Outcome, len(r.FollowUps), w.count, r.Err)
			}
			if row.calls > 0 {
				w.drain(t, ours(followups.BalanceChanged, "1", accounts.BalanceOf("", "u2")))
				if limit, _ := w.Limit("u2", "conversational_seconds"); limit != 10 {
					t.Errorf("limit %d, want 10", limit)
				}
			}
			if row.key != "" {
				return
			}
			keepSessions(t, w.store)
			for _, e := range append(gabberSamples, r.FollowUps...) {
				w.log.Reset()
				if want := map[bool]string{true: "again"}[e.Type == followups.VendorDebit]; outcome(w.handle(t, e)) != map[string]string{"": "done"}[want]+want || strings.Contains(w.log.String(), "code=API") != (want == "again") {
					t.Errorf("%s without a key: %s", e.Type, w.log.String())
				}
			}
			if w.count != 0 {
				t.Errorf("%d calls without a key", w.count)
			}
		})
	}
}

func TestGabberSessionsAttach(t *testing.T) {
	for _, row := range []struct {
		name           string
		fault          func(int) fault
		want, attached string
	}{
		{"all is well", nil, "done", "u7"},
		{"the answer is lost", once(fault{1, true}), "again", "u7"},
		{"the call is lost", once(fault{500, false}), "again", ""},
		{"the session is over", always(fault{404, false}), "done", ""},
		{"the request is wrong", always(fault{400, false}), "dead: the API answered 400", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.fault = row.fault
			e := ours(followups.HumanFound, "s1", followups.SessionHuman{Session: "s1", Human: "u7"})
			r := w.handle(t, e)
			if outcome(r) != row.want || w.State().Attached["s1"] != row.attached || r.Err == nil && (r.Outcome == "attached") != (row.attached != "") {
				t.Errorf("%s, outcome %q, attached %q", outcome(r), r.Outcome, w.State().Attached["s1"])
			}
			if row.want == "again" && (outcome(w.handle(t, e)) != "done" || w.State().Attached["s1"] != "u7") {
				t.Errorf("again: attached %q", w.State().Attached["s1"])
			}
		})
	}
}

func TestGabberSessionsEndAll(t *testing.T) {
	for _, row := range []struct {
		name, end string
		fault     func(int) fault
		amount    string
		project   string
		want      string
		outcome   string
	}{
		{"if asked for", "true", nil, "-1", "", "live called", "done"},
		{"not by default", "", nil, "-1", "", "", "done"},
		{"not if there is something left again", "true", nil, "1", "", "", "done"},
		{"those of the project", "true", nil, "-1", "p", "live", "done"},
		{"an answer that is lost is asked for again", "true", once(fault{1, false}), "-1", "", "", "again"},
		{"a session that is over already", "true", once(fault{404, false}), "-1", "", "called", "done"},
		{"a session that cannot be ended", "true", once(fault{400, false}), "-1", "", "called", "done"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, map[string]string{"END_EXHAUSTED_SESSIONS": row.end})
			keepSessions(t, w.store)
			of := accounts.BalanceOf(row.project, "u1")
			w.book(t, "1", of.Account, row.amount)
			w.fault = row.fault
			e := ours(followups.Exhausted, "u1", followups.Crossing{Balance: of, Number: 1})
			if got := outcome(w.handle(t, e)); got != row.outcome || strings.Join(w.State().Ended, " ") != row.want {
				t.Errorf("%s, ended %q; want %s, %q", got, w.State().Ended, row.outcome, row.want)
			}
			if row.outcome == "again" && (outcome(w.handle(t, e)) != "done" || len(w.State().Ended) != 2) {
				t.Errorf("again: ended %q", w.State().Ended)
			}
		})
	}
	for newer, want := range map[int]string{150: "live", 1000: ""} { // beyond a page, and bounded
		w := newWorld(t, map[string]string{"END_EXHAUSTED_SESSIONS": "true"})
		for i := range newer + 1 {
			keepSession(t, w.store, i, map[bool]string{true: `{"id":"live","state":"in_progress","human":"u1"}`, false: `{"id":"over","state":"ended","human":"u1"}`}[i == 0])
		}
		w.book(t, "1", "u1", "-1")
		if got := outcome(w.handle(t, ours(followups.Exhausted, "u1", crossing(1)))); got != "done" || strings.Join(w.State().Ended, " ") != want {
			t.Errorf("%d newer ones: %s, ended %q, want %q", newer, got, w.State().Ended, want)
		}
	}
}

// keepSessions stores sessions of several people, two live ones of u1.
func keepSessions(t *testing.T, store records.Store) {
	t.Helper()
	for i, s := range []string{
		`{"id":"live","state":"in_progress","human":"u1","project":"p"}`,
		`{"id":"over","state":"ended","human":"u1"}`,
		`{"id":"new","state":"not_started","human":"u1"}`,
		`{"id":"another's","state":"in_progress","human":"u2"}`,
		`{"id":"unknown","state":"in_progress","caller":"+1555"}`,
		`{"id":"called","state":"in_progress","caller":"+12025550143"}`,
	} {
		keepSession(t, store, -i, s)
	}
	if _, err := store.Put(t.Context(), accounts.PhoneOwner("+1 202 555 0143", "u1", nine)); err != nil {
		t.Fatal(err)
	}
}

func keepSession(t *testing.T, store records.Store, i int, session string) {
	t.Helper()
	r := records.Record{Kind: gabber.SessionKind, ID: fmt.Sprint(i), Version: 1, Time: nine.Add(time.Duration(i)), Data: []byte(session)}
	if _, err := store.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// debit is of one human and one credit type.
func debit(amount int64, key string) webhook.Event {
	return ours(followups.VendorDebit, key, followups.Debit{Credit: "gold", Human: "u1", Amount: amount, Key: key})
}

func (w *world) debited() (sum int64) {
	for _, e := range w.State().Ledger {
		sum += e.Amount
	}
	return sum
}

func TestDebitsPost(t *testing.T) {
	const refused = "dead: the API answered 400"
	for _, row := range []struct {
		name   string
		before int64 // debited before, under another key
		fault  func(int) fault
		want   string // outcomes of two deliveries
		amount int64  // debited in all
	}{
		{"all is well", 0, nil, "done, done", -31},
		{"the answer is lost", 0, once(fault{1, true}), "again, done", -31},
		{"the call is lost", 0, once(fault{500, false}), "again, done", -31},
		{"busy", 0, once(fault{429, false}), "again, done", -31},
		{"our key is refused", 0, once(fault{401, false}), "again, done", -31},
		{"no such credit", 0, always(fault{404, false}), "again, again", 0},
		{"an overdraft is refused, there is no entry", 0, each(fault{400, false}, fault{}, fault{400, false}), refused + ", " + refused, 0},
		{"refused, and the newest entry is another's", -1, once(fault{400, false}), refused + ", done", -32},
		{"refused, and the newest entry is another's of the same amount", -31, once(fault{400, false}), refused + ", done", -62},
		{"refused, and the newest entry cannot be read", 0, each(fault{400, true}, fault{500, false}), "again, done", -31},
		{"a used key is a conflict there", 0, each(fault{1, true}, fault{409, false}), "again, done", -31},
		{"a conflict with another's entry", -1, once(fault{409, false}), "again, done", -32},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			if row.before != 0 {
				w.drain(t, debit(row.before, "another"))
			}
			w.count, w.fault = 0, row.fault
			e := debit(-31, "gabber:usage:1")
			if got := outcome(w.handle(t, e)) + ", " + outcome(w.handle(t, e)); got != row.want || w.debited() != row.amount {
				t.Errorf("%s, %d debited; want %s, %d", got, w.debited(), row.want, row.amount)
			}
		})
	}
}

// A redelivery after other debits meets a used key that is not the newest entry's: it
// must not become a dead letter, and must not debit twice. What is not noted, or cannot
// be looked up, comes back.
func TestDebitsPost_notes(t *testing.T) {
	w := newWorld(t, nil)
	for _, key := range []string{"1", "2", "1", "2", "1"} {
		w.drain(t, debit(-1, key))
	}
	if w.debited() != -2 || w.count != 2 {
		t.Errorf("%d debited in %d calls, want 2 in 2", w.debited(), w.count)
	}
	for _, d := range []followups.Debit{{Credit: "gold", Human: "u2", Amount: -1, Key: "1"}, {Credit: "silver", Human: "u1", Amount: -1, Key: "1"}} {
		if got := outcome(w.handle(t, ours(followups.VendorDebit, d.Credit+d.Human, d))); got == "done" {
			t.Errorf("%s of %s: taken for another's of the same key", d.Credit, d.Human)
		}
	}
	for store, want := range map[*failing]int{{get: gabber.DebitKind}: 0, {put: gabber.DebitKind}: 1} {
		store.Store, w.count = records.NewMemory(), 0
		w.ports.Records = store
		settings := gabberSettings{API: gabberAPI{Base: "https://api.test", Key: fakeapi.Key}}
		table := &table{rows: w.rows}
		if table.gabber(settings, w.ports, w.logger()); outcome(w.handle(t, debit(-1, fmt.Sprint("3 ", want)))) != "again" || w.count != want {
			t.Errorf("%d calls, want %d", w.count, want)
		}
	}
	for _, human := range []string{"u1 ", " u1", "u1\t", " "} { // a header loses the blanks, and what is left may be another human
		w := newWorld(t, nil)
		e := ours(followups.VendorDebit, human, followups.Debit{Credit: "gold", Human: human, Amount: -1, Key: "k"})
		if got := outcome(w.handle(t, e)); !strings.HasPrefix(got, "dead: ") || w.count != 0 {
			t.Errorf("%q: %s after %d calls", human, got, w.count)
		}
	}
}
