package firestore

import (
	"cmp"
	"slices"

	"github.com/webhook-functions/template/testbed/sim/answer"
)

// query is a structured query on one collection at the top.
type query struct {
	From []struct {
		ID string `json:"collectionId"`
	} `json:"from"`
	Where   *filter `json:"where"`
	OrderBy []order `json:"orderBy"`
	StartAt *cursor `json:"startAt"`
	Limit   *int    `json:"limit"`

	collection string // its whole name
	filters    []fieldFilter
}

type path struct {
	Name string `json:"fieldPath"`
}

type order struct {
	Field     path   `json:"field"`
	Direction string `json:"direction"`
}

const (
	nameField             = "__name__"
	ascending, descending = "ASCENDING", "DESCENDING"
)

// cursor: the query goes on behind it.
type cursor struct {
	Values []value `json:"values"`
}

// runQuery gives the documents that match.
func (d *Database) runQuery(root string, body []byte) ([]byte, error) {
	var in struct {
		Query *query `json:"structuredQuery"`
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	if in.Query == nil {
		return nil, unknown("a query that is not structured")
	}
	if err := in.Query.check(root); err != nil {
		return nil, err
	}
	return appendFound(in.Query.run(d), timestamp(d.instant())), nil
}

// check refuses what is wrong with a query independently of what is stored, and completes it.
func (q *query) check(root string) error {
	if len(q.From) != 1 {
		return unknown("queries from %d collections", len(q.From))
	}
	if err := checkID(q.From[0].ID); err != nil {
		return err
	}
	q.collection = root + "/" + q.From[0].ID
	if q.Limit != nil && *q.Limit < 0 {
		return invalid("limit is negative")
	}
	if err := q.flatten(root, q.Where); err != nil {
		return err
	}
	if err := q.checkOrder(); err != nil {
		return err
	}
	if err := q.checkCursor(root); err != nil {
		return err
	}
	return q.checkIndex()
}

// checkOrder completes the order: by the range's field, then by name in the
// direction of the field before.
func (q *query) checkOrder() error {
	if ranged := q.ranged(); ranged != "" && ranged != nameField && len(q.OrderBy) == 0 {
		q.OrderBy = []order{{path{ranged}, ascending}}
	}
	last := ascending
	for i, o := range q.OrderBy {
		if err := q.checkField(i); err != nil {
			return err
		}
		last = cmp.Or(o.Direction, ascending)
		q.OrderBy[i].Direction = last
	}
	if len(q.OrderBy) == 0 || q.OrderBy[len(q.OrderBy)-1].Field.Name != nameField {
		q.OrderBy = append(q.OrderBy, order{path{nameField}, last})
	}
	return nil
}

func (q *query) checkField(i int) error {
	o := q.OrderBy[i]
	if o.Direction != "" && o.Direction != ascending && o.Direction != descending {
		return invalid("Invalid value at 'order_by.direction'")
	}
	for _, earlier := range q.OrderBy[:i] {
		switch earlier.Field.Name {
		case o.Field.Name:
			return invalid("order by clause cannot contain duplicate fields %s", o.Field.Name)
		case nameField:
			return invalid("order by clause cannot contain more fields after the key")
		}
	}
	if o.Field.Name == nameField {
		return nil
	}
	return checkPath(o.Field.Name)
}

func (q *query) checkCursor(root string) error {
	if q.StartAt == nil {
		return nil
	}
	if len(q.StartAt.Values) > len(q.OrderBy) {
		return invalid("Cursor has too many values.")
	}
	for i, v := range q.StartAt.Values {
		if q.OrderBy[i].Field.Name == nameField {
			if _, err := q.checkReference(root, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkReference refuses what is no name of a document of the collection.
func (q *query) checkReference(root string, v value) (n name, err error) {
	if v.kind != reference {
		return n, invalid("__key__ value is not a document reference.")
	}
	n, err = parseName(root, v.text)
	if err == nil && n.collection != q.collection {
		err = unknown("a query with a document of another collection")
	}
	return n, err
}

// run gives the documents that match, in order.
func (q *query) run(d *Database) []*document {
	var found []*document
	if c := d.collections[q.collection]; c != nil {
		for _, stored := range c.all {
			if q.matches(stored) {
				found = append(found, stored)
			}
		}
	}
	slices.SortFunc(found, q.compare)
	if q.Limit != nil {
		found = found[:min(*q.Limit, len(found))]
	}
	return found
}

// matches: only documents that have all fields of the order are in its index.
func (q *query) matches(d *document) bool {
	for _, f := range q.filters {
		if !f.matches(d.field(f.Field.Name)) {
			return false
		}
	}
	for _, o := range q.OrderBy {
		if d.field(o.Field.Name).kind == unset {
			return false
		}
	}
	return q.StartAt == nil || q.behind(d)
}

// behind says whether a document comes after the cursor.
func (q *query) behind(d *document) bool {
	for i, v := range q.StartAt.Values {
		if c := q.OrderBy[i].turned(d.field(q.OrderBy[i].Field.Name).compare(v)); c != 0 {
			return c > 0
		}
	}
	return false
}

func (q *query) compare(a, b *document) int {
	for _, o := range q.OrderBy {
		if c := o.turned(a.field(o.Field.Name).compare(b.field(o.Field.Name))); c != 0 {
			return c
		}
	}
	return 0
}

func (o order) turned(c int) int {
	if o.Direction == descending {
		return -c
	}
	return c
}

// field gives the value of a field, or the document's name.
func (d *document) field(name string) value {
	if name == nameField {
		return value{kind: reference, text: d.name.String()}
	}
	return d.fields.get(name)
}

// appendFound writes one line per document, or one with the time alone.
func appendFound(found []*document, at string) []byte {
	if len(found) == 0 {
		return append(append([]byte(`[{"readTime":"`), at...), `"}]`...)
	}
	return answer.AppendList(make([]byte, 0, 512*len(found)), found, func(body []byte, d *document) []byte {
		return appendReadTime(appendDocument(append(body, `{"document":`...), d), at)
	})
}
