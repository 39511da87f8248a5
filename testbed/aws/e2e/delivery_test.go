package e2e_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// The oracle is the same worker in this process with the stores in memory: the
// cloud's parts must end in the same state.
func samplesAreHandled(t *testing.T, c *cloud) {
	p := c.deploy(t, options{})
	all := eventstest.Samples(t)
	kept, deletions := split(all, func(s sample) bool { return !strings.HasSuffix(s.File(), ".deleted.json") })
	p.expectAccepted(t, kept)
	p.drain(t)
	p.compareRecords(t, kept)
	p.expectAccepted(t, deletions)
	p.drain(t)
	p.compareRecords(t, all)
	p.compareAccounts(t, all)
	if n := p.count(t, p.deadLetters); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

func split(all []sample, first func(sample) bool) (yes, no []sample) {
	for _, s := range all {
		if first(s) {
			yes = append(yes, s)
		} else {
			no = append(no, s)
		}
	}
	return yes, no
}

// compareAccounts wants what a worker in memory has booked for the same samples.
func (p *pipeline) compareAccounts(t *testing.T, handled []sample) {
	t.Helper()
	books, _ := inMemory(t, handled)
	accounts, _, err := books.Accounts(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range accounts {
		want, _ := books.Account(t.Context(), name) // memory does not fail
		got, err := p.ledger.Account(t.Context(), name)
		if err != nil || got.Balance != want.Balance || got.Seq != want.Seq {
			t.Errorf("account %q: %s after %d entries, want %s after %d; %v", name, got.Balance, got.Seq, want.Balance, want.Seq, err)
		}
	}
}

// compareRecords wants the records of every kind, and some.
func (p *pipeline) compareRecords(t *testing.T, handled []sample) {
	t.Helper()
	_, latest := inMemory(t, handled)
	n := 0
	for _, kind := range handlers.Kinds() {
		want, got := list(t, latest, kind), list(t, p.records, kind)
		if n += len(want); !slices.Equal(got, want) {
			t.Errorf("%s: records %q, want %q", kind, got, want)
		}
	}
	if n == 0 {
		t.Error("nothing is kept")
	}
}

func inMemory(t *testing.T, all []sample) (*ledger.Memory, *records.Memory) {
	w, books, latest := workerInMemory(t, nowhere{})
	for i, s := range all {
		e := eventOf(t, s)
		e.Time = e.Time.Add(time.Duration(i) * time.Millisecond) // some states have no other order
		w.Handle(t.Context(), []worker.Message{{ID: s.File(), Body: e.Encode(), Receives: 1}})
	}
	return books, latest
}

func workerInMemory(t *testing.T, outbound webhook.Publisher) (*worker.Worker, *ledger.Memory, *records.Memory) {
	t.Helper()
	books, latest := ledger.NewMemory(time.Now), records.NewMemory()
	log := slog.New(slog.DiscardHandler)
	settings, err := handlers.SettingsFromEnv(func(name string) string { return map[string]string{"TARIFF": eventstest.Tariff(t)}[name] })
	if err != nil {
		t.Fatal(err)
	}
	return &worker.Worker{
		Unknown:   handlers.KeepUnknown(latest),
		Handlers:  handlers.Table(settings, books, latest, time.Now, log),
		FollowUps: outbound, DeadLetters: nowhere{}, Now: time.Now, Log: log,
	}, books, latest
}

type nowhere struct{}

func (nowhere) Publish(context.Context, webhook.Event) error { return nil }

// list gives the records of a kind as id and data, in order of id.
func list(t *testing.T, store records.Store, kind string) []string {
	t.Helper()
	page, _, err := store.List(t.Context(), kind, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range page {
		if e, err := webhook.DecodeEvent(r.Data); err == nil { // kept whole: but for when it arrived
			e.Time = time.Time{}
			r.Data = e.Encode()
		}
		all = append(all, r.ID+" "+string(r.Data))
	}
	slices.Sort(all)
	return all
}

func tamperedSamplesAreRefused(t *testing.T, c *cloud) {
	p := c.deploy(t, options{})
	statuses := map[string]int{}
	for _, e := range providers.Table() {
		statuses[e.Name] = e.MismatchStatus
	}
	for _, s := range eventstest.Samples(t) {
		s.Body = bytes.Clone(s.Body)
		s.Body[len(s.Body)/2] ^= 1
		if status := p.post(t, s); status != statuses[s.Platform] {
			t.Errorf("%s: status %d, want %d", s.File(), status, statuses[s.Platform])
		}
	}
	if n := p.ingestSQS.Calls("SendMessage"); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
}

func fiftyAtOnce(t *testing.T, c *cloud) {
	p := c.deploy(t, options{batch: 3})
	m := eventstest.NewMeter(t)
	s := m.Sample
	var posts sync.WaitGroup
	for range 50 {
		posts.Go(func() {
			if status := p.post(t, s); status != http.StatusOK {
				t.Errorf("status %d", status)
			}
		})
	}
	posts.Wait()
	if n := p.count(t, p.events); n != 50 {
		t.Errorf("%d messages are queued, want 50", n)
	}
	p.drain(t)
	got, err := p.ledger.Account(t.Context(), m.Whom)
	if err != nil || got.Seq != 1 || got.Balance.String() != "-"+m.Value {
		t.Errorf("balance %s after %d entries, %v: want -%s after 1", got.Balance, got.Seq, err, m.Value)
	}
}

func poison(t *testing.T, c *cloud) {
	p := c.deploy(t, options{})
	p.expectAccepted(t, usage(t, 4))
	c.sqs.Send(t, p.events, "this is no event")
	p.expectAccepted(t, []sample{unusable(t)}) // a dead letter at once
	p.batchOf(t, 5)
	p.checkUsage(t, 4)
	if n := p.count(t, p.events); n != 0 {
		t.Errorf("%d messages come back", n)
	}
	var types []string
	for _, body := range c.sqs.Take(t, p.deadLetters) {
		e, err := webhook.DecodeEvent([]byte(body))
		if err != nil || e.Reason == "" {
			t.Errorf("dead letter without a reason, %v", err)
		}
		types = append(types, e.Type)
	}
	slices.Sort(types)
	if want := []string{eventstest.NewMeter(t).Type, "unreadable.message"}; !slices.Equal(types, want) {
		t.Errorf("dead letters %q", types)
	}
}

// unusable is signed and says something that cannot be charged.
func unusable(t *testing.T) sample {
	t.Helper()
	return eventstest.NewMeter(t).Report(t, "negative", "member-0", "-1")
}

// The arm64 program is what is deployed; here an emulator runs it.
func arm64(t *testing.T, c *cloud) {
	p := c.deploy(t, options{arch: "arm64"})
	p.expectAccepted(t, usage(t, 1))
	p.drain(t)
	p.checkUsage(t, 1)
}
