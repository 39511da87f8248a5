package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/testbed/aws/awstest"
)

// wire stands between the ledger and DynamoDB Local: it counts, and it breaks
// what a test wants broken.
type wire struct {
	operations []string
	stale      []string // reads that asked for no consistency
	units      int      // of writes in transactions, by AWS's rule: 2 for each item and KB begun
	broken     func(operation string, send func() (*http.Response, error)) (*http.Response, error)
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
	w.operations = append(w.operations, operation)
	if err := w.look(operation, r); err != nil {
		return nil, err
	}
	patient := r.WithContext(context.WithoutCancel(r.Context())) // a slow answer is no reason for another request
	send := func() (*http.Response, error) { return http.DefaultTransport.RoundTrip(patient) }
	if w.broken != nil {
		return w.broken(operation, send)
	}
	return send()
}

// look takes the JSON of a write for its size, which is more than the item's.
// DynamoDB Local does report what a transaction consumes, but it says the same
// for 2 items and for 100. Nor does it read anything stale.
func (w *wire) look(operation string, r *http.Request) error {
	body, err := r.GetBody()
	if err != nil {
		return err
	}
	var request struct {
		TransactItems  []json.RawMessage
		ConsistentRead bool
	}
	if err := json.NewDecoder(body).Decode(&request); err != nil {
		return err
	}
	if (operation == "GetItem" || operation == "Query") && !request.ConsistentRead {
		w.stale = append(w.stale, operation)
	}
	for _, write := range request.TransactItems {
		w.units += 2 * (1 + (len(write)-1)/1024)
	}
	return nil
}

func (w *wire) reset() { *w = wire{} }

// refuse is an answer of DynamoDB's.
func refuse(status int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func newLedger(t *testing.T, server *awstest.Server) (*Ledger, *wire) {
	t.Helper()
	client, err := FromEnv(server.Env)
	if err != nil {
		t.Fatal(err)
	}
	w := new(wire)
	client = client.Over(w, func() float64 { return 0 })
	return client.Ledger(server.LedgerTable(t)), w
}

func charges(from, n int) (entries []ledger.Entry) {
	for i := range n {
		id := webhook.Identity("test", "usage.tracked", fmt.Sprint(from+i))
		entries = append(entries, ledger.Entry{
			ID: id, Kind: ledger.Charge, Amount: -7, Fingerprint: id, Time: time.Unix(int64(i), 0),
			Usage: "conversational_seconds", Value: "0.000007", Source: "/webhooks/acme",
		})
	}
	return entries
}

func TestLedger_requests(t *testing.T) {
	server := awstest.DynamoDB(t)

	t.Run("what a posting costs", func(t *testing.T) {
		l, w := newLedger(t, server)
		id := 0
		for _, n := range []int{1, 2, 10, 99} {
			w.reset()
			if _, err := l.Post(t.Context(), "a", charges(id, n)); err != nil {
				t.Fatal(err)
			}
			id += n
			if !slices.Equal(w.operations, []string{"TransactWriteItems"}) {
				t.Errorf("%d entries took the requests %q, want one write and no read", n, w.operations)
			}
			if w.units != 2*(n+1) {
				t.Errorf("%d entries took %d write units, want %d", n, w.units, 2*(n+1))
			}
		}
		w.reset()
		outcomes, err := l.Post(t.Context(), "a", charges(0, 1))
		if err != nil || outcomes[0] != ledger.Duplicate || !slices.Equal(w.operations, []string{"TransactWriteItems"}) {
			t.Errorf("a duplicate took the requests %q and is %v (%v), want no more than a new one takes", w.operations, outcomes, err)
		}
		if _, err := l.Post(t.Context(), "a", charges(id, 100)); err == nil {
			t.Error("100 entries went into one transaction with their account")
		}
	})

	t.Run("what a posting without an id reads", func(t *testing.T) {
		l, w := newLedger(t, server)
		for i, want := range []string{"GetItem TransactWriteItems", "GetItem Query TransactWriteItems"} { // the first finds no version
			w.reset()
			entries := charges(i, 1)
			entries[0].DedupKey, entries[0].DedupWindow = "content", time.Minute
			outcomes, err := l.Post(t.Context(), "a", entries)
			if err != nil || outcomes[0] != []ledger.Outcome{ledger.Recorded, ledger.WasSuppressed}[i] {
				t.Errorf("outcomes %v, error %v", outcomes, err)
			}
			if got := strings.Join(w.operations, " "); got != want || len(w.stale) != 0 {
				t.Errorf("requests %s, want %s; %q may be stale, and the same content be missed", got, want, w.stale)
			}
		}
	})

	t.Run("the reply is lost", func(t *testing.T) {
		l, w := newLedger(t, server)
		lost := 0
		w.broken = func(operation string, send func() (*http.Response, error)) (*http.Response, error) {
			response, err := send()
			if operation == "TransactWriteItems" && lost < 2 {
				lost++
				return nil, errors.Join(errors.New("reply lost"), err)
			}
			return response, err
		}
		outcomes, err := l.Post(t.Context(), "a", charges(0, 2))
		if err != nil || !slices.Equal(outcomes, []ledger.Outcome{ledger.Recorded, ledger.Recorded}) {
			t.Errorf("outcomes %v, error %v, want both recorded: it was our own try", outcomes, err)
		}
		if a, err := l.Account(t.Context(), "a"); err != nil || a.Balance != -14 || a.Seq != 2 {
			t.Errorf("balance %d at seq %d (%v), want -14 at 2", a.Balance, a.Seq, err)
		}
	})

	for _, row := range []struct {
		name, answer string
		status       int
	}{
		{"a conflict", `{"__type":"x#TransactionCanceledException","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict"}]}`, 400},
		{"throttled inside", `{"__type":"x#TransactionCanceledException","CancellationReasons":[{"Code":"ThrottlingError"},{"Code":"None"}]}`, 400},
		{"throttled outside", `{"__type":"x#ThrottlingException"}`, 400},
		{"a 500 before the write", "", 500},
	} {
		t.Run(row.name, func(t *testing.T) {
			l, w := newLedger(t, server)
			failures := 2
			w.broken = func(operation string, send func() (*http.Response, error)) (*http.Response, error) {
				if operation == "TransactWriteItems" && failures > 0 {
					failures--
					return refuse(row.status, row.answer)
				}
				return send()
			}
			outcomes, err := l.Post(t.Context(), "a", charges(0, 1))
			if err != nil || outcomes[0] != ledger.Recorded || len(w.operations) != 3 {
				t.Errorf("outcomes %v, error %v, requests %q; want recorded at the third", outcomes, err, w.operations)
			}

			failures, w.operations = 1000, nil
			_, err = l.Post(t.Context(), "a", charges(1, 1))
			if _, permanent := webhook.PermanentReason(err); err == nil || permanent || len(w.operations) > contentions {
				t.Errorf("error %v after %d requests, want one worth another try after at most %d", err, len(w.operations), contentions)
			}
		})
	}

	t.Run("an entry the table cannot hold", func(t *testing.T) {
		l, _ := newLedger(t, server)
		huge := charges(0, 2)
		huge[0].Note = strings.Repeat("x", 500<<10)
		if _, err := l.Post(t.Context(), "a", huge); err == nil || isPermanent(err) {
			t.Errorf("together: error %v, want one worth another try", err)
		}
		if _, err := l.Post(t.Context(), "a", huge[:1]); !isPermanent(err) {
			t.Errorf("alone: error %v, want a permanent one", err)
		}
	})

	t.Run("an account that is not UTF-8", func(t *testing.T) {
		l, w := newLedger(t, server)
		if _, err := l.Post(t.Context(), "a\xff", charges(0, 1)); !isPermanent(err) || len(w.operations) > 0 {
			t.Errorf("error %v after requests %q, want a permanent one and none", err, w.operations)
		}
	})
}

// A table of more than a page is read until there is one account more than the limit:
// only then is there a next page.
func TestLedger_Accounts_pages(t *testing.T) {
	page := func(account string, more bool) http.HandlerFunc {
		last := ""
		if more {
			last = `,"LastEvaluatedKey":{"pk":{"S":"after ` + account + `"},"sk":{"S":"account"}}`
		}
		return answer(200, `{"Items":[{"pk":{"S":"account#`+account+`"}}]`+last+`}`)
	}
	client, service := serve(t, page("a", true), page("b", true), page("c", false))
	names, next, err := client.Ledger("t").Accounts(t.Context(), "", 1)
	if err != nil || !slices.Equal(names, []string{"a"}) || next != "a" {
		t.Errorf("%q, then %q (%v)", names, next, err)
	}
	from := ""
	for _, c := range service.asked() {
		from += fmt.Sprint(c.body["ConsistentRead"], " from ", c.body["ExclusiveStartKey"], "; ")
	}
	if want := "true from <nil>; true from map[pk:map[S:after a] sk:map[S:account]]; "; from != want {
		t.Errorf("asked %s, want %s", from, want)
	}
}

func isPermanent(err error) bool {
	_, permanent := webhook.PermanentReason(err)
	return permanent
}
