package dynamodb

import (
	"cmp"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"time"
)

// table has a row for each primary key that was ever written: no request deletes.
type table struct {
	index   string       // the partition key of its index
	rows    map[key]*row // all
	sorted  []*row       // all, in order up to the number inOrder
	inOrder int
}

type key struct{ pk, sk string }

func (k key) String() string { return k.pk + "\x00" + k.sk }

// row is one item with its history.
type row struct {
	key
	hash uint64 // of pk: the order of partitions
	last *version
}

// version is an item since a time. The version before is kept only if there was a
// lag when this one was written.
type version struct {
	item   item
	since  time.Time
	before *version
}

func newTable(name string) *table {
	return &table{index: indexed(name), rows: make(map[key]*row)}
}

// indexed gives the partition key of a table's index.
func indexed(table string) string {
	if strings.Contains(strings.ToLower(table), "records") {
		return "kind"
	}
	return "account"
}

// item is the newest of a key.
func (t *table) item(k key) item {
	if r := t.rows[k]; r != nil {
		return r.last.item
	}
	return nil
}

func (t *table) write(k key, i item, at time.Time, lag time.Duration) {
	r := t.rows[k]
	if r == nil {
		r = newRow(k)
		t.rows[k], t.sorted = r, append(t.sorted, r)
	}
	v := &version{item: i, since: at}
	if lag > 0 {
		v.before = r.last
		if v.before == nil {
			v.before = new(version) // since for ever, there was none
		}
	}
	r.last = v
}

func newRow(k key) *row {
	h := fnv.New64a()
	_, _ = io.WriteString(h, k.pk) // a hash takes all
	return &row{key: k, hash: h.Sum64()}
}

// asOf gives the item that was there at a time, as far as versions were kept.
func (r *row) asOf(at time.Time) item {
	v := r.last
	for v.since.After(at) && v.before != nil {
		v = v.before
	}
	return v.item
}

// ordered gives all rows in their order.
func (t *table) ordered() []*row {
	if t.inOrder < len(t.sorted) {
		slices.SortFunc(t.sorted, (*row).compare)
		t.inOrder = len(t.sorted)
	}
	return t.sorted
}

// partition gives the rows of one pk, in the order of sk.
func (t *table) partition(pk string) []*row {
	rows, first := t.ordered(), newRow(key{pk: pk})
	from, _ := slices.BinarySearchFunc(rows, first, (*row).compare)
	to := from
	for to < len(rows) && rows[to].pk == pk {
		to++
	}
	return rows[from:to]
}

func (r *row) compare(s *row) int {
	return cmp.Or(cmp.Compare(r.hash, s.hash), strings.Compare(r.pk, s.pk), strings.Compare(r.sk, s.sk))
}
