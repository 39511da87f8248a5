package tftest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// At walks into decoded JSON by keys and list positions. Where a text holds a JSON
// object it walks into that; where there is nothing the value is nil.
func At(v any, path ...any) any {
	for _, step := range path {
		if document, ok := v.(string); ok && strings.HasPrefix(document, "{") {
			_ = json.Unmarshal([]byte(document), &v) // else nothing is found in it
		}
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

// List gives the elements of a list; of anything else none.
func List(v any, path ...any) []any {
	l, _ := At(v, path...).([]any)
	return l
}

// Text writes a scalar the same way whether it came as 30 or "30"; nothing is "".
func Text(v any, path ...any) string {
	switch v := At(v, path...).(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// Texts reads a list of scalars, sorted. IAM lets a list of one be a scalar.
func Texts(v any, path ...any) []string {
	v = At(v, path...)
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		return []string{Text(v)}
	}
	all := make([]string, len(list))
	for i := range list {
		all[i] = Text(list[i])
	}
	slices.Sort(all)
	return all
}

// Number is that of a text such as 600 or 600s, or -1: no rule takes that for good.
func Number(text string) float64 {
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "s"), 64)
	if err != nil {
		return -1
	}
	return n
}
