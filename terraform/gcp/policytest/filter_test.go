package policytest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/webhook-functions/template/terraform/tftest"
)

// matches evaluates the part of the logging query language that the module uses:
// comparisons, lists of strings, `:*`, log_id(), AND, OR and parentheses. Strings
// are compared without regard to case, as there.
func matches(t *testing.T, filter string, entry any) bool {
	t.Helper()
	q := &query{tokens: token.FindAllString(filter, -1), entry: entry}
	result := q.or()
	if q.wrong || len(q.tokens) > 0 {
		t.Fatalf("this test cannot read the filter %s (at %q)", filter, q.tokens)
	}
	return result
}

var token = regexp.MustCompile(`"[^"]*"|[()]|=~|[<>!]?=|[<>:]|[A-Za-z0-9_.*]+|\S`)

type query struct {
	tokens []string
	entry  any
	wrong  bool
}

func (q *query) next() string {
	if len(q.tokens) == 0 {
		q.wrong = true
		return ""
	}
	first := q.tokens[0]
	q.tokens = q.tokens[1:]
	return first
}

func (q *query) take(token string) bool {
	if len(q.tokens) == 0 || q.tokens[0] != token {
		return false
	}
	q.next()
	return true
}

func (q *query) or() bool  { return q.chain("OR", false, q.and) }
func (q *query) and() bool { return q.chain("AND", true, q.term) }

// chain reads terms with a word between them, and says whether any, or every one, holds.
func (q *query) chain(word string, every bool, read func() bool) bool {
	result := read()
	for q.take(word) {
		if other := read(); other != every {
			result = other
		}
	}
	return result
}

// parenthesized reads what stands in parentheses.
func (q *query) parenthesized(read func() bool) bool {
	result := read()
	q.wrong = q.wrong || !q.take(")")
	return result
}

func (q *query) term() bool {
	if q.take("(") {
		return q.parenthesized(q.or)
	}
	name := q.next()
	if name == "log_id" && q.take("(") {
		return q.parenthesized(func() bool {
			id := strings.ReplaceAll(strings.Trim(q.next(), `"`), "/", "%2F")
			return strings.HasSuffix(tftest.Text(q.entry, "logName"), "/logs/"+id)
		})
	}
	operator := q.next()
	compare := func() bool { return q.compare(name, operator, strings.Trim(q.next(), `"`)) }
	if q.take("(") {
		return q.parenthesized(func() bool { return q.chain("OR", false, compare) })
	}
	return compare()
}

func (q *query) compare(name, operator, literal string) bool {
	value := q.entry
	for step := range strings.SplitSeq(name, ".") {
		value = tftest.At(value, step)
	}
	switch operator {
	case "=":
		return value != nil && strings.EqualFold(fmt.Sprint(value), literal)
	case "!=":
		return value != nil && !strings.EqualFold(fmt.Sprint(value), literal)
	case "=~":
		pattern, err := regexp.Compile(literal)
		q.wrong = q.wrong || err != nil
		return value != nil && err == nil && pattern.MatchString(fmt.Sprint(value))
	case ":":
		q.wrong = q.wrong || literal != "*"
		return value != nil
	case ">=":
		number, err := strconv.ParseFloat(literal, 64)
		q.wrong = q.wrong || err != nil
		got, isNumber := value.(float64)
		return isNumber && got >= number
	}
	q.wrong = true
	return false
}
