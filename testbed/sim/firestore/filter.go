package firestore

// filter has one of its members.
type filter struct {
	Field     *fieldFilter `json:"fieldFilter"`
	Composite *struct {
		Op      string   `json:"op"`
		Filters []filter `json:"filters"`
	} `json:"compositeFilter"`
}

// fieldFilter compares a field, or the document's name, with a value.
type fieldFilter struct {
	Field path   `json:"field"`
	Op    string `json:"op"`
	Value value  `json:"value"`
}

const (
	equal   = "EQUAL"
	atLeast = "GREATER_THAN_OR_EQUAL"
	atMost  = "LESS_THAN_OR_EQUAL"
)

// flatten lists the filters that must all match.
func (q *query) flatten(root string, f *filter) error {
	switch {
	case f == nil:
		return nil
	case (f.Field == nil) == (f.Composite == nil):
		return unknown("a filter with these members")
	case f.Field != nil:
		q.filters = append(q.filters, *f.Field)
		return q.checkFilter(root, *f.Field)
	case f.Composite.Op != "AND":
		return unknown("composite filters %s", f.Composite.Op)
	}
	for i := range f.Composite.Filters {
		if err := q.flatten(root, &f.Composite.Filters[i]); err != nil {
			return err
		}
	}
	return nil
}

func (q *query) checkFilter(root string, f fieldFilter) error {
	switch {
	case f.Op != equal && f.Op != atLeast && f.Op != atMost:
		return unknown("filters %s", f.Op)
	case f.Op != equal && q.ranged() != f.Field.Name:
		return unknown("ranges of two fields")
	case f.Field.Name == nameField:
		n, err := q.checkReference(root, f.Value)
		if err == nil {
			err = n.checkLength() // which a cursor need not keep to
		}
		return err
	case f.Value.kind == reference:
		return unknown("references in documents")
	}
	return checkPath(f.Field.Name)
}

// ranged gives the first field with a range of values, "" for none.
func (q *query) ranged() string {
	for _, f := range q.filters {
		if f.Op != equal {
			return f.Field.Name
		}
	}
	return ""
}

// matches compares with values of the same kind only.
func (f fieldFilter) matches(v value) bool {
	c := v.compare(f.Value)
	switch {
	case v.kind != f.Value.kind:
		return false
	case f.Op == equal:
		return c == 0
	case f.Op == atLeast:
		return c >= 0
	}
	return c <= 0
}
