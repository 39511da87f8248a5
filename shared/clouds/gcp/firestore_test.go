package gcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/records/recordstest"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/gcp/gcptest"
)

func TestFirestore(t *testing.T) {
	firestore := gcptest.Firestore(t)
	t.Run("ledger", func(t *testing.T) {
		ledgertest.Run(t, func(t *testing.T) ledger.Store { return newWire(t, firestore).Ledger("ledger") })
	})
	t.Run("records", func(t *testing.T) {
		recordstest.Run(t, func(t *testing.T) records.Store { return newWire(t, firestore).Records("ledger") })
	})
	for _, test := range []struct {
		name string
		run  func(t *testing.T, w *wire)
	}{
		{"what an event costs", whatAnEventCosts},
		{"answers get lost", answersGetLost},
		{"contention", contention},
		{"contention without end", contentionWithoutEnd},
		{"another process opens the account", anotherOpens},
		{"small amounts pass the bound", smallPassTheBound},
		{"the dedup index changes in between", dedupInBetween},
		{"what can never be stored is permanent", neverStored},
		{"errors quote nothing", errorsQuoteNothing},
		{"a record's answer is lost", recordsAnswerLost},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, newWire(t, firestore)) })
	}
}

// An answer that passes over a document is no answer: it would make an account
// out of nothing, with a limit of zero.
func TestLedger_Account_answers(t *testing.T) {
	const (
		account = "projects/demo-project/databases/ledger/documents/accounts/u1"
		other   = "projects/demo-project/databases/ledger/documents/accounts/u2"
		there   = `{"found": {"name": "` + account + `", "fields": {"balance": {"integerValue": "7"}, "seq": {"integerValue": "1"}}}}`
		silent  = "read account: the answer leaves a document out"
	)
	missing := func(name string) string { return `{"missing": "` + name + `", "readTime": "2026-11-21T09:00:00Z"}` }
	for _, row := range []struct {
		name    string
		answers []string // to one question after the other
		balance ledger.Micro
		err     string
	}{
		{"there", []string{"[" + there + "]"}, 7, ""},
		{"missing", []string{"[" + missing(account) + "]"}, 0, ""},
		{"nothing", []string{"[]"}, 0, silent},
		{"the time only", []string{`[{"readTime": "2026-11-21T09:00:00Z"}]`}, 0, silent},
		{"another document", []string{"[" + missing(other) + "]"}, 0, silent},
		{"a refusal in the middle of it", []string{`[{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "why"}}]`}, 0, "read account: PERMISSION_DENIED: why"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var answers []http.HandlerFunc
			for _, body := range row.answers {
				answers = append(answers, says(200, body))
			}
			c := reach(t, newGoogle(t, answers...))
			c.firestore = c.pubsub
			a, err := c.Ledger("ledger").Account(t.Context(), "u1")
			if errorText(err) != row.err || a.Balance != row.balance {
				t.Errorf("%+v, error %v, want a balance of %d and error %q", a, err, row.balance, row.err)
			}
		})
	}
}

// A commit that is not confirmed write by write may not have happened.
func TestLedger_Post_answers(t *testing.T) {
	for name, answer := range map[string]string{"nothing": `{}`, "too many": `{"writeResults": [{}, {}, {}]}`} {
		c := reach(t, newGoogle(t, says(200, answer)))
		c.firestore = c.pubsub
		if err := c.Ledger("ledger").MarkPushed(t.Context(), "u1", 1); err == nil {
			t.Errorf("%s: taken for a success", name)
		}
		_, err := c.Ledger("ledger").Post(t.Context(), "u1", []ledger.Entry{{ID: "1", Amount: 1}})
		if _, permanent := webhook.PermanentReason(err); err == nil || permanent {
			t.Errorf("%s: posted, %v", name, err)
		}
	}
}

// wire is a client whose calls can be watched and broken. before sees a call and
// may answer in the service's place; after may lose its answer.
type wire struct {
	*Client
	next   http.RoundTripper
	mu     sync.Mutex
	calls  []call
	before func(c call) *http.Response
	after  func(c call) error
}

type call struct {
	operation string // "commit"
	body      string
}

func newWire(t *testing.T, firestore *gcptest.Emulator) *wire {
	t.Helper()
	c, err := FromEnv(gcptest.Env(firestore))
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Client: c, next: c.http.Transport}
	c.http.Transport = w
	return w
}

// another is a second process that works on the same project.
func (w *wire) another() *Client {
	other := *w.Client
	other.http = newHTTP()
	return &other
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	this := call{r.URL.Path[strings.LastIndexByte(r.URL.Path, ':')+1:], string(body)}
	w.mu.Lock()
	w.calls = append(w.calls, this)
	w.mu.Unlock()
	if w.before != nil {
		if answer := w.before(this); answer != nil {
			return answer, nil
		}
	}
	response, err := w.next.RoundTrip(r)
	if err == nil && w.after != nil {
		if lost := w.after(this); lost != nil {
			_ = response.Body.Close()
			return nil, lost
		}
	}
	return response, err
}

// operations since the last time, with what Firestore bills for each: the writes
// of "commit(2)", the reads of "batchGet(3)".
func (w *wire) operations() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		var in struct{ Writes, Documents []json.RawMessage }
		if c.operation != "runQuery" && json.Unmarshal([]byte(c.body), &in) == nil {
			c.operation += fmt.Sprintf("(%d)", len(in.Writes)+len(in.Documents))
		}
		list = append(list, c.operation)
	}
	w.calls = nil
	return list
}

func refusing(status int, code string) *http.Response {
	body := fmt.Sprintf(`{"error": {"code": %d, "status": %q, "message": "canary-message"}}`, status, code)
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

var errLost = errors.New("connection reset")

func charge(id string, amount ledger.Micro) ledger.Entry {
	return ledger.Entry{ID: id, Kind: ledger.Charge, Amount: -amount, Fingerprint: "takes " + amount.String(),
		Time: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
}

func mustPost(t *testing.T, store ledger.Store, account string, entries ...ledger.Entry) []ledger.Outcome {
	t.Helper()
	outcomes, err := store.Post(t.Context(), account, entries)
	if err != nil {
		t.Fatalf("post: %v", err)
	}
	return outcomes
}

// stands says what an account must be.
func stands(t *testing.T, store ledger.Store, account string, balance ledger.Micro, seq int64) {
	t.Helper()
	if a, err := store.Account(t.Context(), account); err != nil || a.Balance != balance || a.Seq != seq {
		t.Errorf("%+v (%v), want a balance of %s after %d", a, err, balance, seq)
	}
}

func whatAnEventCosts(t *testing.T, w *wire) {
	store := w.Ledger("ledger")
	for _, row := range []struct {
		name    string
		entries []ledger.Entry
		want    string
	}{
		{"the first of an account", []ledger.Entry{charge("1", 1)}, "commit(2) batchGet(2) commit(2)"},
		{"any other", []ledger.Entry{charge("2", 1)}, "commit(2)"},
		{"two at once", []ledger.Entry{charge("3", 1), charge("4", 1)}, "commit(3)"},
		{"a duplicate", []ledger.Entry{charge("2", 1)}, "commit(2) batchGet(2)"},
		{"a duplicate and another", []ledger.Entry{charge("2", 1), charge("5", 1)}, "commit(3) batchGet(3) commit(2)"},
		{"without an id", []ledger.Entry{withoutID("6", 0)}, "batchGet(3) commit(4)"},
		{"the same content", []ledger.Entry{withoutID("7", time.Second)}, "batchGet(3) runQuery commit(2)"},
		{"a large one", []ledger.Entry{charge("8", blindMost+1)}, "batchGet(2) commit(2)"},
		{"the largest one that is not", []ledger.Entry{charge("9", blindMost)}, "commit(2)"},
	} {
		mustPost(t, store, "u1", row.entries...)
		if got := strings.Join(w.operations(), " "); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
		if _, err := store.Account(t.Context(), "u1"); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(w.operations(), " "); got != "batchGet(1)" {
			t.Errorf("%s: the account costs %s, want one read", row.name, got)
		}
	}
	ledgertest.CheckLedger(t, store, "u1")
}

// answersGetLost breaks every third call, half of them after they were carried
// out, under fifty callers who do not give up.
func answersGetLost(t *testing.T, w *wire) {
	store := w.Ledger("ledger")
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(1, 2))
	roll := func() float64 { mu.Lock(); defer mu.Unlock(); return dice.Float64() }
	w.before = func(call) *http.Response {
		if roll() < 1.0/6 {
			return refusing(503, "UNAVAILABLE")
		}
		return nil
	}
	lost := 0
	w.after = func(c call) error {
		if roll() >= 1.0/5 {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if c.operation == "commit" {
			lost++
		}
		return errLost
	}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for k := range 4 {
				for {
					if _, err := store.Post(t.Context(), fmt.Sprint("u", i%5), []ledger.Entry{charge(fmt.Sprint(i, ".", k), 7)}); err == nil {
						break
					}
				}
			}
		})
	}
	all.Wait()
	w.before, w.after = nil, nil
	for i := range 5 {
		account := fmt.Sprint("u", i)
		ledgertest.CheckLedger(t, store, account)
		if a, err := store.Account(t.Context(), account); err != nil || a.Balance != -7*40 || a.Seq != 40 {
			t.Errorf("%+v (%v), want balance %d and seq 40", a, err, -7*40)
		}
	}
	if lost < 20 {
		t.Errorf("only %d answers to commits were lost", lost)
	}
}

// contention: a commit that is refused because of another one is tried again, as
// often as contentions says, and not by the client besides.
func contention(t *testing.T, w *wire) {
	store := w.Ledger("ledger")
	mustPost(t, store, "u1", charge("first", 1))
	for name, do := range map[string]func() error{
		"a posting": func() error {
			_, err := store.Post(t.Context(), "u1", []ledger.Entry{charge("2", 1)})
			return err
		},
		"a mark": func() error { return store.MarkPushed(t.Context(), "u1", 1) },
	} {
		for _, meets := range []int{contentions, contentions - 1} {
			w.operations()
			left := meets
			w.before = func(call) *http.Response {
				if left--; left >= 0 {
					return refusing(409, "ABORTED")
				}
				return nil
			}
			err := do()
			if got := len(w.operations()); contended(err) != (meets == contentions) || got != min(meets+1, contentions) {
				t.Errorf("%s that meets %d others: error %v after %d commits", name, meets, err, got)
			}
		}
	}
	w.before = nil
	stands(t, store, "u1", -2, 2)
	if a, err := store.Account(t.Context(), "u1"); err != nil || a.PushedSeq != 1 {
		t.Errorf("%+v (%v), want 1 pushed", a, err)
	}
}

func contentionWithoutEnd(t *testing.T, w *wire) {
	w.before = func(call) *http.Response { return refusing(409, "ABORTED") }
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := w.Ledger("ledger").Post(ctx, "u1", []ledger.Entry{charge("1", 1)})
	if _, permanent := webhook.PermanentReason(err); err == nil || permanent || time.Since(start) > 2*time.Second {
		t.Errorf("error %v after %v", err, time.Since(start))
	}
}

// grant is an amount upwards.
func grant(id string, amount ledger.Micro) ledger.Entry {
	e := charge(id, amount)
	e.Kind, e.Amount = ledger.Grant, amount
	return e
}

// anotherOpens: we read and found no account; before we create it, another process
// does.
func anotherOpens(t *testing.T, w *wire) {
	ours, theirs := w.Ledger("ledger"), w.another().Ledger("ledger")
	commits := 0
	w.before = func(c call) *http.Response {
		if c.operation == "commit" {
			if commits++; commits == 2 {
				mustPost(t, theirs, "u1", grant("1", 5), grant("2", ledger.MaxAmount))
			}
		}
		return nil
	}
	mustPost(t, ours, "u1", grant("3", 5))
	stands(t, ours, "u1", ledger.MaxAmount+10, 3)
	if commits < 3 {
		t.Errorf("%d commits: nothing happened in between", commits)
	}
	ledgertest.CheckLedger(t, ours, "u1")
}

// smallPassTheBound: they are written without a read. The balance goes on to be
// exact, Account.Valid is false, and what is read first goes no further.
func smallPassTheBound(t *testing.T, w *wire) {
	store := w.Ledger("ledger")
	near := blindMost / 2 // of the bound
	full := int64(ledger.MaxBalance / ledger.MaxAmount)
	for i := range full {
		mustPost(t, store, "u1", grant(fmt.Sprint("full ", i), ledger.MaxAmount))
	}
	mustPost(t, store, "u1", grant("rest", ledger.MaxBalance-ledger.Micro(full)*ledger.MaxAmount-near))
	valid := func(want bool) {
		t.Helper()
		if a, err := store.Account(t.Context(), "u1"); err != nil || a.Valid() != want {
			t.Errorf("%v (%v), valid %t", a, err, a.Valid())
		}
	}
	valid(true)
	mustPost(t, store, "u1", grant("small", blindMost))
	valid(false)
	up := withoutID("up", 0)
	up.Amount = 1
	for _, e := range []ledger.Entry{grant("large", blindMost+1), up} {
		if _, err := store.Post(t.Context(), "u1", []ledger.Entry{e}); !errors.Is(err, ledger.ErrOverflow) {
			t.Errorf("%s: %v, want %v", e.ID, err, ledger.ErrOverflow)
		}
	}
	mustPost(t, store, "u1", charge("back", blindMost+1))
	valid(true)
	ledgertest.CheckLedger(t, store, "u1")
}

// dedupInBetween: we read and found nothing of the same content; before we commit,
// another process does.
func dedupInBetween(t *testing.T, w *wire) {
	ours, theirs := w.Ledger("ledger"), w.another().Ledger("ledger")
	mustPost(t, ours, "u1", charge("first", 1))
	once := true
	w.before = func(c call) *http.Response {
		if c.operation == "commit" && once {
			once = false
			mustPost(t, theirs, "u1", withoutID("theirs", 0))
		}
		return nil
	}
	if outcomes := mustPost(t, ours, "u1", withoutID("ours", 0)); outcomes[0] != ledger.WasSuppressed {
		t.Errorf("%v, want it suppressed", outcomes)
	}
	stands(t, ours, "u1", -2, 3)
}

// withoutID is one of an event that carries no id.
func withoutID(id string, at time.Duration) ledger.Entry {
	e := charge(id, 1)
	e.DedupKey, e.DedupWindow, e.Time = "content", time.Minute, e.Time.Add(at)
	return e
}

func neverStored(t *testing.T, w *wire) {
	huge := charge("1", 1)
	huge.Note = strings.Repeat("x", 2<<20)
	_, err := w.Ledger("ledger").Post(t.Context(), "u1", []ledger.Entry{huge})
	if reason, permanent := webhook.PermanentReason(err); !permanent {
		t.Errorf("an entry of 2 MiB: %v", err)
	} else if reason != "the ledger's database cannot hold the entry" {
		t.Errorf("reason %q", reason)
	}
	_, err = w.Ledger("ledger").Post(t.Context(), "u1", []ledger.Entry{huge, charge("2", 1)})
	if _, permanent := webhook.PermanentReason(err); err == nil || permanent {
		t.Errorf("its neighbour is lost, too: %v", err)
	}
	_, err = w.Ledger("ledger").Post(t.Context(), "\xff", []ledger.Entry{charge("2", 1)})
	if _, permanent := webhook.PermanentReason(err); !permanent {
		t.Errorf("an account that is not UTF-8: %v", err)
	}
	_, err = w.Records("ledger").Put(t.Context(), records.Record{Kind: "k", ID: "1", Time: huge.Time, Data: []byte(huge.Note)})
	if _, permanent := webhook.PermanentReason(err); !permanent {
		t.Errorf("a record of 2 MiB: %v", err)
	}
}

func errorsQuoteNothing(t *testing.T, w *wire) {
	for _, code := range []string{"INTERNAL", "NOT_FOUND", "ABORTED", "ALREADY_EXISTS", "FAILED_PRECONDITION", "INVALID_ARGUMENT"} {
		w.before = func(call) *http.Response { return refusing(500, code) }
		_, err := w.Ledger("ledger").Post(t.Context(), "canary-account", []ledger.Entry{charge("canary-id", 1), charge("canary-2", 1)})
		_, errGet := w.Ledger("ledger").Account(t.Context(), "canary-account")
		_, errPut := w.Records("ledger").Put(t.Context(), records.Record{Kind: "canary", ID: "canary"})
		for _, err := range []error{err, errGet, errPut} {
			if err == nil || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: %v", code, err)
			}
		}
	}
	w.before, w.next = nil, &http.Transport{}
	w.Client.firestore.url = "http://127.0.0.1:1/canary"
	if _, err := w.Ledger("canary").Account(t.Context(), "canary-account"); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("out of reach: %v", err)
	}
}

func recordsAnswerLost(t *testing.T, w *wire) {
	store := w.Records("ledger")
	record := records.Record{Kind: "k", ID: "1", Version: 1, Time: time.Now(), Data: []byte("1")}
	once := true
	w.after = func(c call) error {
		if c.operation == "commit" && once {
			once = false
			return errLost
		}
		return nil
	}
	if _, err := store.Put(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := store.Get(t.Context(), "k", "1"); err != nil || !ok || got.Version != 1 {
		t.Errorf("got %v, found %v, error %v", got, ok, err)
	}
	want := []string{"batchGet(1)", "commit(1)", "commit(1)", "batchGet(1)", "batchGet(1)"}
	if got := w.operations(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
