package ingesttest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	Ledger      *ledger.Memory
	Log         *slog.Logger // everything above logs here, at every level

	worker   *worker.Worker
	followUp *Recorder
	records  *records.Memory
	log      *buffer
	slept    atomic.Int64 // nanoseconds
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
func QueueDown(w *World) { w.Events.Refuse(true) }

// DeadLettersDown makes the dead letters refuse.
func DeadLettersDown(w *World) { w.DeadLetters.Refuse(true) }

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
		records:     records.NewMemory(),
		log:         &buffer{},
	}
	w.Log = slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.Ledger = ledger.NewMemory(w.Now)
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
	return time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC).Add(time.Duration(w.slept.Load()))
}

// Sleep moves the clock.
func (w *World) Sleep(d time.Duration) { w.slept.Add(int64(d)) }

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

// CheckLedger compares the balances, in credits, of every account, and asks whether
// the ledger adds up.
func (w *World) CheckLedger(t testing.TB, want map[string]string) {
	t.Helper()
	accounts, got := w.accounts(t), map[string]string{}
	ledgertest.CheckLedger(t, w.Ledger, slices.Collect(maps.Keys(accounts))...)
	for name, account := range accounts {
		got[name] = account.Balance.String()
	}
	if !maps.Equal(got, want) {
		t.Errorf("balances are %q, want %q", got, want)
	}
}

func (w *World) accounts(t testing.TB) map[string]ledger.Account {
	t.Helper()
	names, _, err := w.Ledger.Accounts(t.Context(), "", 1000)
	accounts := map[string]ledger.Account{}
	for _, name := range names {
		if accounts[name], err = w.Ledger.Account(t.Context(), name); err != nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return accounts
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
func (w *World) Refused(t testing.TB) []Refusal { return w.lines(t, "refused") }

func (w *World) lines(t testing.TB, message string) (lines []Refusal) {
	t.Helper()
	for text := range strings.Lines(w.LogLines()) {
		var line Refusal
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("log: %v", err)
		}
		if line.Message == message {
			lines = append(lines, line)
		}
	}
	return lines
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
