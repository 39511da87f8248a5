package doctor

import "slices"

// option is a value to try instead of what the scheme says or the delivery has. Its cost
// says how far it is from that: 0 is nothing changed.
type option[T any] struct {
	value  T
	cost   int
	causes []Cause
}

// options collects values. Of equal ones the first of the lowest cost is kept.
type options[T any] struct {
	all []option[T]
	at  map[string]int
}

func (o *options[T]) add(identity string, value T, cost int, causes ...Cause) {
	if o.at == nil {
		o.at = map[string]int{}
	}
	i, known := o.at[identity]
	switch {
	case !known:
		o.at[identity] = len(o.all)
		o.all = append(o.all, option[T]{value, cost, causes})
	case cost < o.all[i].cost:
		o.all[i] = option[T]{value, cost, causes}
	}
}

// byCost sorts values into lists of one cost each, up to the greatest that is tried.
func byCost[T any](all []option[T]) (lists [maxCost + 1][]option[T]) {
	for _, o := range all {
		if o.cost <= maxCost {
			lists[o.cost] = append(lists[o.cost], o)
		}
	}
	return lists
}

func with(causes []Cause, more ...Cause) []Cause { return append(slices.Clone(causes), more...) }
