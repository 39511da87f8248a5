package dynamodb

import (
	"slices"
	"strconv"
)

// maxPage in bytes of items read: the item that goes beyond is the page's last.
const maxPage = 1 << 20

// read is what Query and Scan have in common.
type read struct {
	TableName                 string
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues item
	ExclusiveStartKey         item
	Limit                     *int
	ConsistentRead            bool
}

func (r *read) placeholders() placeholders {
	return placeholders{r.ExpressionAttributeNames, r.ExpressionAttributeValues}
}

// find gives what the rows hold for this read, in order, from its start.
func (d *Database) find(r *read, rows []*row, s schema, keys *node, forward bool) ([]found, error) {
	all := make([]found, 0, len(rows))
	for _, row := range rows {
		if i := d.view(row, r.ConsistentRead); i != nil && s.has(i) && r.meets(keys, i) {
			all = append(all, s.found(row, i))
		}
	}
	if s.index {
		slices.SortFunc(all, found.compare)
	}
	if !forward {
		slices.Reverse(all)
	}
	if r.ExclusiveStartKey == nil {
		return all, nil
	}
	start, err := r.start(s, keys)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(f found) bool { return f.compare(start) == 0 || f.compare(start) < 0 == forward }), nil
}

// meets says whether an item meets a condition, or there is none.
func (r *read) meets(n *node, i item) bool { return n == nil || n.holds(i, r.placeholders()) }

// start is the place of ExclusiveStartKey, where no item needs to be.
func (r *read) start(s schema, keys *node) (found, error) {
	after := r.ExclusiveStartKey
	if len(after) != len(s.names) || !s.has(after) || after.get(s.sort).kind != s.kind {
		return found{}, invalid("The provided starting key is invalid")
	}
	k, err := readKey(after)
	if err == nil && !r.meets(keys, after) {
		err = invalid("The provided starting key does not match the range key predicate")
	}
	return s.found(newRow(k), after), err
}

// page answers with as many of the items as one page has.
func (r *read) page(all []found, s schema, filter *node) []byte {
	answer := []byte(`{"Items":[`)
	count, size, n := 0, 0, 0
	more := false
	for n < len(all) && !more {
		i := all[n].item
		if r.meets(filter, i) {
			if count > 0 {
				answer = append(answer, ',')
			}
			answer = appendItem(answer, i)
			count++
		}
		n++
		size += i.size()
		more = size >= maxPage && n < len(all) || r.Limit != nil && n == *r.Limit
	}
	answer = append(answer, `],"Count":`...)
	answer = strconv.AppendInt(answer, int64(count), 10)
	answer = append(answer, `,"ScannedCount":`...)
	answer = strconv.AppendInt(answer, int64(n), 10)
	if more {
		answer = append(answer, `,"LastEvaluatedKey":`...)
		answer = appendItem(answer, s.keys(all[n-1].item))
	}
	return append(answer, '}')
}
