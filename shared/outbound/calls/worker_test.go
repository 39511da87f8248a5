package calls_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/accounts"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers/gabber"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
)

// A worker that died after it booked may have had its limit pushed by somebody
// else's event, which looked for a crossing too early. Its own second try is the
// last one to tell of it.
func TestADuplicateOfWhatWasPushedTellsOfItsCrossing(t *testing.T) {
	w := newOutbound(t, nil)
	w.book(t, "granted", "u1", "30")
	const used = `{"type":"usage.tracked","payload":{"id":"1","type":"conversational_seconds","value":50,"human":"u1"}}`
	w.work(t, used)
	if err := w.books.MarkPushed(t.Context(), "u1", 2); err != nil {
		t.Fatal(err)
	}
	again := w.work(t, used)
	if told := crossingsOf(t, w.drain(t, again.FollowUps...)); again.Outcome != "duplicate" || !slices.Equal(told, []string{"1 exhausted"}) {
		t.Errorf("%s, told %q", again.Outcome, told)
	}
}

// With an account per project a grant reaches the project's usage and nothing
// else, and no limit is pushed: a human has one at the platform, and two accounts
// would take turns in setting it.
func TestAnAccountPerProject(t *testing.T) {
	w := newOutbound(t, map[string]string{"END_EXHAUSTED_SESSIONS": "true", "ACCOUNT_PER_PROJECT": "true"})
	var queued []webhook.Event
	g := accounts.Grants{Ledger: w.books, Now: func() time.Time { return nine },
		FollowUps: publisher(func(e webhook.Event) error { queued = append(queued, e); return nil })}
	for project, credits := range map[string]ledger.Micro{"p1": 100, "p2": 5} {
		if _, _, err := g.Book(t.Context(), ledger.Grant, accounts.BalanceOf(project, "u1"), project, credits*ledger.Credit, ""); err != nil {
			t.Fatal(err)
		}
		live := fmt.Sprintf(`{"id":"live in %[1]s","state":"in_progress","human":"u1","project":%[1]q}`, project)
		if _, err := w.store.Put(t.Context(), records.Record{Kind: gabber.SessionKind, ID: project, Version: 1, Time: nine, Data: []byte(live)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, project := range []string{"p1", "p2"} {
		r := w.work(t, fmt.Sprintf(`{"type":"usage.tracked","payload":{"id":%[1]q,"type":"conversational_seconds","value":10,"human":"u1","project":%[1]q}}`, project))
		if r.Outcome != "charged" {
			t.Errorf("%s: %+v", project, r)
		}
		queued = append(queued, r.FollowUps...)
	}
	for project, want := range map[string]ledger.Micro{"p1": 90, "p2": -5, "": 0} {
		if a, err := w.books.Account(t.Context(), accounts.BalanceOf(project, "u1").Account); err != nil || a.Balance != want*ledger.Credit {
			t.Errorf("project %q: balance %s (%v), want %d", project, a.Balance, err, want)
		}
	}
	crossed := crossingsOf(t, w.drain(t, queued...))
	if _, pushed := w.Limit("u1", "conversational_seconds"); pushed || !slices.Equal(crossed, []string{"1 exhausted"}) {
		t.Errorf("limit pushed: %t; crossings %q", pushed, crossed)
	}
	if ended := w.State().Ended; !slices.Equal(ended, []string{"live in p2"}) {
		t.Errorf("ended %q", ended)
	}
}
