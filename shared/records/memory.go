package records

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a Store that forgets when the process ends. It is safe for
// concurrent use.
type Memory struct {
	mu      sync.Mutex
	records map[string]map[string]Record // by kind, then by id
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory() *Memory { return &Memory{records: map[string]map[string]Record{}} }

// Put replaces by order.
func (m *Memory) Put(ctx context.Context, r Record) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.records[r.Kind][r.ID]
	if ok && old.Order() >= r.Order() {
		return false, nil
	}
	if m.records[r.Kind] == nil {
		m.records[r.Kind] = map[string]Record{}
	}
	r = r.clone()
	r.Time = r.Time.UTC().Round(0) // without the monotonic reading, which a cursor would lose
	m.records[r.Kind][r.ID] = r
	return true, nil
}

// Get reads one record, tombstones included.
func (m *Memory) Get(ctx context.Context, kind, id string) (Record, bool, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[kind][id]
	return r.clone(), ok, nil
}

// List pages by (Time, ID). It sorts on every call: right for a test's worth
// of records.
func (m *Memory) List(ctx context.Context, kind, cursor string, limit int) ([]Record, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	after, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var page []Record
	for _, r := range m.records[kind] {
		if !r.Deleted && (cursor == "" || newestFirst(after, r) < 0) {
			page = append(page, r.clone())
		}
	}
	slices.SortFunc(page, newestFirst)
	if limit = max(limit, 1); len(page) <= limit {
		return page, "", nil
	}
	return page[:limit], formatCursor(page[limit-1]), nil
}

// clone keeps callers from changing what is stored.
func (r Record) clone() Record {
	r.Data = bytes.Clone(r.Data)
	return r
}

func newestFirst(a, b Record) int {
	return cmp.Or(b.Time.Compare(a.Time), strings.Compare(a.ID, b.ID))
}

func formatCursor(last Record) string {
	return fmt.Sprintf("%s %s", last.Time.UTC().Format(time.RFC3339Nano), last.ID)
}

func parseCursor(cursor string) (Record, error) {
	if cursor == "" {
		return Record{}, nil
	}
	at, id, ok := strings.Cut(cursor, " ")
	t, err := time.Parse(time.RFC3339Nano, at)
	if !ok || err != nil {
		return Record{}, errors.New("list cursor is not one of this store")
	}
	return Record{Time: t, ID: id}, nil
}
