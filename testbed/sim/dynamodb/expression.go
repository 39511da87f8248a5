package dynamodb

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// node is a condition: two others joined by AND or OR, or an operator with operands.
type node struct {
	operator    string
	left, right *node
	operands    []string
	inside      bool // of parentheses
}

// expression is a parsed text. Placeholders, #name and :value, stand in it as they are.
type expression struct {
	condition *node    // of a condition
	steps     []step   // of an update
	uses      []string // all placeholders, each once
}

// step of an update adds to an attribute or sets it.
type step struct {
	add         bool
	name, value string
}

// Expressions parsed so far, by text.
var conditions, updates sync.Map

func parseCondition(text string) (*expression, error) {
	return parsed(&conditions, text, func(p *parser) *expression { return &expression{condition: p.or()} })
}

func parseUpdate(text string) (*expression, error) {
	return parsed(&updates, text, func(p *parser) *expression { return &expression{steps: p.sections()} })
}

func parsed(cache *sync.Map, text string, parse func(*parser) *expression) (*expression, error) {
	if e, ok := cache.Load(text); ok {
		return e.(*expression), nil
	}
	p := &parser{rest: tokens.FindAllString(text, -1)}
	e := parse(p)
	if p.failed || len(p.rest) > 0 {
		return nil, unknown("the expression %q", text)
	}
	e.uses = p.uses
	cache.Store(text, e)
	return e, nil
}

var tokens = regexp.MustCompile(`[#:]?[A-Za-z0-9_]+|<=|>=|<>|\S`)

var (
	placeholder = regexp.MustCompile(`^[#:]\w+$`)
	comparators = []string{"=", "<>", "<", "<=", ">", ">="}
	// plainNames are known to be no words that DynamoDB reserves: a test asks.
	plainNames = []string{"account", "amount", "balance", "kind", "pk", "seq", "sk", "synced_seq", "version"}
)

// parser reads an expression by recursive descent.
type parser struct {
	rest   []string // tokens
	uses   []string
	failed bool
}

// take reads the next token if it is the one, in any letter case.
func (p *parser) take(token string) bool {
	ok := len(p.rest) > 0 && strings.EqualFold(p.rest[0], token)
	if ok {
		p.rest = p.rest[1:]
	}
	return ok
}

func (p *parser) want(token string) {
	if !p.take(token) {
		p.failed = true
	}
}

// next reads a token; after the last one it fails.
func (p *parser) next() string {
	if len(p.rest) == 0 {
		p.failed = true
		return ""
	}
	token := p.rest[0]
	p.rest = p.rest[1:]
	return token
}

func (p *parser) or() *node {
	n := p.and()
	for !p.failed && p.take("OR") {
		n = &node{operator: "OR", left: n, right: p.and()}
	}
	return n
}

func (p *parser) and() *node {
	n := p.primary()
	for !p.failed && p.take("AND") {
		n = &node{operator: "AND", left: n, right: p.primary()}
	}
	return n
}

func (p *parser) primary() *node {
	if p.take("(") {
		n := p.or()
		p.want(")")
		if n.inside { // DynamoDB refuses redundant ones
			p.failed = true
		}
		n.inside = true
		return n
	}
	for _, function := range []string{"attribute_exists", "attribute_not_exists"} {
		if len(p.rest) > 0 && p.rest[0] == function {
			p.next()
			p.want("(")
			n := &node{operator: function, operands: []string{p.name()}}
			p.want(")")
			return n
		}
	}
	return p.comparison()
}

func (p *parser) comparison() *node {
	first := p.operand()
	if p.take("BETWEEN") {
		from := p.operand()
		p.want("AND")
		return &node{operator: "BETWEEN", operands: []string{first, from, p.operand()}}
	}
	n := &node{operator: p.next(), operands: []string{first, p.operand()}}
	if !slices.Contains(comparators, n.operator) || n.operands[0] == n.operands[1] {
		p.failed = true
	}
	return n
}

// operand is an attribute's name or a value.
func (p *parser) operand() string {
	if len(p.rest) > 0 && p.rest[0][0] == ':' {
		return p.value()
	}
	return p.name()
}

func (p *parser) name() string {
	token := p.next()
	if !slices.Contains(plainNames, token) {
		p.use(token, '#')
	}
	return token
}

func (p *parser) value() string {
	token := p.next()
	p.use(token, ':')
	return token
}

func (p *parser) use(token string, mark byte) {
	if !placeholder.MatchString(token) || token[0] != mark {
		p.failed = true
	}
	if !slices.Contains(p.uses, token) {
		p.uses = append(p.uses, token)
	}
}

// sections are SET and ADD, each at most once.
func (p *parser) sections() (steps []step) {
	seen := map[bool]bool{}
	for len(p.rest) > 0 && !p.failed {
		add := p.take("ADD")
		if !add {
			p.want("SET")
		}
		if seen[add] {
			p.failed = true
		}
		seen[add] = true
		steps = append(steps, p.step(add))
		for p.take(",") {
			steps = append(steps, p.step(add))
		}
	}
	return steps
}

func (p *parser) step(add bool) step {
	s := step{add: add, name: p.name()}
	if !add {
		p.want("=")
	}
	s.value = p.value()
	return s
}
