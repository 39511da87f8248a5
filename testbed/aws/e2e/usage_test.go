package e2e_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
)

const root = "../../.." // of the repository

type sample = eventstest.Sample

// usage makes n different usage events, one after another of six accounts, with
// values from 1 up.
func usage(t *testing.T, n int) (all []sample) {
	t.Helper()
	m := eventstest.NewMeter(t)
	for i := range n {
		all = append(all, m.Report(t, fmt.Sprint("usage-", i), account(i), fmt.Sprint(i+1)))
	}
	return all
}

func account(i int) string { return fmt.Sprintf("member-%d", i%6) }

// checkUsage compares the books with what n events of usage cost.
func (p *pipeline) checkUsage(t *testing.T, n int) {
	t.Helper()
	want := map[string]ledger.Account{}
	for i := range n {
		a := want[account(i)]
		a.Balance -= ledger.Micro(i+1) * ledger.Credit
		a.Seq++
		want[account(i)] = a
	}
	for name, w := range want {
		got, err := p.ledger.Account(t.Context(), name)
		if err != nil || got.Balance != w.Balance || got.Seq != w.Seq {
			t.Errorf("%s: balance %s after %d entries, want %s after %d; %v", name, got.Balance, got.Seq, w.Balance, w.Seq, err)
		}
		ledgertest.CheckLedger(t, p.ledger, name)
	}
}

// deliver has four platforms' worth of senders insist on every sample.
func (p *pipeline) deliver(t *testing.T, all []sample) {
	t.Helper()
	var senders sync.WaitGroup
	for lane := range 4 {
		senders.Go(func() {
			for i := lane; i < len(all); i += 4 {
				p.persist(t, all[i])
			}
		})
	}
	senders.Wait()
}

func (p *pipeline) expectAccepted(t *testing.T, all []sample) {
	t.Helper()
	for _, s := range all {
		if status := p.post(t, s); status != http.StatusOK {
			t.Errorf("%s: status %d", s.File(), status)
		}
	}
}
