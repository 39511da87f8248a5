package dynamodb

import (
	"slices"
	"strings"
)

// placeholders are a request's.
type placeholders struct {
	names  map[string]string
	values item
}

// check says whether the expressions use the placeholders, all and no others.
func (p placeholders) check(expressions ...*expression) error {
	used := 0
	for n, e := range expressions {
		for _, use := range e.uses {
			if use[0] == '#' && p.names[use] == "" || use[0] == ':' && p.values.get(use).kind == 0 {
				return invalid("Invalid expression: An expression attribute name or value used in expression is not defined: %s", use)
			}
			if !slices.ContainsFunc(expressions[:n], func(e *expression) bool { return slices.Contains(e.uses, use) }) {
				used++
			}
		}
	}
	if used != len(p.names)+len(p.values) {
		return invalid("Value provided in ExpressionAttributeNames or ExpressionAttributeValues unused in expressions")
	}
	return nil
}

func (p placeholders) name(name string) string {
	if name[0] == '#' {
		return p.names[name]
	}
	return name
}

// operand gives a value of kind 0 for an attribute that is not there.
func (p placeholders) operand(i item, operand string) value {
	if operand[0] == ':' {
		return p.values.get(operand)
	}
	return i.get(p.name(operand))
}

// holds says whether an item, which may be none, meets a condition.
func (n *node) holds(i item, p placeholders) bool {
	switch n.operator {
	case "AND":
		return n.left.holds(i, p) && n.right.holds(i, p)
	case "OR":
		return n.left.holds(i, p) || n.right.holds(i, p)
	}
	first := p.operand(i, n.operands[0])
	switch n.operator {
	case "attribute_exists":
		return first.kind != 0
	case "attribute_not_exists":
		return first.kind == 0
	}
	second := p.operand(i, n.operands[1])
	if n.operator == "BETWEEN" {
		return holds(first, ">=", second) && holds(first, "<=", p.operand(i, n.operands[2]))
	}
	return holds(first, n.operator, second)
}

// holds compares. Values of two types, or of an attribute that is not there, are
// unequal, and in no order.
func holds(v value, operator string, w value) bool {
	if v.kind != w.kind || v.kind == 0 {
		return operator == "<>"
	}
	order := v.compare(w)
	switch operator {
	case "=":
		return order == 0
	case "<>":
		return order != 0
	}
	return order < 0 && operator[0] == '<' || order > 0 && operator[0] == '>' || order == 0 && strings.HasSuffix(operator, "=")
}
