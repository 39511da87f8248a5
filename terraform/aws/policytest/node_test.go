package policytest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// at walks into decoded JSON by keys and list positions; nil where there is nothing.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

// text writes a scalar the same way whether it came as 30, "30" or [30]; nothing is "".
func text(v any, path ...any) string {
	switch v := at(v, path...).(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// texts reads a list of scalars, sorted. IAM lets a list of one be a scalar.
func texts(v any) []string {
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		return []string{text(v)}
	}
	all := make([]string, len(list))
	for i := range list {
		all[i] = text(list[i])
	}
	slices.Sort(all)
	return all
}

func joined(v any) string { return strings.Join(texts(v), ",") }

// pairs reads an object of scalars.
func pairs(v any) map[string]string {
	all := map[string]string{}
	m, _ := v.(map[string]any)
	for name, value := range m {
		all[name] = text(value)
	}
	return all
}

// named reads a list of objects as pairs of two of their fields.
func named(v any, name, value string) map[string]string {
	all := map[string]string{}
	list, _ := v.([]any)
	for _, item := range list {
		all[text(item, name)] = text(item, value)
	}
	return all
}

// statements reads the statements of a policy document.
func statements(document any) []statement {
	var all []statement
	list, _ := at(document, "Statement").([]any)
	for _, s := range list {
		all = append(all, statement{
			Effect:    text(s, "Effect"),
			Principal: text(s, "Principal"),
			Actions:   texts(at(s, "Action")),
			Resources: texts(at(s, "Resource")),
			Condition: at(s, "Condition"),
		})
	}
	return all
}

func decoded(t *testing.T, document string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(document), &v); err != nil {
		t.Fatalf("a document inside the description is not JSON: %v", err)
	}
	return v
}

// short takes the stack's name off a name, and everything before a name off an
// ARN or a path: "arn:aws:sqs:...:demo-events" is "events".
func short(name string) string {
	name = name[strings.LastIndexAny(name, ":/")+1:]
	return strings.TrimPrefix(name, stack+"-")
}
