package operator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/followups"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/operator"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

var nine = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// memory is a place that forgets.
type memory struct {
	operator.Stores
	looks, changes, closed int
	queued                 []webhook.Event
}

func newMemory() *memory {
	m := &memory{}
	m.Stores = operator.Stores{Ledger: ledger.NewMemory(func() time.Time { return nine }), Records: records.NewMemory(), Outbound: m, Events: m,
		Close: func() error { m.closed++; return nil }}
	return m
}

func (m *memory) Open(_ context.Context, look bool) (operator.Stores, error) {
	if look {
		m.looks++
	} else {
		m.changes++
	}
	return m.Stores, nil
}

func (m *memory) Publish(_ context.Context, e webhook.Event) error {
	m.queued = append(m.queued, e)
	return nil
}

// terminal gives one at a place, and what it shows.
func terminal(place operator.Place) (*operator.Terminal, *bytes.Buffer) {
	var out bytes.Buffer
	return &operator.Terminal{Place: place, Out: &out, Now: func() time.Time { return nine }, NewKey: func() string { return "a new key" },
		Sleep: func(context.Context, time.Duration) error { return nil }}, &out
}

// some is a platform of the table.
var some = providers.Table()[0].Name

func human(id string) operator.Owner { return operator.Owner{Human: id} }

func TestGrantCmd_oncePerKey(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	grant := operator.GrantCmd{Owner: human("u1"), Amount: "12.5"}
	for range 2 {
		again := grant
		if err := again.Run(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	if got := out.String(); got != "recorded: balance is 12.5 credits (key a new key)\nduplicate: balance is 12.5 credits (key a new key)\n" {
		t.Errorf("shown %q", got)
	}
	if len(m.queued) != 2 || m.queued[0].Type != followups.BalanceChanged || m.queued[0].ID != m.queued[1].ID {
		t.Errorf("%d events are queued, want the change of balance, twice the same", len(m.queued))
	}
	if m.changes != 2 || m.closed != 2 {
		t.Errorf("opened %d times to change, closed %d times", m.changes, m.closed)
	}
	for name, command := range map[string]operator.GrantCmd{
		"the key says something else": {Owner: human("u2"), Amount: "12.5", Booking: operator.Booking{Key: "a new key"}},
		"nothing":                     {Owner: human("u1"), Amount: "0"},
		"less than nothing":           {Owner: human("u1"), Amount: "-1"},
		"more than six decimals":      {Owner: human("u1"), Amount: "1.0000001"},
		"more than there can be":      {Owner: human("u1"), Amount: "9223372036855"},
		"more than one entry may":     {Owner: human("u1"), Amount: (ledger.MaxAmount + 1).String()},
		"no number":                   {Owner: human("u1"), Amount: "lots"},
		"no human":                    {Owner: human(""), Amount: "1"},
		"another human's account":     {Owner: human("p\x1fu1"), Amount: "1"},
	} {
		if command.Key == "" {
			command.Key = name // or it would fail for being the one above
		}
		if err := command.Run(t.Context(), at); err == nil {
			t.Errorf("%s: booked", name)
		}
	}
}

// blind is a store that would book beyond the bound.
type blind struct {
	operator.Ledger
	balance ledger.Micro
}

func (b blind) Account(ctx context.Context, account string) (ledger.Account, error) {
	a, err := b.Ledger.Account(ctx, account)
	a.Balance = b.balance
	return a, err
}

// A store may write without a look at the balance; an operator's credits never
// take it beyond its bound, and may always bring it back.
func TestGrantCmd_bound(t *testing.T) {
	for _, row := range []struct {
		name    string
		balance ledger.Micro
		amount  string
		booked  bool
	}{
		{"up to the bound", ledger.MaxBalance - 5, "0.000005", true},
		{"beyond it", ledger.MaxBalance - 5, "0.000006", false},
		{"beyond it, downwards", 5 - ledger.MaxBalance, "-0.000006", false},
		{"further beyond", ledger.MaxBalance + 5, "0.000001", false},
		{"back", ledger.MaxBalance + 5, "-0.000001", true},
	} {
		m := newMemory()
		m.Ledger = blind{m.Ledger, row.balance}
		at, _ := terminal(m)
		err := (&operator.AdjustCmd{Owner: human("u1"), Amount: row.amount}).Run(t.Context(), at)
		a, _ := m.Ledger.Account(t.Context(), "u1")
		if (err == nil) != row.booked || (a.Seq == 1) != row.booked {
			t.Errorf("%s: %v, %d entries", row.name, err, a.Seq)
		}
		if err != nil && strings.Contains(err.Error(), "may have been booked") {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

// Whether it was booked is not known; the key tells, and repeats it.
func TestGrantCmd_namesTheKeyOfADoubtfulGrant(t *testing.T) {
	m := newMemory()
	at, _ := terminal(m)
	m.Outbound = broken{}
	err := (&operator.GrantCmd{Owner: human("u1"), Amount: "1"}).Run(t.Context(), at)
	if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "--key a new key") {
		t.Errorf("error %v", err)
	}
}

var errBroken = errors.New("it is broken")

// broken is a queue and a ledger that are down.
type broken struct{ operator.Ledger }

func (broken) Publish(context.Context, webhook.Event) error { return errBroken }

func (broken) Account(context.Context, string) (ledger.Account, error) {
	return ledger.Account{}, errBroken
}

// tampered is a ledger that was changed by hand.
type tampered struct{ operator.Ledger }

func (l tampered) Account(ctx context.Context, account string) (ledger.Account, error) {
	a, err := l.Ledger.Account(ctx, account)
	if strings.HasSuffix(account, "u2") {
		a.Balance += 3
	}
	return a, err
}

// restless is a ledger in which u1 is booked to all the time.
type restless struct{ operator.Ledger }

var seq int64

func (l restless) Account(ctx context.Context, account string) (ledger.Account, error) {
	a, err := l.Ledger.Account(ctx, account)
	if account == "u1" {
		seq++
		a.Seq += seq
	}
	return a, err
}

func TestCheckCmd_findsTheWrongAccount(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	for _, human := range []string{"u1", "u2", "u3"} {
		if err := (&operator.GrantCmd{Owner: operator.Owner{Human: human}, Amount: "1", Booking: operator.Booking{Key: human}}).Run(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	out.Reset()
	if err := (&operator.CheckCmd{}).Run(t.Context(), at); err != nil || out.String() != "3 accounts with 3 entries, 0 wrong\n" {
		t.Errorf("%v: %s", err, out)
	}
	m.Ledger = tampered{m.Ledger}
	out.Reset()
	m.Ledger = paged{m.Ledger}
	err := (&operator.CheckCmd{}).Run(t.Context(), at)
	if !errors.Is(err, operator.ErrLedger) || !strings.HasPrefix(err.Error(), webhook.CodeLedger) {
		t.Errorf("error %v", err)
	}
	if want := "3 accounts with 3 entries, 1 wrong\nu2: balance 1000003 after 1, but 1 entries add up to 1000000 micro-credits\n"; out.String() != want {
		t.Errorf("shown %s", out)
	}
	out.Reset()
	m.Ledger = restless{m.Ledger}
	err = (&operator.CheckCmd{}).Run(t.Context(), at)
	if !errors.Is(err, operator.ErrLedger) || !strings.Contains(out.String(), "u2: balance") || !strings.Contains(out.String(), "u1: still changing") {
		t.Errorf("%v: one that never rests hides the others: %s", err, out)
	}
	m.Ledger = restless{ledger.NewMemory(at.Now)}
	if err := (&operator.GrantCmd{Owner: human("u1"), Amount: "1"}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if err := (&operator.CheckCmd{}).Run(t.Context(), at); !errors.Is(err, operator.ErrStillChanging) {
		t.Errorf("nothing is known to be wrong: %v", err)
	}
	m.Ledger = ledger.NewMemory(at.Now)
	if err := (&operator.GrantCmd{Owner: human("u1"), Amount: "1"}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := (&operator.CheckCmd{Human: "u1"}).Run(t.Context(), at); err != nil || out.String() != "1 accounts with 1 entries, 0 wrong\n" {
		t.Errorf("one by name: %v: %s", err, out)
	}
	if err := (&operator.CheckCmd{Human: "u2"}).Run(t.Context(), at); err == nil {
		t.Error("a slip of the pen is an all-clear")
	}
	if m.looks != 6 || m.changes != 5 {
		t.Errorf("opened %d times to look, %d times to change", m.looks, m.changes)
	}
	m.Ledger = broken{m.Ledger}
	if err := (&operator.CheckCmd{}).Run(t.Context(), at); !errors.Is(err, errBroken) {
		t.Errorf("books that cannot be read: %v", err)
	}
}

// A name is shown as it is to be read, not as the terminal would.
func TestCheckCmd_printableNames(t *testing.T) {
	m := newMemory()
	m.PerProject = true
	at, out := terminal(m)
	if err := (&operator.GrantCmd{Owner: operator.Owner{Human: "u2", Project: "p"}, Amount: "1"}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	m.Ledger = tampered{m.Ledger}
	out.Reset()
	if err := (&operator.CheckCmd{}).Run(t.Context(), at); !errors.Is(err, operator.ErrLedger) || !strings.Contains(out.String(), "\np/u2: balance") {
		t.Errorf("%v: shown %q", err, out)
	}
}

// paged gives accounts one by one.
type paged struct{ operator.Ledger }

func (p paged) Accounts(ctx context.Context, cursor string, _ int) ([]string, string, error) {
	return p.Ledger.Accounts(ctx, cursor, 1)
}

// The sweep asks for a push of exactly the accounts that have a limit and whose
// newest balance is not known to be pushed, on every page of them.
func TestPushCmd(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	for _, account := range []string{"behind", "pushed", "booked since", accounts.Suspense(some, "p"), accounts.BalanceOf("p", "u1").Account} {
		for i := range 2 {
			if _, err := m.Ledger.Post(t.Context(), account, []ledger.Entry{{ID: fmt.Sprint(account, i), Amount: 1}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for account, seq := range map[string]int64{"pushed": 2, "booked since": 1} {
		if err := m.Ledger.(ledger.LimitMarks).MarkPushed(t.Context(), account, seq); err != nil {
			t.Fatal(err)
		}
	}
	m.Ledger = paged{m.Ledger}
	if err := (&operator.PushCmd{}).Run(t.Context(), at); err != nil || out.String() != "5 accounts, 2 pushes queued\n" {
		t.Errorf("%v: %s", err, out)
	}
	var told string
	for _, e := range m.queued {
		told += e.Type + string(e.Data)
	}
	if want := `credits.balance.changed{"account":"behind","human":"behind"}credits.balance.changed{"account":"booked since","human":"booked since"}`; told != want {
		t.Errorf("queued %s", told)
	}
	m.Outbound = broken{}
	if err := (&operator.PushCmd{}).Run(t.Context(), at); !errors.Is(err, errBroken) {
		t.Errorf("a queue that is down: %v", err)
	}
	m.PerProject, m.Outbound, m.queued = true, m, nil
	if err := (&operator.PushCmd{}).Run(t.Context(), at); err == nil || len(m.queued) != 0 {
		t.Errorf("an account per project: %v, %d events", err, len(m.queued))
	}
}

// An account of a project, and the one of usage whose human is not known, are reached by
// their names; only the owner of a limit is told. A name that is never charged
// is refused.
func TestOwner_reachesEveryAccount(t *testing.T) {
	for _, row := range []struct {
		name       string
		perProject bool
		owner      operator.Owner
		account    string // "" for none
		told       int
	}{
		{"a human", false, operator.Owner{Human: "u1"}, "u1", 1},
		{"a human of a project", true, operator.Owner{Human: "u1", Project: "p"}, accounts.BalanceOf("p", "u1").Account, 1},
		{"suspense", false, operator.Owner{Human: some, Suspense: true}, accounts.Suspense(some, ""), 0},
		{"suspense of a project", false, operator.Owner{Human: some, Project: "p", Suspense: true}, accounts.Suspense(some, "p"), 0},
		{"suspense, with an account per project", true, operator.Owner{Human: some, Suspense: true}, accounts.Suspense(some, ""), 0},
		{"a project where there is one account", false, operator.Owner{Human: "u1", Project: "p"}, "", 0},
		{"no project where there is one account each", true, operator.Owner{Human: "u1"}, "", 0},
		{"no name", false, operator.Owner{}, "", 0},
		{"another's account", false, operator.Owner{Human: "p\x1fu1"}, "", 0},
		{"another's project", true, operator.Owner{Human: "u1", Project: "p\x1f"}, "", 0},
	} {
		m := newMemory()
		m.PerProject = row.perProject
		at, _ := terminal(m)
		adjust := operator.AdjustCmd{Owner: row.owner, Amount: "-1.5"}
		if err := adjust.Run(t.Context(), at); (err == nil) != (row.account != "") {
			t.Errorf("%s: %v", row.name, err)
		}
		accounts, _, err := m.Ledger.Accounts(t.Context(), "", 10)
		if err != nil || strings.Join(accounts, " ") != row.account || len(m.queued) != row.told {
			t.Errorf("%s: booked to %q (%v), %d events", row.name, accounts, err, len(m.queued))
		}
		for _, account := range accounts {
			page, _, err := m.Ledger.Statement(t.Context(), account, "", 10)
			if err != nil || len(page) != 1 || page[0].Kind != ledger.Adjust || page[0].Amount != -1_500_000 {
				t.Errorf("%s: booked %+v (%v), want a correction", row.name, page, err)
			}
		}
		for _, show := range []interface {
			Run(context.Context, *operator.Terminal) error
		}{&operator.BalanceCmd{Owner: row.owner}, &operator.StatementCmd{Owner: row.owner}} {
			if err := show.Run(t.Context(), at); (err == nil) != (row.account != "") {
				t.Errorf("%s: shown: %v", row.name, err)
			}
		}
	}
}

func TestGrantCmd_numbers(t *testing.T) {
	m := newMemory()
	at, _ := terminal(m)
	if err := (&operator.CallerCmd{Number: "+1 (202) 555-0143", Human: "u1"}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	kept, ok, err := m.Records.Get(t.Context(), accounts.PhoneKind, "+12025550143")
	if err != nil || !ok || string(kept.Data) != `{"human":"u1"}` {
		t.Errorf("kept %q (%t, %v)", kept.Data, ok, err)
	}
	for _, wrong := range []operator.CallerCmd{{Number: "", Human: "u1"}, {Number: "1", Human: ""}, {Number: "abc", Human: "u1"}, {Number: "+1 202", Human: "u\x1f1"}} {
		if err := wrong.Run(t.Context(), at); err == nil {
			t.Errorf("kept %+v", wrong)
		}
	}
}

// chatting gives a platform of the table that has messages, and what makes one.
func chatting(t *testing.T) (p webhook.Provider, message func(id, conversation string) []byte) {
	t.Helper()
	for _, p := range providers.Table().Providers() {
		for _, format := range []string{`{"id":%q,"conversation_id":%q}`, `{"_id":%q,"conversationId":%q}`} {
			if p.Conversation != nil && p.Conversation(fmt.Appendf(nil, format, "1", "c1")) == "c1" {
				return p, func(id, conversation string) []byte { return fmt.Appendf(nil, format, id, conversation) }
			}
		}
	}
	t.Skip("no platform has messages")
	return p, nil
}

// The ids that messages takes are listed, with what they are about.
func TestMessagesCmd_listsConversations(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	p, message := chatting(t)
	for id, conversation := range map[string]string{"1": "c1", "2": "c1", "3": "c2"} {
		if _, err := m.Records.Put(t.Context(), records.Record{Kind: p.Name + ".message", ID: id, Time: nine, Data: message(id, conversation)}); err != nil {
			t.Fatal(err)
		}
	}
	var line bytes.Buffer
	if err := (&operator.MessagesCmd{Platform: p.Name, Output: operator.Output{JSON: true}}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	const want = `[{"id":"c1","messages":2,"newest":"2026-11-21T09:00:00Z"},{"id":"c2","messages":1,"newest":"2026-11-21T09:00:00Z"}]`
	if err := json.Compact(&line, out.Bytes()); err != nil || line.String() != want {
		t.Errorf("%s, want %s (%v)", line.String(), want, err)
	}
	if err := (&operator.MessagesCmd{Platform: p.Name, Conversation: "c9"}).Run(t.Context(), at); err == nil || !strings.Contains(err.Error(), "messages "+p.Name) {
		t.Errorf("a conversation that is not there: %v", err)
	}
}

// Kinds are listed with what there is; a kind of a fork's own is shown; a slip
// names the kinds.
func TestRecordsCmd_listsKinds(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	for i, kind := range []string{accounts.PhoneKind, accounts.PhoneKind, "own.kind"} {
		if _, err := m.Records.Put(t.Context(), records.Record{Kind: kind, ID: fmt.Sprint(i), Time: nine, Data: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := (&operator.RecordsCmd{Max: 1}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	slips := map[string]bool{"own.kind": false, "nokind": true, accounts.PhoneKind + "s": true}
	for _, kind := range handlers.Kinds() {
		want := regexp.QuoteMeta(kind) + " +0"
		if model, per := strings.CutSuffix(kind, "/<id>"); per {
			want, slips[model+"/c9"] = regexp.QuoteMeta(kind)+" +ids: ", true
		} else if kind == accounts.PhoneKind {
			want = kind + " +1 and more\n"
		}
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	for kind, slip := range slips {
		err := (&operator.RecordsCmd{Kind: kind, Max: 1}).Run(t.Context(), at)
		if (err != nil) != slip || slip && !strings.Contains(err.Error(), accounts.PhoneKind) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A time names its zone: it is read elsewhere, later.
func TestStatementCmd_namesTheZone(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	if err := (&operator.GrantCmd{Owner: human("u1"), Amount: "1"}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := (&operator.StatementCmd{Owner: human("u1")}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	row := strings.Split(out.String(), "\n")[1]
	if got, err := time.Parse("2006-01-02 15:04:05Z07:00", strings.Join(strings.Fields(row)[:2], " ")); err != nil || !got.Equal(nine) {
		t.Errorf("%v in %q", err, row)
	}
}

// The beginning of a long conversation is shown, at the time it was written.
func TestMessagesCmd_longConversation(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	p, _ := chatting(t)
	const many = 501 // more than a page holds
	for i := range many {
		id, text := fmt.Sprint(i), fmt.Appendf(nil, `{"id":"%d"}`, i)
		for _, r := range []records.Record{
			{Kind: p.Name + ".message", ID: id, Time: nine, Data: text},
			{Kind: handlers.MessagesOf(p.Name+".message", "c1"), ID: id, Time: nine.Add(time.Duration(i) * time.Minute), Data: []byte("{}")},
		} {
			if _, err := m.Records.Put(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := (&operator.MessagesCmd{Platform: p.Name, Conversation: "c1", Output: operator.Output{JSON: true}}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	var shown []struct {
		ID   string
		Time time.Time
	}
	if err := json.Unmarshal(out.Bytes(), &shown); err != nil || len(shown) != many {
		t.Fatalf("%d messages (%v), want %d", len(shown), err, many)
	}
	if last := shown[many-1]; shown[0].ID != "0" || last.ID != "500" || !last.Time.Equal(nine.Add(500*time.Minute)) {
		t.Errorf("from %+v to %+v", shown[0], last)
	}
}

// What has no handler can be looked at and goes to the worker again as it came.
func TestUnknownCmd(t *testing.T) {
	m := newMemory()
	at, out := terminal(m)
	var kept []webhook.Event
	for i, name := range []string{"voice.clone_ready", "voice.clone_failed", "voice.clone_ready"} {
		e := webhook.Event{ID: webhook.Identity(some, name, fmt.Sprint(i)), Source: "/webhooks/" + some, Type: some + "." + name,
			Time: nine.Add(time.Duration(i) * time.Minute), Basis: webhook.ByBody, KeyID: "1", Data: []byte(`{"type": "` + name + `"}`)}
		kept = append(kept, e)
	}
	for _, r := range handlers.KeepUnknown(m.Records)(t.Context(), kept) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	if err := (&operator.UnknownCmd{}).Run(t.Context(), at); err != nil || strings.Count(out.String(), `{"type":"voice.clone_`) != 3 || len(m.queued) != 0 || m.changes != 0 {
		t.Fatalf("%v, %d queued, shown %s", err, len(m.queued), out)
	}
	if err := (&operator.UnknownCmd{Type: "voice.clone_ready", Redrive: true}).Run(t.Context(), at); err == nil || len(m.queued) != 0 {
		t.Errorf("a type that is not kept: error %v, %d queued", err, len(m.queued))
	}
	if err := (&operator.UnknownCmd{Type: some + ".voice.clone_ready", Redrive: true}).Run(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	if len(m.queued) != 2 {
		t.Fatalf("%d events are queued, want the two of the type", len(m.queued))
	}
	for i, of := range []webhook.Event{kept[0], kept[2]} { // oldest first
		of.Basis = webhook.Undecodable // so that the worker identifies it anew
		if !bytes.Equal(m.queued[i].Encode(), of.Encode()) {
			t.Errorf("place %d holds another event", i)
		}
	}
}
