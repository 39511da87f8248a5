package e2e_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// everySample delivers each sample twice and compares what is stored with what
// the same handlers store in memory.
func everySample(s *system) {
	want := newReference(s)
	for range 2 {
		for _, sample := range eventstest.Samples(s) {
			want.deliver(sample)
			s.deliver(sample)
			s.drain() // two samples may have one id: which is first decides
		}
	}
	got := &reference{system: s, ledger: s.client.Ledger("webhooks"), records: s.client.Records("webhooks"), accounts: want.accounts, things: want.things}
	compare(s, "entry", got.entries(), want.entries())
	compare(s, "record", got.latest(), want.latest())
	compare(s, "dead letter", ids(s.letters("dead-letters")), ids(want.dead))
	compare(s, "follow-up", ids(s.letters("outbound")), ids(want.outbound))
	ledgertest.CheckLedger(s, s.client.Ledger("webhooks"), slices.Sorted(maps.Keys(want.accounts))...)
	if len(want.entries())+len(want.latest()) == 0 {
		s.Error("nothing is stored")
	}
}

func compare(s *system, what string, got, want []string) {
	s.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.Errorf("%s: stored\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// ids leaves out what depends on the time of arrival.
func ids(letters map[string]webhook.Event) (ids []string) {
	for id, e := range letters {
		ids = append(ids, fmt.Sprint(id, " ", e.Type, " ", e.Reason))
	}
	return ids
}

// reference is the pipeline in memory, one event after the other.
type reference struct {
	*system
	ledger   ledger.Store
	records  records.Store
	accounts map[string]bool
	things   map[[2]string]bool // kind and id
	dead     map[string]webhook.Event
	outbound map[string]webhook.Event
	worker   worker.Worker
}

func newReference(s *system) *reference {
	r := &reference{
		system: s, ledger: ledger.NewMemory(time.Now), records: records.NewMemory(),
		accounts: map[string]bool{}, things: map[[2]string]bool{}, dead: map[string]webhook.Event{}, outbound: map[string]webhook.Event{},
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	settings, err := handlers.SettingsFromEnv(func(name string) string { return map[string]string{"TARIFF": eventstest.Tariff(s)}[name] })
	if err != nil {
		s.Fatal(err)
	}
	r.worker = worker.Worker{
		Unknown:   handlers.KeepUnknown(put{r.records, r.things}),
		Handlers:  handlers.Table(settings, posted{r.ledger, r.accounts}, put{r.records, r.things}, time.Now, log),
		FollowUps: box(r.outbound), DeadLetters: box(r.dead), Now: time.Now, Log: log,
	}
	return r
}

func (r *reference) deliver(sample eventstest.Sample) {
	e := ingest.Identify(eventstest.Platform(r, sample.Platform).Provider, sample.Body, time.Now(), signature.Verified{KeyID: "1"})
	if e.Reason != "" {
		r.dead[e.ID] = e
		return
	}
	r.worker.Handle(r.Context(), []worker.Message{{ID: "m", Body: e.Encode(), Receives: 1}})
}

// box is a queue that keeps one copy of each event.
type box map[string]webhook.Event

func (b box) Publish(_ context.Context, e webhook.Event) error {
	b[e.ID] = e
	return nil
}

type posted struct {
	ledger.Store
	accounts map[string]bool
}

func (p posted) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	p.accounts[account] = true
	return p.Store.Post(ctx, account, entries)
}

type put struct {
	records.Store
	things map[[2]string]bool
}

func (p put) Put(ctx context.Context, r records.Record) (bool, error) {
	p.things[[2]string{r.Kind, r.ID}] = true
	return p.Store.Put(ctx, r)
}

// entries says what is booked, but for times.
func (r *reference) entries() (lines []string) {
	r.Helper()
	for account := range r.accounts {
		all, _, err := r.ledger.Statement(r.Context(), account, "", 1000)
		if err != nil {
			r.Fatal(err)
		}
		for _, e := range all {
			id, _, _ := strings.Cut(e.ID, "@")
			lines = append(lines, fmt.Sprintf("%q %s %s %s %s %s %s %s", account, id, e.Kind, e.Amount, e.Fingerprint, e.Usage, e.Value, e.Note))
		}
	}
	return lines
}

func (r *reference) latest() (lines []string) {
	r.Helper()
	for thing := range r.things {
		record, ok, err := r.records.Get(r.Context(), thing[0], thing[1])
		if err != nil || !ok {
			r.Errorf("%s is not there (%v)", thing[0], err)
		}
		if e, err := webhook.DecodeEvent(record.Data); err == nil { // kept whole: but for when it arrived
			e.Time = time.Time{}
			record.Data = e.Encode()
		}
		lines = append(lines, fmt.Sprintf("%s %s deleted %v %s", record.Kind, record.ID, record.Deleted, record.Data))
	}
	return lines
}

// usage is an event of a platform that reports usage, or skips the test.
func (s *system) usage(id, human string, value int) eventstest.Sample {
	s.Helper()
	return eventstest.NewMeter(s).Report(s, id, human, fmt.Sprint(value))
}

// balance compares an account with what it must be, in credits.
func (s *system) balance(account string, credits ledger.Micro, entries int64) {
	s.Helper()
	store := s.client.Ledger("webhooks")
	ledgertest.CheckLedger(s, store, account)
	a, err := store.Account(s.Context(), account)
	if err != nil || a.Balance != credits*ledger.Credit || entries > 0 && a.Seq != entries {
		s.Errorf("account %s: balance %s with %d entries (%v), want %d with %d", account, a.Balance, a.Seq, err, credits, entries)
	}
}

func fiftyAtOnce(s *system) {
	var all sync.WaitGroup
	var answered atomic.Int64
	sample := s.usage("1", "u1", 30)
	for range 50 {
		all.Go(func() {
			if status, _, err := s.post(s.Context(), sample); err == nil && status == 200 {
				answered.Add(1)
			}
		})
	}
	all.Wait()
	if answered.Load() != 50 {
		s.Errorf("%d of 50 were answered 200", answered.Load())
	}
	s.drain()
	s.balance("u1", -30, 1)
	if n := len(s.letters("outbound")); n != 1 {
		s.Errorf("%d different follow-ups, want one", n)
	}
}
