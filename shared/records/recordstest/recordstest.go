// Package recordstest is the suite every [records.Store] passes.
//
//	func TestStore(t *testing.T) {
//		recordstest.Run(t, func(t *testing.T) records.Store { return open(t) })
//	}
//
// Kinds are unique per run, so open may give the same store every time.
package recordstest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/webhook-functions/template/shared/page/pagetest"
	"github.com/webhook-functions/template/shared/records"
)

// Run puts a store through the suite.
func Run(t *testing.T, open func(t *testing.T) records.Store) {
	for _, test := range []struct {
		name string
		run  func(s *shelf)
	}{
		{"what was never put is not there", neverPut},
		{"a record is kept whole", keptWhole},
		{"ids are byte for byte", byteForByte},
		{"kinds are apart", kindsApart},
		{"any order ends in the same state", anyOrder},
		{"fifty at once", fiftyAtOnce},
		{"list pages, newest first", listPages},
		{"list leaves tombstones out", listTombstones},
		{"a foreign cursor is refused", foreignCursor},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(newShelf(t, open(t))) })
	}
}

var start = time.Date(2025, 11, 3, 9, 0, 0, 123456789, time.UTC)

// shelf is one test's place at a store: a kind that no other test uses.
type shelf struct {
	*testing.T
	store records.Store
	kind  string
}

func newShelf(t *testing.T, store records.Store) *shelf {
	return &shelf{t, store, "test." + rand.Text()[:10]}
}

// update makes a record; its Time follows from the version.
func (s *shelf) update(id string, version int64, data string) records.Record {
	return records.Record{Kind: s.kind, ID: id, Version: version, Time: start.Add(time.Duration(version)), Data: []byte(data)}
}

func (s *shelf) tombstone(id string, version int64) records.Record {
	r := s.update(id, version, "")
	r.Deleted, r.Data = true, nil
	return r
}

func (s *shelf) put(r records.Record) bool {
	s.Helper()
	stored, err := s.store.Put(s.Context(), r)
	if err != nil {
		s.Fatalf("put %q version %d: %v", r.ID, r.Version, err)
	}
	return stored
}

// holds says what must be stored under the record's kind and id.
func (s *shelf) holds(want records.Record) {
	s.Helper()
	got, ok, err := s.store.Get(s.Context(), want.Kind, want.ID)
	if err != nil || !ok {
		s.Fatalf("get %q: found %v, error %v", want.ID, ok, err)
	}
	if !same(got, want) {
		s.Errorf("%q: version %d deleted %v data %s at %v, want version %d deleted %v data %s at %v", want.ID,
			got.Version, got.Deleted, got.Data, got.Time, want.Version, want.Deleted, want.Data, want.Time)
	}
}

func same(a, b records.Record) bool {
	return a.Kind == b.Kind && a.ID == b.ID && a.Version == b.Version && a.Deleted == b.Deleted &&
		a.Time.Equal(b.Time) && bytes.Equal(a.Data, b.Data)
}

func neverPut(s *shelf) {
	if r, ok, err := s.store.Get(s.Context(), s.kind, "x"); ok || err != nil {
		s.Errorf("got version %d, found %v, error %v", r.Version, ok, err)
	}
	if page, next, err := s.store.List(s.Context(), s.kind, "", 10); len(page) != 0 || next != "" || err != nil {
		s.Errorf("listed %d records, cursor %q, error %v", len(page), next, err)
	}
}

func keptWhole(s *shelf) {
	r := s.update("x", start.UnixMicro(), `{"name":"Zoë \u0000 `+"\U0001F984"+`","n":1.50}`)
	if !s.put(r) {
		s.Error("the first put stored nothing")
	}
	s.holds(r)
	if s.put(r) {
		s.Error("the same record was stored twice")
	}
}

func byteForByte(s *shelf) {
	ids := []string{"x", "X", "x ", "a/b", ".", "..", "__x__", "%2F", "caf\u00e9", "cafe\u0301", "x\x1f", "\U0001F984", strings.Repeat("x", 256)}
	for i, id := range ids {
		if !s.put(s.update(id, int64(i), fmt.Sprint(i))) {
			s.Errorf("%q was taken for another id", id)
		}
	}
	for i, id := range ids {
		s.holds(s.update(id, int64(i), fmt.Sprint(i)))
	}
}

func kindsApart(s *shelf) {
	other := newShelf(s.T, s.store)
	s.put(s.update("x", 1, `"one"`))
	other.put(other.update("x", 2, `"two"`))
	s.holds(s.update("x", 1, `"one"`))
	other.holds(other.update("x", 2, `"two"`))
	if page, _, err := s.store.List(s.Context(), s.kind, "", 10); len(page) != 1 || err != nil {
		s.Errorf("listed %d records of one kind, want 1 (error %v)", len(page), err)
	}
}

// anyOrder delivers one history in every order rapid thinks of, some of it
// twice: a record is stored if its order is higher than that of all before it.
func anyOrder(s *shelf) {
	histories := 0
	rapid.Check(s.T, func(t *rapid.T) {
		histories++
		id := fmt.Sprint("history ", histories)
		history := []records.Record{
			s.update(id, 1, "1"), s.update(id, 2, "2"), s.update(id, 2, "22"), s.tombstone(id, 2),
			s.update(id, 9, "9"), s.update(id, 10, "10"), s.tombstone(id, 1),
		}
		history = rapid.Permutation(history).Draw(t, "order")[:rapid.IntRange(1, len(history)).Draw(t, "deliveries")]
		var last records.Record
		for i, r := range append(history, history[0]) {
			higher := i == 0 || r.Order() > last.Order()
			if stored, err := s.store.Put(t.Context(), r); err != nil || stored != higher {
				t.Fatalf("%d, version %d deleted %v: stored %v, want %v (%v)", i, r.Version, r.Deleted, stored, higher, err)
			}
			if higher {
				last = r
			}
		}
		if got, ok, err := s.store.Get(t.Context(), s.kind, id); err != nil || !ok || !same(got, last) {
			t.Fatalf("ended with version %d deleted %v data %s (found %v, error %v), want version %d deleted %v data %s",
				got.Version, got.Deleted, got.Data, ok, err, last.Version, last.Deleted, last.Data)
		}
	})
}

// fiftyAtOnce puts 25 versions of one record, each twice: the highest stays, and
// each is stored once at most.
func fiftyAtOnce(s *shelf) {
	var stored [25]atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if s.persist(s.update("x", int64(i/2), fmt.Sprint(i/2))) {
				stored[i/2].Add(1)
			}
		})
	}
	wg.Wait()
	s.holds(s.update("x", 24, "24"))
	for version := range stored {
		if n := stored[version].Load(); n > 1 {
			s.Errorf("version %d was stored %d times", version, n)
		}
	}
}

// persist puts until the store answers, as a queue would deliver again.
func (s *shelf) persist(r records.Record) (stored bool) {
	for try := range 30 {
		stored, err := s.store.Put(s.Context(), r)
		if err == nil {
			return stored
		}
		time.Sleep(time.Duration(try) * 5 * time.Millisecond)
	}
	s.Errorf("version %d: no answer in 30 tries", r.Version)
	return false
}

// list gives the ids of a kind, newest first.
func (s *shelf) list(limit int) (ids []string) {
	s.Helper()
	all, err := pagetest.All(limit, func(cursor string, limit int) ([]records.Record, string, error) {
		return s.store.List(s.Context(), s.kind, cursor, limit)
	})
	if err != nil || !slices.IsSortedFunc(all, func(a, b records.Record) int { return b.Time.Compare(a.Time) }) {
		s.Fatalf("pages of %d: error %v, or not newest first", limit, err)
	}
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return ids
}

func listPages(s *shelf) {
	const n = 23
	var want []string
	for i := range n {
		r := s.update(fmt.Sprintf("%02d", i), 1, fmt.Sprint(i))
		r.Time = start.Add(time.Duration(i * 7 % n / 3)) // out of order, three to each moment
		s.put(r)
		want = append(want, r.ID)
	}
	for _, limit := range []int{1, 2, 7, n - 1, n, n + 1, 100} {
		got := s.list(limit)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			s.Errorf("pages of %d give %d records %q, want %d", limit, len(got), got, n)
		}
	}
	r := s.update("00", 2, `"newest"`)
	r.Time = start.Add(time.Hour)
	s.put(r)
	if page, _, err := s.store.List(s.Context(), s.kind, "", 1); err != nil || len(page) != 1 || !same(page[0], r) {
		s.Errorf("the record updated last is not listed first (error %v)", err)
	}
}

func listTombstones(s *shelf) {
	for i := range 9 {
		s.put(s.update(fmt.Sprint(i), int64(i), fmt.Sprint(i)))
	}
	for _, id := range []string{"8", "5", "4", "0"} {
		s.put(s.tombstone(id, 100))
	}
	for _, limit := range []int{1, 2, 5, 10} {
		if got, want := s.list(limit), []string{"7", "6", "3", "2", "1"}; !slices.Equal(got, want) {
			s.Errorf("pages of %d give %q, want %q", limit, got, want)
		}
	}
}

func foreignCursor(s *shelf) {
	s.put(s.update("x", 1, "1"))
	if _, _, err := s.store.List(s.Context(), s.kind, "not a cursor", 10); err == nil {
		s.Error("a cursor the store never gave out was accepted")
	}
}
