package records

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/webhook-functions/template/shared/page"
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
func (m *Memory) Put(_ context.Context, r Record) (bool, error) {
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
	r.Time = time.Unix(0, r.Time.UnixNano()).UTC() // what every store keeps of it
	m.records[r.Kind][r.ID] = r
	return true, nil
}

// Get reads one record, tombstones included.
func (m *Memory) Get(_ context.Context, kind, id string) (Record, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[kind][id]
	return r.clone(), ok, nil
}

// List pages by (Time, ID). It sorts on every call: right for a test's worth
// of records.
func (m *Memory) List(_ context.Context, kind, cursor string, limit int) ([]Record, string, error) {
	var after Record
	if cursor != "" {
		var err error
		if after.Time, after.ID, err = page.Parse(cursor); err != nil {
			return nil, "", err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Record
	for _, r := range m.records[kind] {
		if !r.Deleted && (cursor == "" || newestFirst(after, r) < 0) {
			all = append(all, r.clone())
		}
	}
	slices.SortFunc(all, newestFirst)
	all, next := page.Cut(all, limit, Record.Cursor)
	return all, next, nil
}

// clone keeps callers from changing what is stored.
func (r Record) clone() Record {
	r.Data = bytes.Clone(r.Data)
	return r
}

func newestFirst(a, b Record) int {
	return cmp.Or(b.Time.Compare(a.Time), strings.Compare(a.ID, b.ID))
}
