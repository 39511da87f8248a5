package firestore

import (
	"slices"
	"strings"
)

// composite indexes and unindexed fields, as terraform/gcp/storage.tf declares them.
var (
	composite = []string{
		"entries account ASCENDING time ASCENDING",
		"records kind ASCENDING time DESCENDING",
	}
	unindexed = []string{
		"entries/time", "entries/recorded",
		"records/time", "records/version", "records/order", "records/data",
		"accounts/balance", "accounts/seq", "accounts/synced_seq",
	}
)

// checkIndex refuses a query that no index answers. Fields that must be equal are
// merged from the indexes each field has by itself, unless there is an order.
func (q *query) checkIndex() error {
	fields, last := q.OrderBy[:len(q.OrderBy)-1], q.OrderBy[len(q.OrderBy)-1].Direction
	same := q.equals()
	for _, o := range fields {
		if slices.Contains(same, o.Field.Name) {
			return unknown("an order by a field that must be equal")
		}
	}
	if ranged := q.ranged(); ranged != "" && q.OrderBy[0].Field.Name != ranged {
		return unknown("an order by another field than that of the range")
	}
	switch {
	case len(fields) == 0 && last == descending, len(fields) > 0 && fields[len(fields)-1].Direction != last:
		return noIndex()
	case len(fields) == 0:
		return q.checkSingle(same...)
	case len(fields) == 1 && len(same) == 0:
		return q.checkSingle(fields[0].Field.Name)
	}
	return q.checkComposite(same, fields)
}

// equals gives the fields that must be equal to a value, sorted.
func (q *query) equals() (names []string) {
	for _, f := range q.filters {
		if f.Op == equal && f.Field.Name != nameField {
			names = append(names, f.Field.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (q *query) checkSingle(names ...string) error {
	for _, name := range names {
		if slices.Contains(unindexed, q.From[0].ID+"/"+name) {
			return noIndex()
		}
	}
	return nil
}

func (q *query) checkComposite(same []string, fields []order) error {
	var want strings.Builder
	want.WriteString(q.From[0].ID)
	for _, name := range same {
		want.WriteString(" " + name + " " + ascending)
	}
	for _, o := range fields {
		want.WriteString(" " + o.Field.Name + " " + o.Direction)
	}
	if !slices.Contains(composite, want.String()) {
		return noIndex()
	}
	return nil
}

func noIndex() error {
	return refuse(400, "FAILED_PRECONDITION", "The query requires an index. terraform/gcp declares none for it.")
}
