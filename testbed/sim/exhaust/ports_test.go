package exhaust

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/outbound"
	"github.com/webhook-functions/template/shared/outbound/calls"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// call is one call of a port, or with op verdict the end of the handling of a message.
type call struct {
	op    op
	value int    // see op
	text  string // of a verdict: its reason
}

type op string

const (
	readAccount  op = "reads the account"
	postEntry    op = "books entry" // value: of the catalogue
	markPushed   op = "marks as pushed"
	readCrossing op = "reads the last crossing"
	noteCrossing op = "notes crossing" // value: its number
	readNegative op = "reads the last alarm"
	putLimit     op = "puts the limit"
	publish      op = "publishes message"    // value: of the catalogue
	deadLetter   op = "dead-letters message" // value: of the catalogue
	verdict      op = "ends"                 // value: ack, again or late
)

const (
	ack = iota
	again
	afterMinute
)

// answer is what a port gives.
type answer struct {
	failure              failure
	outcome              ledger.Outcome
	balance, seq, pushed int8
	number               int8 // of a crossing
}

type failure int8

const (
	none     failure = iota
	fails            // it may have been done
	unknown          // of a call to the platform: no answer
	refused          // by the platform
	notFound         // by the platform: it has no such human
)

var errPort = errors.New("the port fails")

// ports asks for each call of a port.
type ports struct {
	m   *money
	ask func(call) answer
}

func (p ports) err(a answer) error {
	if a.failure != none {
		return errPort
	}
	return nil
}

func (p ports) Account(_ context.Context, account string) (ledger.Account, error) {
	a := p.ask(call{op: readAccount})
	return ledger.Account{ID: account, Balance: ledger.Micro(a.balance) * ledger.Credit, Seq: int64(a.seq), PushedSeq: int64(a.pushed)}, p.err(a)
}

func (p ports) Post(_ context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	if len(entries) != 1 || account != human {
		panic(fmt.Sprintf("%d entries of %q", len(entries), account))
	}
	a := p.ask(call{op: postEntry, value: p.m.entries.index(entries[0])})
	return []ledger.Outcome{a.outcome}, p.err(a)
}

func (p ports) Statement(context.Context, string, string, int) ([]ledger.Entry, string, error) {
	panic("no function reads statements")
}

func (p ports) MarkPushed(_ context.Context, _ string, seq int64) error {
	return p.err(p.ask(call{op: markPushed, value: int(seq)}))
}

func (p ports) Get(_ context.Context, kind, _ string) (records.Record, bool, error) {
	a := p.ask(call{op: map[string]op{accounts.CrossingKind: readCrossing, accounts.NegativeKind: readNegative}[kind]})
	return records.Record{Version: int64(a.number)}, a.number > 0, p.err(a)
}

func (p ports) Put(_ context.Context, r records.Record) (bool, error) {
	if r.Kind != accounts.CrossingKind {
		panic("a record of kind " + r.Kind)
	}
	err := p.err(p.ask(call{op: noteCrossing, value: int(r.Version)}))
	return err == nil, err
}

func (p ports) List(context.Context, string, string, int) ([]records.Record, string, error) {
	panic("no function lists records")
}

// RoundTrip is the platform's API.
func (p ports) RoundTrip(r *http.Request) (*http.Response, error) {
	var body struct{ Limits []struct{ Value int } }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != "PUT" || len(body.Limits) != 1 {
		panic(fmt.Sprintf("%s %s: %v", r.Method, r.URL, err))
	}
	switch p.ask(call{op: putLimit, value: body.Limits[0].Value}).failure {
	case unknown:
		return nil, errPort
	case refused:
		return response(403), nil
	case notFound:
		return response(404), nil
	}
	return response(200), nil
}

func response(status int) *http.Response {
	return &http.Response{StatusCode: status, Body: io.NopCloser(new(bytes.Buffer))}
}

// publisher is one queue.
type publisher struct {
	ports
	op op
}

func (p publisher) Publish(_ context.Context, e webhook.Event) error {
	return p.err(p.ask(call{op: p.op, value: p.m.bodies.index(e)}))
}

var nine = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func atNine() time.Time { return nine }

// handle is the production code that a message is for.
func (m *money) handle(body int8) Code[call, answer] {
	event := m.bodies.all[body]
	return func(ask func(call) answer) call {
		to := ports{m, ask}
		if event.Type == granted {
			return book(to, event)
		}
		log := slog.New(slog.DiscardHandler)
		w := worker.Worker{FollowUps: publisher{to, publish}, DeadLetters: publisher{to, deadLetter}, Redecode: m.redecode, Now: atNine, Log: log}
		if event.Provider() != "" {
			w.Handlers = handlers.Table(m.worker, to, to, atNine, log)
		} else {
			w.Handlers = calls.Table(m.outbound, calls.Ports{Ledger: to, Records: to, Now: atNine,
				Doer: &outbound.Client{Hosts: m.outbound.Hosts(), Transport: to}}, log)
		}
		v := w.Handle(context.Background(), []worker.Message{{ID: "1", Body: event.Encode(), Receives: 1}})[0]
		switch {
		case v.Ack:
			return call{op: verdict, value: ack, text: v.Reason}
		case v.After >= time.Minute:
			return call{op: verdict, value: afterMinute}
		}
		return call{op: verdict, value: again}
	}
}

// granted stands for what an operator does until it is done: a grant under one key.
const granted = "operator.grant"

func book(to ports, e webhook.Event) call {
	g := accounts.Grants{Ledger: to, FollowUps: publisher{to, publish}, Now: atNine}
	if _, _, err := g.Book(context.Background(), ledger.Grant, accounts.BalanceOf("", human), e.ID, 5*ledger.Credit, ""); err != nil {
		return call{op: verdict, value: again}
	}
	return call{op: verdict, value: ack}
}
