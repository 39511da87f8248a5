package dynamodb

import (
	"cmp"
	"slices"
)

// schema is how the items of a table or an index are found.
type schema struct {
	hash, sort string   // attributes
	kind       byte     // of sort
	names      []string // of all keys, sorted
	index      bool
}

var primary = schema{"pk", "sk", 'S', []string{"pk", "sk"}, false}

func (t *table) schema(index string, consistent bool) (schema, error) {
	switch {
	case index == "":
		return primary, nil
	case index != t.index+"-time":
		return schema{}, invalid("The table does not have the specified index: %s", index)
	case consistent:
		return schema{}, invalid("Consistent read cannot be true when querying a GSI")
	}
	return schema{t.index, "time", 'N', []string{t.index, "pk", "sk", "time"}, true}, nil
}

// partition gives the partition that a key condition names. The condition may have
// a second part, about the sort key.
func (s schema) partition(n *node, p placeholders) (string, error) {
	if n == nil {
		return "", unknown("a query without a key condition")
	}
	parts := []*node{n}
	if n.operator == "AND" {
		parts = []*node{n.left, n.right}
		if parts[0].about(p) != s.hash {
			slices.Reverse(parts)
		}
		if err := s.checkSort(parts[1], p); err != nil {
			return "", err
		}
	}
	if parts[0].about(p) != s.hash || parts[0].operator != "=" {
		return "", unknown("this key condition")
	}
	v := p.values.get(parts[0].operands[1])
	if v.kind != 'S' {
		return "", invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
	}
	return v.text, nil
}

func (s schema) checkSort(n *node, p placeholders) error {
	if n.about(p) != s.sort || n.operator == "<>" {
		return unknown("this key condition")
	}
	bounds := make([]value, 0, 2)
	for _, operand := range n.operands[1:] {
		v := p.values.get(operand)
		if v.kind != s.kind {
			return invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
		}
		bounds = append(bounds, v)
	}
	if len(bounds) == 2 && bounds[0].compare(bounds[1]) > 0 {
		return invalid("Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound")
	}
	return nil
}

// about names the attribute that is compared with values, "" for other conditions.
func (n *node) about(p placeholders) string {
	if len(n.operands) < 2 || n.operands[0][0] == ':' || slices.ContainsFunc(n.operands[1:], func(o string) bool { return o[0] != ':' }) {
		return ""
	}
	return p.name(n.operands[0])
}

// has says whether the item is in the index: it has all keys.
func (s schema) has(i item) bool { return i.get(s.hash).kind != 0 && i.get(s.sort).kind != 0 }

// keys gives the keys of an item alone.
func (s schema) keys(i item) item {
	keys := make(item, len(s.names))
	for n, name := range s.names {
		keys[n] = attribute{name, i.get(name)}
	}
	return keys
}

// found is an item that a read came by, at its place.
type found struct {
	*row
	time int64 // of an index
	item item
}

func (s schema) found(r *row, i item) found {
	f := found{row: r, item: i}
	if s.index {
		f.time = i.get(s.sort).number
	}
	return f
}

func (f found) compare(g found) int { return cmp.Or(cmp.Compare(f.time, g.time), f.row.compare(g.row)) }
