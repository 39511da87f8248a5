package policytest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// logEntry is a line as Cloud Logging holds it, in JSON.
type logEntry map[string]any

// field follows a path such as resource.labels.service_name.
func (e logEntry) field(path string) (any, bool) {
	var value any = map[string]any(e)
	for _, name := range strings.Split(path, ".") {
		object, _ := value.(map[string]any)
		var ok bool
		if value, ok = object[name]; !ok {
			return nil, false
		}
	}
	return value, true
}

// matches evaluates the part of the logging query language that the module uses:
// comparisons, lists of strings, `:*`, log_id(), AND, OR and parentheses. Strings
// are compared without regard to case, as there.
func matches(t *testing.T, filter string, e logEntry) bool {
	t.Helper()
	q := &query{tokens: token.FindAllString(filter, -1), entry: e}
	result := q.or()
	if q.wrong || len(q.tokens) > 0 {
		t.Fatalf("this test cannot read the filter %s (at %q)", filter, q.tokens)
	}
	return result
}

var token = regexp.MustCompile(`"[^"]*"|[()]|=~|[<>!]?=|[<>:]|[A-Za-z0-9_.*]+|\S`)

type query struct {
	tokens []string
	entry  logEntry
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

func (q *query) or() bool {
	result := q.and()
	for q.take("OR") {
		other := q.and()
		result = result || other
	}
	return result
}

func (q *query) and() bool {
	result := q.term()
	for q.take("AND") {
		other := q.term()
		result = result && other
	}
	return result
}

func (q *query) term() bool {
	if q.take("(") {
		result := q.or()
		q.wrong = q.wrong || !q.take(")")
		return result
	}
	name := q.next()
	if name == "log_id" {
		return q.logID()
	}
	operator := q.next()
	if !q.take("(") {
		return q.compare(name, operator, q.next())
	}
	result := q.compare(name, operator, q.next())
	for q.take("OR") {
		other := q.compare(name, operator, q.next())
		result = result || other
	}
	q.wrong = q.wrong || !q.take(")")
	return result
}

func (q *query) logID() bool {
	q.wrong = q.wrong || !q.take("(")
	id := strings.Trim(q.next(), `"`)
	q.wrong = q.wrong || !q.take(")")
	name, _ := q.entry.field("logName")
	return strings.HasSuffix(fmt.Sprint(name), "/logs/"+strings.ReplaceAll(id, "/", "%2F"))
}

func (q *query) compare(name, operator, literal string) bool {
	value, ok := q.entry.field(name)
	literal = strings.Trim(literal, `"`)
	switch operator {
	case "=":
		return ok && strings.EqualFold(fmt.Sprint(value), literal)
	case "!=":
		return ok && !strings.EqualFold(fmt.Sprint(value), literal)
	case "=~":
		pattern, err := regexp.Compile(literal)
		q.wrong = q.wrong || err != nil
		return ok && err == nil && pattern.MatchString(fmt.Sprint(value))
	case ":":
		q.wrong = q.wrong || literal != "*"
		return ok
	case ">=":
		number, err := strconv.ParseFloat(literal, 64)
		q.wrong = q.wrong || err != nil
		got, isNumber := value.(float64)
		return isNumber && got >= number
	}
	q.wrong = true
	return false
}

func TestMatches(t *testing.T) {
	e := logEntry{"logName": "projects/p/logs/run.googleapis.com%2Frequests", "severity": "INFO",
		"httpRequest": map[string]any{"status": 503.0}, "jsonPayload": map[string]any{"code": "CFG", "missed": true}}
	for filter, want := range map[string]bool{
		`severity = "info"`: true,
		`severity = "INFO" AND jsonPayload.code = "SEC"`:       false,
		`jsonPayload.code = ("SEC" OR "CFG")`:                  true,
		`jsonPayload.missed = true`:                            true,
		`jsonPayload.code:*`:                                   true,
		`textPayload:*`:                                        false,
		`httpRequest.status >= 500`:                            true,
		`httpRequest.status >= 504`:                            false,
		`jsonPayload.code =~ "^C"`:                             true,
		`jsonPayload.code =~ "^F"`:                             false,
		`httpRequest.status != 503 OR textPayload:*`:           false,
		`log_id("run.googleapis.com/requests")`:                true,
		`log_id("run.googleapis.com/stdout")`:                  false,
		`severity = "X" AND severity = "INFO" OR severity:*`:   true,
		`severity = "X" AND (severity = "INFO" OR severity:*)`: false,
	} {
		if got := matches(t, filter, e); got != want {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
}
