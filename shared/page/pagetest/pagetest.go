// Package pagetest reads lists page by page and checks the pages.
package pagetest

import "fmt"

// All gives the items of every page. It fails if a page is larger than the limit, or
// an empty one is not the only one, or the cursor stands still.
func All[T any](limit int, read func(cursor string, limit int) ([]T, string, error)) (all []T, err error) {
	for cursor := ""; ; {
		items, next, err := read(cursor, limit)
		switch {
		case err != nil:
			return nil, fmt.Errorf("after %d items: %w", len(all), err)
		case len(items) > limit:
			return nil, fmt.Errorf("a page of %d items, the limit is %d", len(items), limit)
		case cursor+next != "" && (len(items) == 0 || next == cursor):
			return nil, fmt.Errorf("after %d items: a page of %d, then cursor %q", len(all), len(items), next)
		}
		if all = append(all, items...); next == "" {
			return all, nil
		}
		cursor = next
	}
}
