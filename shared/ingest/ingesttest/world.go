package ingesttest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/webhook-functions/template/shared/handlers"
	"github.com/webhook-functions/template/shared/ingest"
	"github.com/webhook-functions/template/shared/ledger"
	"github.com/webhook-functions/template/shared/ledger/ledgertest"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/records"
	"github.com/webhook-functions/template/shared/webhook"
	"github.com/webhook-functions/template/shared/worker"
)

// World is ingest with the made-up platform and all platforms of the table, and the worker behind it, between queues
// and stores that a test can look into and break.
type World struct {
	Ingest      *ingest.Ingest
	Keyrings    *Keyrings
	Events      *Recorder
	DeadLetters *Recorder
	Ledger      ledger.Store
	Log         *slog.Logger // everything above logs here, at every level

	worker   *worker.Worker
	followUp *Recorder
	records  *counted
	log      *buffer
	clock    *clock
	accounts *postedTo
}

// Option changes a world before its first request.
type Option func(*World)

// Secrets replaces a platform's secrets. None, or a bad one, and the platform
// cannot be verified.
func Secrets(provider string, values ...string) Option {
	return func(w *World) { w.Keyrings.Set(provider, values...) }
}

// Unused takes a platform out of the secret, and says so.
func Unused(provider string) Option {
	return func(w *World) { w.Keyrings.errs[provider] = webhook.ErrNotConfigured }
}

// QueueDown makes the events queue refuse.
func QueueDown(w *World) { w.Events.Refuse() }

// DeadLettersDown makes the dead letters refuse.
func DeadLettersDown(w *World) { w.DeadLetters.Refuse() }

// MaxBody sets the cap in bytes.
func MaxBody(n int) Option { return func(w *World) { w.Ingest.MaxBody = n } }

// NewWorld makes a world in which each platform has [Secret] as its only secret.
func NewWorld(t testing.TB, options ...Option) *World {
	t.Helper()
	w := &World{
		Keyrings:    newKeyrings(),
		Events:      &Recorder{},
		DeadLetters: &Recorder{},
		followUp:    &Recorder{},
		records:     &counted{Store: records.NewMemory(), kinds: map[string]int{}},
		log:         &buffer{},
		clock:       &clock{now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)},
	}
	w.Log = slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.accounts = &postedTo{Store: ledger.NewMemory(w.Now), names: map[string]bool{}}
	w.Ledger = w.accounts
	routes := ingest.Routes(append(providers.Table().Providers(), MadeUp.Provider)...)
	w.Ingest = &ingest.Ingest{
		Providers: routes, Keyrings: w.Keyrings, Events: w.Events, DeadLetters: w.DeadLetters, Now: w.Now, Log: w.Log,
	}
	w.worker = w.newWorker(t, routes)
	for _, change := range options {
		change(w)
	}
	return w
}

func (w *World) newWorker(t testing.TB, routes map[string]webhook.Provider) *worker.Worker {
	t.Helper()
	settings, err := handlers.SettingsFromEnv(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return &worker.Worker{
		Unknown:     handlers.KeepUnknown(w.records),
		Handlers:    handlers.Table(settings, w.Ledger, w.records, w.Now, w.Log),
		FollowUps:   w.followUp,
		DeadLetters: &Recorder{},
		Redecode:    ingest.Redecode(routes),
		Now:         w.Now,
		Log:         w.Log,
	}
}

// Now is the world's clock. It stands still but for Sleep, and it is not the
// machine's: a front must not measure with it.
func (w *World) Now() time.Time {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	return w.clock.now
}

// Sleep moves the clock.
func (w *World) Sleep(d time.Duration) {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	w.clock.now = w.clock.now.Add(d)
}

// Work hands everything that ingest stored in r to the worker, ten messages at
// a time, and gives the verdicts in the order of arrival.
func (w *World) Work(t testing.TB, r *Recorder) []worker.Verdict {
	var verdicts []worker.Verdict
	for batch := range slices.Chunk(r.Messages(), 10) {
		messages := make([]worker.Message, len(batch))
		for i, body := range batch {
			messages[i] = worker.Message{ID: "m", Body: body, Receives: 1}
		}
		verdicts = append(verdicts, w.worker.Handle(t.Context(), messages)...)
	}
	return verdicts
}

// CheckLedger compares the balances, in credits, of every account that was ever
// posted to, and asks whether the books add up.
func (w *World) CheckLedger(t testing.TB, want map[string]string) {
	t.Helper()
	names := w.accounts.Names()
	ledgertest.CheckLedger(t, w.Ledger, names...)
	got := map[string]string{}
	for _, name := range names {
		account, err := w.Ledger.Account(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		got[name] = account.Balance.String()
	}
	if !maps.Equal(got, want) {
		t.Errorf("balances are %q, want %q", got, want)
	}
}

// LogLines gives what was logged so far.
func (w *World) LogLines() string { return w.log.String() }

// Refusal is a line about a delivery that was refused.
type Refusal struct {
	Message  string `json:"msg"`
	Provider string `json:"provider"`
	Status   int    `json:"status"`
	Missed   bool   `json:"missed"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

// Refused gives every refusal that was logged so far.
func (w *World) Refused(t testing.TB) (refused []Refusal) {
	t.Helper()
	for text := range strings.Lines(w.LogLines()) {
		var line Refusal
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("log: %v", err)
		}
		if line.Message == "refused" {
			refused = append(refused, line)
		}
	}
	return refused
}

// CheckSilence fails if any of the words was logged, as text or in base64.
func (w *World) CheckSilence(t testing.TB, words ...string) {
	t.Helper()
	logged := w.LogLines()
	for _, word := range words {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(word))
		if strings.Contains(logged, word) || len(encoded) > 20 && strings.Contains(logged, encoded[:20]) {
			t.Errorf("%.20q was logged:\n%s", word, logged)
		}
	}
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

// buffer is a log that several goroutines may write to.
type buffer struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.String()
}

// postedTo remembers which accounts were posted to.
type postedTo struct {
	ledger.Store
	mu    sync.Mutex
	names map[string]bool
}

func (a *postedTo) Post(ctx context.Context, account string, entries []ledger.Entry) ([]ledger.Outcome, error) {
	a.mu.Lock()
	a.names[account] = true
	a.mu.Unlock()
	return a.Store.Post(ctx, account, entries)
}

// Names in alphabetical order.
func (a *postedTo) Names() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.names))
}

// counted counts the records that are listed, by kind.
type counted struct {
	records.Store
	kinds map[string]int
}

func (c *counted) Put(ctx context.Context, r records.Record) (bool, error) {
	stored, err := c.Store.Put(ctx, r)
	page, _, listErr := c.Store.List(ctx, r.Kind, "", 100)
	if c.kinds[r.Kind] = len(page); len(page) == 0 {
		delete(c.kinds, r.Kind)
	}
	return stored, errors.Join(err, listErr)
}
