// Package parity_test compares the two clouds.
package parity_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/webhook-functions/template/events/eventstest"
	"github.com/webhook-functions/template/shared/clouds/aws"
	"github.com/webhook-functions/template/shared/clouds/gcp"
	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/signature"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
	"github.com/webhook-functions/template/testbed/aws/awstest"
	"github.com/webhook-functions/template/testbed/gcp/gcptest"
)

// TestParity sends one recorded history through the worker as it stands on AWS
// and as it stands on Google Cloud, each behind its own front and on its own
// kind of database. What they keep must be the same, entry for entry.
func TestParity(t *testing.T) {
	onAWS, onGCP := newSite(t, "AWS"), newSite(t, "Google Cloud")
	dynamo := awstest.DynamoDB(t)
	amazon, err := aws.FromEnv(dynamo.Env)
	if err != nil {
		t.Fatal(err)
	}
	google, err := gcp.FromEnv(gcptest.Env(gcptest.Firestore(t)))
	if err != nil {
		t.Fatal(err)
	}
	onAWS.open(amazon.Ledger(dynamo.LedgerTable(t)), amazon.Records(dynamo.RecordsTable(t)))
	onGCP.open(google.Ledger("webhooks"), google.Records("webhooks"))

	history := recorded(t)
	throughSQS(t, aws.SQSBatch(onAWS.worker), history)
	throughPush(t, gcp.Push(onGCP.worker), history)

	for what, pair := range map[string][2][]string{
		"accounts":     {onAWS.balances(), onGCP.balances()},
		"entries":      {onAWS.entries(), onGCP.entries()},
		"records":      {onAWS.latest(), onGCP.latest()},
		"dead letters": {onAWS.dead.lines(), onGCP.dead.lines()},
		"follow-ups":   {onAWS.followUps.lines(), onGCP.followUps.lines()},
	} {
		if len(pair[0]) == 0 || !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s\non AWS:\n%s\non Google Cloud:\n%s", what, strings.Join(pair[0], "\n"), strings.Join(pair[1], "\n"))
		}
	}
	t.Logf("%d messages, %d entries, %d records, %d dead letters", len(history), len(onAWS.entries()), len(onAWS.latest()), len(onAWS.dead))
}

// usages make an event of usage, now and then.
var usages = []func(t *testing.T, dice *rand.Rand) (s eventstest.Sample, made bool){
	withID,
	gabberWithoutID,
}

func withID(t *testing.T, dice *rand.Rand) (eventstest.Sample, bool) {
	if eventstest.Tariff(t) == "" || dice.IntN(3) == 0 {
		return eventstest.Sample{}, false
	}
	return eventstest.NewMeter(t).Report(t, fmt.Sprint(dice.IntN(60)), fmt.Sprint("u", dice.IntN(4)), fmt.Sprintf("%d.25", 1+dice.IntN(3))), true
}

// recorded is a history with everything in it that is hard: every sample,
// duplicates, conflicts, events without an id inside and outside the window,
// several people, no order. It is the same each time.
func recorded(t *testing.T) (history []webhook.Event) {
	t.Helper()
	dice := rand.New(rand.NewPCG(2026, 11))
	start := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	add := func(s eventstest.Sample) {
		at := start.Add(time.Duration(dice.IntN(7200)) * time.Second)
		history = append(history, ingest.Identify(eventstest.Platform(t, s.Platform).Provider, s.Body, at, signature.Verified{KeyID: "1"}))
	}
	for _, sample := range eventstest.Samples(t) {
		add(sample)
	}
	for range 200 { // from few values, so that many meet
		for _, usage := range usages {
			if s, ok := usage(t, dice); ok {
				add(s)
			}
		}
	}
	for _, i := range dice.Perm(len(history))[:100] {
		history = append(history, history[i])
	}
	dice.Shuffle(len(history), func(i, j int) { history[i], history[j] = history[j], history[i] })
	return history
}

func throughSQS(t *testing.T, front aws.Handler, history []webhook.Event) {
	t.Helper()
	for i, e := range history {
		batch := map[string]any{"Records": []any{map[string]any{
			"messageId": fmt.Sprint(i), "body": string(e.Encode()), "eventSource": "aws:sqs",
			"attributes": map[string]string{"ApproximateReceiveCount": "1"},
		}}}
		body, err := json.Marshal(batch)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := front.Invoke(t.Context(), body); err != nil || string(answer) != `{"batchItemFailures":[]}` {
			t.Fatalf("message %d, %v: %s %v", i, e, answer, err)
		}
	}
}

func throughPush(t *testing.T, front http.Handler, history []webhook.Event) {
	t.Helper()
	for i, e := range history {
		body := fmt.Sprintf(`{"message":{"data":%q,"messageId":"%d"},"deliveryAttempt":1}`, base64.StdEncoding.EncodeToString(e.Encode()), i)
		answer := httptest.NewRecorder()
		front.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "POST", "/", strings.NewReader(body)))
		if answer.Code != 200 {
			t.Fatalf("message %d, %v: status %d", i, e, answer.Code)
		}
	}
}

// site is a worker on one cloud, and what can be seen of it.
type site struct {
	*testing.T
	name      string
	ledger    ledger.Store
	records   records.Store
	worker    *worker.Worker
	accounts  map[string]bool
	things    map[[2]string]bool // kind and id
	dead      pile
	followUps pile
}

func newSite(t *testing.T, name string) *site {
	return &site{T: t, name: name, accounts: map[string]bool{}, things: map[[2]string]bool{}, dead: pile{}, followUps: pile{}}
}

func (s *site) open(books ledger.Store, things records.Store) {
	s.Helper()
	s.ledger, s.records = books, things
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	settings, err := handlers.SettingsFromEnv(func(name string) string { return map[string]string{"TARIFF": eventstest.Tariff(s)}[name] })
	if err != nil {
		s.Fatal(err)
	}
	s.worker = &worker.Worker{
		Handlers:  handlers.Table(settings, watchedLedger{books, s.accounts}, watchedRecords{things, s.things}, time.Now, log),
		Unknown:   handlers.KeepUnknown(watchedRecords{things, s.things}),
		FollowUps: s.followUps, DeadLetters: s.dead,
		Redecode: ingest.Redecode(ingest.Routes(providers.Table().Providers()...)),
		Now:      time.Now, Log: log,
	}
}

// pile is a queue that keeps one copy of each event.
type pile map[string]webhook.Event

func (p pile) Publish(_ context.Context, e webhook.Event) error {
	p[e.ID] = e
	return nil
}

func (p pile) lines() (lines []string) {
	for _, id := range slices.Sorted(maps.Keys(p)) {
		lines = append(lines, string(p[id].Encode()))
	}
	return lines
}

type watchedLedger struct {
	ledger.Store
	accounts map[string]bool
}

func (w watchedLedger) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	w.accounts[account] = true
	return w.Store.Post(ctx, account, entries)
}

type watchedRecords struct {
	records.Store
	things map[[2]string]bool
}

func (w watchedRecords) Put(ctx context.Context, r records.Record) (bool, error) {
	w.things[[2]string{r.Kind, r.ID}] = true
	return w.Store.Put(ctx, r)
}

func (s *site) balances() (lines []string) {
	s.Helper()
	names := slices.Sorted(maps.Keys(s.accounts))
	ledgertest.CheckLedger(s, s.ledger, names...)
	for _, name := range names {
		a, err := s.ledger.Account(s.Context(), name)
		if err != nil {
			s.Fatalf("%s: %v", s.name, err)
		}
		lines = append(lines, fmt.Sprintf("%+v", a))
	}
	return lines
}

// entries leaves out when the store wrote them.
func (s *site) entries() (lines []string) {
	s.Helper()
	for name := range s.accounts {
		all, _, err := s.ledger.Statement(s.Context(), name, "", 10_000)
		if err != nil {
			s.Fatalf("%s: %v", s.name, err)
		}
		for _, e := range all {
			e.Recorded = time.Time{}
			lines = append(lines, fmt.Sprintf("%+v", e))
		}
	}
	slices.Sort(lines)
	return lines
}

func (s *site) latest() (lines []string) {
	s.Helper()
	for thing := range s.things {
		r, ok, err := s.records.Get(s.Context(), thing[0], thing[1])
		if err != nil || !ok {
			s.Fatalf("%s: a %s is not there: %v", s.name, thing[0], err)
		}
		lines = append(lines, fmt.Sprintf("%s %s %d %v %v %s", r.Kind, r.ID, r.Version, r.Time, r.Deleted, r.Data))
	}
	slices.Sort(lines)
	return lines
}
