package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a Store that forgets when the process ends: for tests, and the
// shortest statement of what a Store does. It is safe for concurrent use.
type Memory struct {
	now func() time.Time

	mu       sync.Mutex
	accounts map[string]Account
	entries  map[string]Entry   // by ID
	lines    map[string][]Entry // by account, in the order of statements
	anchors  map[string][]Entry // by DedupKey, unsuppressed ones only
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
		anchors:  map[string][]Entry{},
	}
}

// Post decides about every entry first and writes afterwards, so that there is
// nothing to undo when the balance overflows.
func (m *Memory) Post(ctx context.Context, account string, entries []Entry) ([]Outcome, error) {
	if err := cmp.Or(ctx.Err(), CheckAmounts(entries)); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()

	p := posting{store: m, account: m.account(account)}
	outcomes := make([]Outcome, len(entries))
	for i, e := range entries {
		var err error
		if outcomes[i], err = p.post(e); err != nil {
			return nil, err
		}
	}
	for _, e := range p.created {
		m.write(e)
	}
	if len(p.created) > 0 {
		m.accounts[account] = p.account
	}
	return outcomes, nil
}

// posting is one Post under way: what it will write, not yet written.
type posting struct {
	store   *Memory
	account Account
	created []Entry
}

func (p *posting) post(e Entry) (Outcome, error) {
	if old, ok := p.find(e.ID); ok {
		if old.Fingerprint != e.Fingerprint || old.Account != p.account.ID {
			return Conflict, nil
		}
		return Duplicate, nil
	}
	e.Time = e.Time.UTC().Round(0) // without the monotonic reading, which a cursor would lose
	outcome := Recorded
	if p.hasTwin(e) {
		outcome, e.Kind, e.Amount = WasSuppressed, Suppressed, 0
	}
	balance, ok := p.account.Balance.Add(e.Amount)
	if !ok {
		return "", ErrOverflow
	}
	e.Account, e.Recorded = p.account.ID, p.store.now()
	p.account.Balance, p.account.Seq = balance, p.account.Seq+1
	p.created = append(p.created, e)
	return outcome, nil
}

func (p *posting) find(id string) (Entry, bool) {
	if e, ok := p.store.entries[id]; ok {
		return e, true
	}
	i := slices.IndexFunc(p.created, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return Entry{}, false
	}
	return p.created[i], true
}

func (p *posting) hasTwin(e Entry) bool {
	anchors := func(old Entry) bool {
		return e.DedupKey != "" && old.DedupKey == e.DedupKey && old.Kind != Suppressed && old.Time.Sub(e.Time).Abs() <= e.DedupWindow
	}
	return slices.ContainsFunc(p.store.anchors[e.DedupKey], anchors) || slices.ContainsFunc(p.created, anchors)
}

func (m *Memory) write(e Entry) {
	m.entries[e.ID] = e
	lines := m.lines[e.Account]
	at, _ := slices.BinarySearchFunc(lines, e, inStatementOrder)
	m.lines[e.Account] = slices.Insert(lines, at, e)
	if e.DedupKey != "" && e.Kind != Suppressed {
		m.anchors[e.DedupKey] = append(m.anchors[e.DedupKey], e)
	}
}

// Account reads the state after the last Post.
func (m *Memory) Account(ctx context.Context, account string) (Account, error) {
	if err := ctx.Err(); err != nil {
		return Account{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.account(account), nil
}

func (m *Memory) account(id string) Account {
	a := m.accounts[id]
	a.ID = id
	return a
}

// MarkPushed notes that the balance as of seq was pushed to the platform. It
// never goes back: an older push that reports late changes nothing.
func (m *Memory) MarkPushed(ctx context.Context, account string, seq int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
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
func (m *Memory) Statement(ctx context.Context, account, cursor string, limit int) ([]Entry, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	lines := m.lines[account]
	if cursor != "" {
		last, err := parseCursor(cursor)
		if err != nil {
			return nil, "", err
		}
		at, found := slices.BinarySearchFunc(lines, last, inStatementOrder)
		if found {
			at++
		}
		lines = lines[at:]
	}
	if limit = max(limit, 1); len(lines) <= limit {
		return slices.Clone(lines), "", nil
	}
	return slices.Clone(lines[:limit]), formatCursor(lines[limit-1]), nil
}

// Accounts lists them by name.
func (m *Memory) Accounts(ctx context.Context, cursor string, limit int) ([]string, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(m.accounts)), func(name string) bool { return name <= cursor && cursor != "" })
	if limit = max(limit, 1); len(names) <= limit {
		return names, "", nil
	}
	return names[:limit], names[limit-1], nil
}

func inStatementOrder(a, b Entry) int {
	return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.ID, b.ID))
}

func formatCursor(last Entry) string {
	return fmt.Sprintf("%s %s", last.Time.UTC().Format(time.RFC3339Nano), last.ID)
}

func parseCursor(cursor string) (Entry, error) {
	at, id, ok := strings.Cut(cursor, " ")
	t, err := time.Parse(time.RFC3339Nano, at)
	if !ok || err != nil {
		return Entry{}, errors.New("statement cursor is not one of this store")
	}
	return Entry{Time: t, ID: id}, nil
}
