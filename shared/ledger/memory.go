package ledger

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/webhook-functions/template/shared/page"
)

// Memory is a Store that forgets when the process ends: for tests, and the
// shortest statement of what a Store does. It is safe for concurrent use.
type Memory struct {
	now func() time.Time

	mu       sync.Mutex
	accounts map[string]Account
	entries  map[string]Entry   // by ID
	lines    map[string][]Entry // by account, in the order of statements
	dedup    map[string][]int64 // the dedup index: times by DedupKey
}

var (
	_ Store      = (*Memory)(nil)
	_ LimitMarks = (*Memory)(nil)
	_ Lister     = (*Memory)(nil)
)

// NewMemory makes an empty store; now stamps Entry.Recorded.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{
		now:      now,
		accounts: map[string]Account{},
		entries:  map[string]Entry{},
		lines:    map[string][]Entry{},
		dedup:    map[string][]int64{},
	}
}

// Post reads and writes under one lock.
func (m *Memory) Post(_ context.Context, account string, entries []Entry) ([]Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := m.account(account)
	decision, err := Plan(account, entries, Found{m.entries, m.dedup, &state}, m.now())
	if err != nil || len(decision.Entries) == 0 {
		return decision.Outcomes, err
	}
	for _, e := range decision.Entries {
		m.entries[e.ID] = e
		at, _ := slices.BinarySearchFunc(m.lines[account], e, inStatementOrder)
		m.lines[account] = slices.Insert(m.lines[account], at, e)
	}
	for key, times := range decision.Dedup {
		m.dedup[key] = append(m.dedup[key], times...)
	}
	m.accounts[account] = decision.After(state)
	return decision.Outcomes, nil
}

// Account reads the state after the last Post.
func (m *Memory) Account(_ context.Context, account string) (Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.account(account), nil
}

func (m *Memory) account(id string) Account {
	a := m.accounts[id]
	a.ID = id
	return a
}

// MarkPushed never goes back.
func (m *Memory) MarkPushed(_ context.Context, account string, seq int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a, ok := m.accounts[account]; ok && seq > a.PushedSeq {
		a.PushedSeq = seq
		m.accounts[account] = a
	}
	return nil
}

// Statement pages by (Time, ID), so that entries posted meanwhile neither
// repeat nor hide one.
func (m *Memory) Statement(_ context.Context, account, cursor string, limit int) ([]Entry, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	lines := m.lines[account]
	if cursor != "" {
		at, id, err := page.Parse(cursor)
		if err != nil {
			return nil, "", err
		}
		lines = slices.DeleteFunc(slices.Clone(lines), func(e Entry) bool { return inStatementOrder(e, Entry{Time: at, ID: id}) <= 0 })
	}
	lines, next := page.Cut(lines, limit, Entry.Cursor)
	return slices.Clone(lines), next, nil
}

// Accounts lists them by name.
func (m *Memory) Accounts(_ context.Context, cursor string, limit int) ([]string, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(m.accounts)), func(name string) bool { return name <= cursor && cursor != "" })
	names, next := page.Cut(names, limit, page.Name)
	return names, next, nil
}

func inStatementOrder(a, b Entry) int {
	return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.ID, b.ID))
}
