package ingesttest

import (
	"cmp"
	"testing"
	"time"

	"github.com/webhook-functions/template/events"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/providers/envelope"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
)

// Undecodable gives a dead letter per platform, whose body is a sample that a former
// release could not read, and what they become: balances of accounts, in credits,
// and the number of records by kind.
func Undecodable(t testing.TB) (letters []webhook.Event, credits map[string]ledger.Micro, kinds map[string]int) {
	t.Helper()
	w := NewWorld(t)
	for _, p := range providers.Table() {
		letter := ingest.Identify(p.Provider, []byte("not read by "+p.Name), time.Now(), signature.Verified{KeyID: "1"})
		letter.Data = []byte(cmp.Or(string(usageSample(p)), string(sample(p))))
		letters = append(letters, letter)
		if err := w.DeadLetters.Publish(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
	}
	w.Work(t, w.DeadLetters)
	credits, kinds = map[string]ledger.Micro{}, map[string]int{}
	for name, account := range w.accounts(t) {
		credits[name] = account.Balance / ledger.Credit
	}
	for _, kind := range handlers.Kinds() {
		page, _, err := w.records.List(t.Context(), kind, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > 0 {
			kinds[kind] = len(page)
		}
	}
	return letters, credits, kinds
}

// usageSample gives a sample that reports usage, if there is one.
func usageSample(p envelope.Platform) []byte {
	for eventType, zero := range p.Events {
		if _, ok := zero.(webhook.UsageReporter); ok {
			body, _ := events.Body(p.Name, eventType) // nil if there is none
			return body
		}
	}
	return nil
}
