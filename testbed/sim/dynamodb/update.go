package dynamodb

import (
	"math"
	"slices"
)

// update gives the item that the steps make of one, which may be none.
func (e *expression) update(k key, old item, p placeholders) (item, error) {
	changed := append(make(item, 0, len(old)+len(e.steps)+2), old...)
	changed.set("pk", value{kind: 'S', text: k.pk})
	changed.set("sk", value{kind: 'S', text: k.sk})
	for _, s := range e.steps {
		name, v := p.name(s.name), p.values.get(s.value)
		if s.add {
			sum, err := old.get(name).plus(v)
			if err != nil {
				return nil, err
			}
			v = sum
		}
		changed.set(name, v)
	}
	return changed, nil
}

// plus adds a number; an attribute that is not there is 0.
func (v value) plus(added value) (value, error) {
	if v.kind != 0 && v.kind != 'N' {
		return value{}, invalid("An operand in the update expression has an incorrect data type")
	}
	a, b := v.number, added.number
	if b > 0 && a > math.MaxInt64-b || b < 0 && a < math.MinInt64-b {
		return value{}, unknown("numbers that are not 64-bit integers: %d + %d", a, b)
	}
	return value{kind: 'N', number: a + b}, nil
}

// checkSteps is what can be told without the item.
func (e *expression) checkSteps(p placeholders) error {
	var seen []string
	for _, s := range e.steps {
		name := p.name(s.name)
		if slices.Contains(seen, name) {
			return invalid("Invalid UpdateExpression: Two document paths overlap with each other: [%s]", name)
		}
		seen = append(seen, name)
		if s.add && p.values.get(s.value).kind != 'N' {
			return invalid("Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD")
		}
		if name == "pk" || name == "sk" {
			return invalid("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", name)
		}
	}
	return nil
}
